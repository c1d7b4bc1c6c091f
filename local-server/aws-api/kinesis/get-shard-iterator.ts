import { InvalidRequest } from '../../../core/errors.ts';
import type { ShardPosition } from '../../../core/ports.ts';
import { AwsError } from '../aws-error.ts';
import type { KinesisContext, Operation } from './context.ts';
import { invalidArgument, readStreamReference, requireStream, sequenceNumberRules } from './context.ts';
import { resolveShardId, shardIdRules } from './shard-id.ts';

/** In the order of AWS's message. */
const types = ['AFTER_SEQUENCE_NUMBER', 'LATEST', 'AT_TIMESTAMP', 'AT_SEQUENCE_NUMBER', 'TRIM_HORIZON'] as const;

export const getShardIterator: Operation = async (members, context) => {
  const shard = members.string('ShardId', { ...shardIdRules, required: true });
  const type = members.oneOf('ShardIteratorType', types);
  const sequenceNumber = members.string('StartingSequenceNumber', sequenceNumberRules);
  const timestamp = members.timestamp('Timestamp');
  const reference = readStreamReference(members);
  members.check();

  const shardId = resolveShardId(shard, context, reference.name);
  const named = reference.name ?? context.streamName;
  if (named !== context.streamName) throw shardDoesNotExist(shardId, named, context);
  requireStream(reference, context);
  const shards = await context.shardReader.listShards();
  if (!shards.some((each) => each.shardId === shardId)) throw shardDoesNotExist(shardId, named, context);

  const position = positionOf({ type, sequenceNumber, timestamp }, context.clock.now());
  return { ShardIterator: context.iterators.issue({ shardId, position: await fix(shardId, position, context) }) };
};

interface Asked {
  readonly type: (typeof types)[number];
  readonly sequenceNumber: string | undefined;
  readonly timestamp: number | undefined;
}

/** In Kinesis's words (kinesalite, test/getShardIterator.js). */
function positionOf({ type, sequenceNumber, timestamp }: Asked, now: number): ShardPosition {
  switch (type) {
    case 'AT_TIMESTAMP':
      if (timestamp === undefined) {
        throw invalidArgument(
          'Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.',
        );
      }
      if (timestamp > now) {
        throw invalidArgument(
          `The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: ${timestamp}, currentTimestampInMillis: ${now}`,
        );
      }
      return { type, timestamp };
    case 'AT_SEQUENCE_NUMBER':
    case 'AFTER_SEQUENCE_NUMBER':
      if (sequenceNumber === undefined) throw mismatched(type, 'no');
      return { type, sequenceNumber };
    case 'TRIM_HORIZON':
    case 'LATEST':
      if (sequenceNumber !== undefined) throw mismatched(type, 'also a');
      return { type };
  }
}

function mismatched(type: string, found: string): AwsError {
  return invalidArgument(
    'Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or ' +
      `(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified ${type} and ${found} StartingSequenceNumber.`,
  );
}

/** Checks a sequence number against the shard, and makes a place of LATEST: the tip at the time of the call. */
async function fix(shardId: string, position: ShardPosition, context: KinesisContext): Promise<ShardPosition> {
  if (position.type === 'TRIM_HORIZON' || position.type === 'AT_TIMESTAMP') return position;
  try {
    const { records, next } = await context.shardReader.read(shardId, position, 1);
    if (position.type !== 'LATEST') return position;
    // What arrived during the call came after it was made.
    const [first] = records;
    return first === undefined ? next : { type: 'AT_SEQUENCE_NUMBER', sequenceNumber: first.sequenceNumber };
  } catch (error) {
    if (!(error instanceof InvalidRequest) || !('sequenceNumber' in position)) throw error;
    throw invalidArgument(
      `StartingSequenceNumber ${position.sequenceNumber} used in GetShardIterator on shard ${shardId} in stream ${context.streamName} under account ${context.accountId} is invalid.`,
    );
  }
}

function shardDoesNotExist(shardId: string, streamName: string, { accountId }: KinesisContext): AwsError {
  return new AwsError(
    'ResourceNotFoundException',
    `Shard ${shardId} in stream ${streamName} under account ${accountId} does not exist`,
  );
}
