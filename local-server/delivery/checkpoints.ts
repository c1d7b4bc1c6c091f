/**
 * Checkpoints of event source mappings. In memory they end with the server, as the stream does; those of a stream that
 * outlives the server are kept in a file (`file-checkpoints.ts`).
 */
import type { ShardPosition } from '../../core/ports.ts';

export interface Checkpoints {
  /** The positions of a mapping by shard; empty for one that never ran. */
  load(mapping: string): ReadonlyMap<string, ShardPosition>;
  save(mapping: string, shardId: string, position: ShardPosition): void;
  /** Keeps what is not kept yet. */
  close(): Promise<void>;
}

export class MemoryCheckpoints implements Checkpoints {
  readonly #positions = new Map<string, Map<string, ShardPosition>>();

  load(mapping: string): ReadonlyMap<string, ShardPosition> {
    return this.#positions.get(mapping) ?? new Map();
  }

  save(mapping: string, shardId: string, position: ShardPosition): void {
    const shards = this.#positions.get(mapping) ?? new Map<string, ShardPosition>();
    this.#positions.set(mapping, shards.set(shardId, position));
  }

  async close(): Promise<void> {
    // Nothing is kept anywhere else.
  }
}
