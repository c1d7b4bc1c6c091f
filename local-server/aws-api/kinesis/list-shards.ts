import type { EpochMillis, Shard } from '../../../core/ports.ts';
import { AwsError } from '../aws-error.ts';
import type { Operation } from './context.ts';
import { invalidArgument, readStreamReference, requireStream } from './context.ts';

/** API reference of ListShards: the default of MaxResults, and how long a token is good. */
const DEFAULT_MAX_RESULTS = 1_000;
const TOKEN_LIFETIME_MILLIS = 300_000;

/** Where the next page starts, and when the token was given. */
interface Cursor {
  readonly after: string;
  readonly issuedAt: EpochMillis;
}

export const listShards: Operation = async (members, context) => {
  const reference = readStreamReference(members);
  const start = members.string('ExclusiveStartShardId', { minLength: 1, maxLength: 128, pattern: '[a-zA-Z0-9_.-]+' });
  const limit = members.integer('MaxResults', { min: 1, max: 10_000 }) ?? DEFAULT_MAX_RESULTS;
  const token = members.string('NextToken', { minLength: 1, maxLength: 1_048_576 });
  members.check();
  if (members.has('ShardFilter')) throw invalidArgument('ShardFilter is not supported here.');

  const now = context.clock.now();
  let after = start ?? '';
  if (token === undefined) requireStream(reference, context);
  else if (reference.name !== undefined || reference.arn !== undefined) {
    throw invalidArgument('NextToken and StreamName cannot be provided together.');
  } else if (start !== undefined) {
    throw invalidArgument('NextToken and ExclusiveStartShardId cannot be provided together.');
  } else after = checkNextToken(token, now).after;

  // Shard ids have a fixed width, so that string order is the order in which the shards were made.
  const shards = (await context.shardReader.listShards())
    .filter(({ shardId }) => shardId > after)
    .sort((a, b) => (a.shardId < b.shardId ? -1 : 1));
  const page = shards.slice(0, limit);
  const last = page.at(-1);
  return {
    Shards: page.map(describeShard),
    ...(last !== undefined &&
      shards.length > page.length && { NextToken: formatNextToken({ after: last.shardId, issuedAt: now }) }),
  };
};

function describeShard({ shardId, parentShardIds, ...shard }: Shard) {
  const [parent, adjacentParent] = parentShardIds;
  return {
    ShardId: shardId,
    ParentShardId: parent, // Left out by JSON where there is none.
    AdjacentParentShardId: adjacentParent,
    HashKeyRange: { StartingHashKey: shard.startingHashKey, EndingHashKey: shard.endingHashKey },
    SequenceNumberRange: {
      StartingSequenceNumber: shard.startingSequenceNumber,
      EndingSequenceNumber: shard.endingSequenceNumber, // Left out where the shard is open.
    },
  };
}

function formatNextToken({ after, issuedAt }: Cursor): string {
  return Buffer.from(`${issuedAt}/${after}`).toString('base64url');
}

/** Undoes `formatNextToken`. */
function parseNextToken(token: string): Cursor | undefined {
  const [, issuedAt, after] = /^(\d+)\/(.+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  return issuedAt === undefined || after === undefined ? undefined : { after, issuedAt: Number(issuedAt) };
}

function checkNextToken(token: string, now: EpochMillis): Cursor {
  const cursor = parseNextToken(token);
  if (cursor === undefined) throw invalidArgument('NextToken was not given by ListShards.');
  if (now - cursor.issuedAt > TOKEN_LIFETIME_MILLIS) {
    throw new AwsError('ExpiredNextTokenException', 'NextToken has expired: it is good for 300 seconds.');
  }
  return cursor;
}
