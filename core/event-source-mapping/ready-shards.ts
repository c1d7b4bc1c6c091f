/**
 * Which shards may be read. After a split or merge the parents hold what came before: they are read to the end first
 * (Kinesis Developer Guide, "After resharding"), so that the order of a partition key holds across the reshard. A parent
 * that is no longer listed has expired, and nothing can be read from it.
 */
import type { Shard } from '../ports.ts';

export function readyShards(shards: readonly Shard[], finished: ReadonlySet<string>): readonly Shard[] {
  const listed = new Set(shards.map(({ shardId }) => shardId));
  return shards.filter(
    ({ shardId, parentShardIds }) =>
      !finished.has(shardId) && parentShardIds.every((parent) => finished.has(parent) || !listed.has(parent)),
  );
}
