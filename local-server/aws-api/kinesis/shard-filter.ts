/**
 * Which shards ListShards shows (API reference of ListShards, `ShardFilter`). Those whose records have all left the
 * stream are shown by none of the filters.
 */
import type { EpochMillis, Shard } from '../../../core/ports.ts';
import type { Members } from '../members.ts';
import { invalidArgument } from './context.ts';
import { shardIdRules } from './shard-id.ts';

const types = [
  'AFTER_SHARD_ID',
  'AT_TRIM_HORIZON',
  'FROM_TRIM_HORIZON',
  'AT_LATEST',
  'AT_TIMESTAMP',
  'FROM_TIMESTAMP',
] as const;

export type ShardFilter =
  | { readonly type: 'AFTER_SHARD_ID'; readonly shardId: string }
  | { readonly type: 'AT_TRIM_HORIZON' | 'FROM_TRIM_HORIZON' | 'AT_LATEST' }
  | { readonly type: 'AT_TIMESTAMP' | 'FROM_TIMESTAMP'; readonly timestamp: EpochMillis };

const NO_FILTER: ShardFilter = { type: 'FROM_TRIM_HORIZON' };

/** @returns A function, because the members are only good once they were checked. */
export function readShardFilter(members: Members): () => ShardFilter {
  const filter = members.structure('ShardFilter');
  if (filter === undefined) return () => NO_FILTER;
  const type = filter.oneOf('Type', types);
  const shardId = filter.string('ShardId', shardIdRules);
  const timestamp = filter.timestamp('Timestamp');
  return () => {
    if (shardId !== undefined && type !== 'AFTER_SHARD_ID') {
      throw invalidArgument(`ShardFilter.ShardId goes with the type AFTER_SHARD_ID only, not with ${type}.`);
    }
    const isTimed = type === 'AT_TIMESTAMP' || type === 'FROM_TIMESTAMP';
    if (timestamp !== undefined && !isTimed) {
      throw invalidArgument(`ShardFilter.Timestamp goes with AT_TIMESTAMP and FROM_TIMESTAMP only, not with ${type}.`);
    }
    if (type === 'AFTER_SHARD_ID') {
      if (shardId === undefined) throw invalidArgument(`ShardFilter of the type ${type} needs a ShardId.`);
      return { type, shardId };
    }
    if (!isTimed) return { type };
    if (timestamp === undefined) throw invalidArgument(`ShardFilter of the type ${type} needs a Timestamp.`);
    return { type, timestamp };
  };
}

/** @param trimHorizon Records that arrived earlier have left the stream. */
export function passes(shard: Shard, filter: ShardFilter, trimHorizon: EpochMillis): boolean {
  const { shardId, endingSequenceNumber } = shard;
  switch (filter.type) {
    case 'AT_LATEST':
      return endingSequenceNumber === undefined;
    case 'AFTER_SHARD_ID':
      return shardId > filter.shardId && wasOpenFrom(shard, trimHorizon);
    case 'FROM_TRIM_HORIZON':
      return wasOpenFrom(shard, trimHorizon);
    case 'FROM_TIMESTAMP':
      return wasOpenFrom(shard, Math.max(filter.timestamp, trimHorizon));
    case 'AT_TRIM_HORIZON':
      return wasOpenAt(shard, trimHorizon) || (shard.parentShardIds.length === 0 && wasOpenFrom(shard, trimHorizon));
    case 'AT_TIMESTAMP':
      return wasOpenAt(shard, filter.timestamp) && wasOpenFrom(shard, trimHorizon);
  }
}

/** @throws AwsError where the filter asks for times that the stream does not tell. */
export function requireTimes(shards: readonly Shard[], { type }: ShardFilter): void {
  if (type !== 'AT_TIMESTAMP' && type !== 'FROM_TIMESTAMP' && type !== 'AT_TRIM_HORIZON') return;
  if (shards.every(({ openedAt }) => openedAt !== undefined)) return;
  throw invalidArgument(
    `ShardFilter ${type} is not offered here: the stream is not in this server, and it does not tell when its shards were opened. Ask Kinesis itself.`,
  );
}

/** Open at a time or later. A shard whose times nobody can tell is shown. */
function wasOpenFrom({ closedAt = Infinity }: Shard, time: EpochMillis): boolean {
  return closedAt >= time;
}

function wasOpenAt({ openedAt = -Infinity, closedAt = Infinity }: Shard, time: EpochMillis): boolean {
  return openedAt <= time && time <= closedAt;
}
