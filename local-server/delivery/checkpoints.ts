/**
 * Checkpoints of event source mappings. In memory they end with the server, as the stream does; those of a stream that
 * outlives the server are kept in a file (`file-checkpoints.ts`).
 */
import type { TumblingWindow } from '../../core/event-source-mapping/tumbling-window.ts';
import type { ShardPosition } from '../../core/ports.ts';

/**
 * How far a consumer is in a shard: where to read on, and the newest tumbling window with the state that belongs to just these
 * records. Both are kept together, so that after a crash no record is missing in a state or in it twice.
 */
export type ShardCheckpoint = ShardPosition & {
  readonly window?: TumblingWindow;
  /** The shard was closed, and everything in it is done. */
  readonly finished?: true;
};

export interface Checkpoints {
  /** The checkpoints of a mapping by shard; empty for one that never ran. */
  load(mapping: string): ReadonlyMap<string, ShardCheckpoint>;
  save(mapping: string, shardId: string, checkpoint: ShardCheckpoint): void;
  /** For a shard that is no more. */
  forget(mapping: string, shardId: string): void;
  /** Keeps what is not kept yet. */
  close(): Promise<void>;
}

export class MemoryCheckpoints implements Checkpoints {
  readonly #checkpoints = new Map<string, Map<string, ShardCheckpoint>>();

  load(mapping: string): ReadonlyMap<string, ShardCheckpoint> {
    return this.#checkpoints.get(mapping) ?? new Map();
  }

  save(mapping: string, shardId: string, checkpoint: ShardCheckpoint): void {
    const shards = this.#checkpoints.get(mapping) ?? new Map<string, ShardCheckpoint>();
    this.#checkpoints.set(mapping, shards.set(shardId, checkpoint));
  }

  forget(mapping: string, shardId: string): void {
    this.#checkpoints.get(mapping)?.delete(shardId);
  }

  async close(): Promise<void> {
    // Nothing is kept anywhere else.
  }
}
