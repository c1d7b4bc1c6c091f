/**
 * Which shards may be read. After a split or merge the parents hold what came before: they are read to the end first
 * (Kinesis Developer Guide, "After resharding"), so that the order of a partition key holds across the reshard. A parent
 * that is no longer listed has expired, and nothing can be read from it. It is waited for only where a consumer still has
 * records of it.
 */
import type { Shard } from '../ports.ts';

/**
 * @param finished Shards that were read to their end, with nothing left to do.
 * @param started Shards that have a consumer, or had one.
 */
export function readyShards(
  shards: readonly Shard[],
  finished: ReadonlySet<string>,
  started: { has(shardId: string): boolean },
): readonly Shard[] {
  const listed = new Set(shards.map(({ shardId }) => shardId));
  const isDone = (shardId: string) => finished.has(shardId) || (!listed.has(shardId) && !started.has(shardId));
  return shards.filter(({ shardId, parentShardIds }) => !finished.has(shardId) && parentShardIds.every(isDone));
}
