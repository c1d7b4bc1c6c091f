import type { EpochMillis } from '../../../core/ports.ts';
import { AwsError } from '../aws-error.ts';
import type { Members } from '../members.ts';
import type { KinesisContext, Operation } from './context.ts';
import { invalidArgument, readStreamReference, requireStream } from './context.ts';
import { describeShard, inOrder } from './describe-shard.ts';
import { shardIdRules } from './shard-id.ts';
import { passes, readShardFilter, requireTimes, type ShardFilter } from './shard-filter.ts';

/** API reference of ListShards: the most results of a call, and how long a token is good. */
const MAX_RESULTS = 1_000;
const TOKEN_LIFETIME_MILLIS = 300_000;

/** Where a page starts, and of which listing it is one. */
interface Cursor {
  readonly after: string;
  readonly filter: ShardFilter;
}

interface IssuedCursor extends Cursor {
  readonly issuedAt: EpochMillis;
}

export const listShards: Operation = async (members, context) => {
  const limit = members.integer('MaxResults', { min: 1, max: 10_000 }) ?? MAX_RESULTS;
  const findCursor = readCursor(members, context);
  members.check();

  const { after, filter } = findCursor();
  const shards = await context.shardReader.listShards();
  requireTimes(shards, filter);
  const now = context.clock.now();
  const trimHorizon = now - context.retentionInHours * 3_600_000;
  const matching = inOrder(shards).filter((shard) => shard.shardId > after && passes(shard, filter, trimHorizon));
  const page = matching.slice(0, Math.min(limit, MAX_RESULTS));
  const last = page.at(-1);
  const more = last !== undefined && matching.length > page.length;
  return {
    Shards: page.map(describeShard),
    NextToken: more ? formatNextToken({ after: last.shardId, filter, issuedAt: now }) : undefined,
  };
};

/** The first page is told by the members, each further one by the token alone. */
function readCursor(members: Members, context: KinesisContext): () => Cursor {
  const token = members.string('NextToken', { minLength: 1, maxLength: 1_048_576 });
  const start = members.string('ExclusiveStartShardId', shardIdRules);
  const reference = readStreamReference(members);
  const creation = members.timestamp('StreamCreationTimestamp');
  const findFilter = readShardFilter(members);
  return () => {
    if (token === undefined) {
      requireStream(reference, context);
      return { after: start ?? '', filter: findFilter() };
    }
    const named = reference.name !== undefined || reference.arn !== undefined;
    if (named) throw notTogether('StreamName');
    if (creation !== undefined) throw notTogether('StreamCreationTimestamp');
    if (start !== undefined) throw notTogether('ExclusiveStartShardId');
    return checkNextToken(token, context.clock.now());
  };
}

function notTogether(member: string): AwsError {
  return invalidArgument(`NextToken and ${member} cannot be provided together.`);
}

function formatNextToken(cursor: IssuedCursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** Undoes `formatNextToken`. */
function parseNextToken(token: string): IssuedCursor | undefined {
  try {
    const cursor = JSON.parse(Buffer.from(token, 'base64url').toString()) as Partial<IssuedCursor>;
    const { after, filter, issuedAt } = cursor;
    const isOurs = typeof after === 'string' && typeof filter?.type === 'string' && typeof issuedAt === 'number';
    return isOurs ? { after, filter, issuedAt } : undefined;
  } catch {
    return undefined;
  }
}

function checkNextToken(token: string, now: EpochMillis): Cursor {
  const cursor = parseNextToken(token);
  if (cursor === undefined) throw invalidArgument('NextToken was not given by ListShards.');
  if (now - cursor.issuedAt > TOKEN_LIFETIME_MILLIS) {
    throw new AwsError('ExpiredNextTokenException', 'NextToken has expired: it is good for 300 seconds.');
  }
  return cursor;
}
