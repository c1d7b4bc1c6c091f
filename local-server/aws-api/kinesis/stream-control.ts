/** What only the stream of this process can tell and change. A stream at AWS is changed at AWS. */
import type { Shard } from '../../../core/ports.ts';

export interface StreamControl {
  /** Largest data and partition key of a record together. */
  readonly maxRecordKib: number;
  /** @throws InvalidRequest for an impossible limit. */
  updateMaxRecordKib(kibibytes: number): void;
  /** Whether the stream can have given this sequence number to a client. */
  hasIssued(sequenceNumber: string): boolean;
  /** @throws InvalidRequest where there is no such open shard, or the hash key is out of its range. */
  splitShard(shardId: string, newStartingHashKey?: string): readonly Shard[];
  /** @throws InvalidRequest where one of the shards is not open, or they are not neighbours. */
  mergeShards(shardId: string, adjacentShardId: string): Shard;
  /** @throws InvalidRequest for more than double or less than half of the open shards. */
  updateShardCount(target: number): readonly Shard[];
}

/** @param changed Called after the shards of the stream became others. */
export function announced(stream: StreamControl, changed: () => void): StreamControl {
  const announce = <Result>(result: Result): Result => {
    changed();
    return result;
  };
  return {
    get maxRecordKib() {
      return stream.maxRecordKib;
    },
    updateMaxRecordKib: (kibibytes) => stream.updateMaxRecordKib(kibibytes),
    hasIssued: (sequenceNumber) => stream.hasIssued(sequenceNumber),
    splitShard: (shardId, newStartingHashKey) => announce(stream.splitShard(shardId, newStartingHashKey)),
    mergeShards: (shardId, adjacentShardId) => announce(stream.mergeShards(shardId, adjacentShardId)),
    updateShardCount: (target) => announce(stream.updateShardCount(target)),
  };
}
