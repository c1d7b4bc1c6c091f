/**
 * How Kinesis reads the id of a shard: what stands behind the last hyphen is its number, whatever is in front, and leading
 * zeros do not matter, so that `shardId-0` and `0` are `shardId-000000000000` (recorded in kinesalite, test/getShardIterator.js).
 */
import type { Shard } from '../../../core/ports.ts';
import { AwsError } from '../aws-error.ts';
import { invalidArgument, type KinesisContext } from './context.ts';

export const shardIdRules = { minLength: 1, maxLength: 128, pattern: '[a-zA-Z0-9_.-]+' };

const SHARDS_PER_STREAM = 2 ** 31;

/** @returns The id in full. @throws AwsError where no stream can have such a shard. */
export function resolveShardId(text: string, context: KinesisContext, streamName = context.streamName): string {
  const [, digits = ''] = /^(?:.*-)?(\d+)$/.exec(text) ?? [];
  const number = digits === '' ? NaN : Number(digits);
  if (number < SHARDS_PER_STREAM) return `shardId-${String(number).padStart(12, '0')}`;
  throw shardNotFound(text, context, streamName);
}

/** @throws AwsError where the stream has no shard with this id. */
export async function requireShard(shardId: string, context: KinesisContext): Promise<Shard> {
  const shards = await context.shardReader.listShards();
  const shard = shards.find((each) => each.shardId === shardId);
  if (shard === undefined) throw shardNotFound(shardId, context);
  return shard;
}

/** @throws AwsError where the shard is closed, as Kinesis says it (https://github.com/mhart/kinesalite/issues/109). */
export function requireOpenShard({ shardId, endingSequenceNumber }: Shard, context: KinesisContext): void {
  if (endingSequenceNumber === undefined) return;
  throw invalidArgument(
    `Shard ${shardId} in stream ${context.streamName} under account ${context.accountId} has already been merged or split, and thus is not eligible for merging or splitting.`,
  );
}

function shardNotFound(shardId: string, context: KinesisContext, streamName = context.streamName): AwsError {
  return new AwsError(
    'ResourceNotFoundException',
    `Could not find shard ${shardId} in stream ${streamName} under account ${context.accountId}.`,
  );
}
