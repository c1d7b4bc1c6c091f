/**
 * How Kinesis reads the id of a shard: what stands behind the last hyphen is its number, whatever is in front, and leading
 * zeros do not matter, so that `shardId-0` and `0` are `shardId-000000000000` (recorded in kinesalite, test/getShardIterator.js).
 */
import { AwsError } from '../aws-error.ts';
import type { KinesisContext } from './context.ts';

export const shardIdRules = { minLength: 1, maxLength: 128, pattern: '[a-zA-Z0-9_.-]+' };

const SHARDS_PER_STREAM = 2 ** 31;

/** @returns The id in full. @throws AwsError where no stream can have such a shard. */
export function resolveShardId(text: string, context: KinesisContext, streamName = context.streamName): string {
  const [, digits = ''] = /^(?:.*-)?(\d+)$/.exec(text) ?? [];
  const number = digits === '' ? NaN : Number(digits);
  if (number < SHARDS_PER_STREAM) return `shardId-${String(number).padStart(12, '0')}`;
  throw shardNotFound(text, context, streamName);
}

function shardNotFound(shardId: string, context: KinesisContext, streamName = context.streamName): AwsError {
  return new AwsError(
    'ResourceNotFoundException',
    `Could not find shard ${shardId} in stream ${streamName} under account ${context.accountId}.`,
  );
}
