/** How ListShards and DescribeStream show a shard. */
import type { Shard } from '../../../core/ports.ts';

export function describeShard({ shardId, parentShardIds, ...shard }: Shard) {
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

/** In the order in which the shards were made: their ids have a fixed width, so that the order of strings is that. */
export function inOrder(shards: readonly Shard[]): readonly Shard[] {
  return [...shards].sort((a, b) => (a.shardId < b.shardId ? -1 : 1));
}
