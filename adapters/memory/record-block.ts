/**
 * Records of a shard, in columns: what is kept for a day must not be an object each, for which the garbage collector would
 * look again and again. A row that is released keeps nothing of its record.
 */
import type { EpochMillis } from '../../core/ports.ts';

/** Few enough that a shard without records takes little. */
export const BLOCK_RECORDS = 256;

/** What is kept of a record; its data is that part of `slab`. */
export interface NewRecord {
  readonly partitionKey: string;
  readonly slab: Buffer;
  readonly start: number;
  readonly length: number;
  readonly arrivedAt: EpochMillis;
  /** Its place in the order of the stream, over all shards. */
  readonly ordinal: number;
}

/** Three numbers of 8 bytes and two of 4. */
const ROW_BYTES = 32;
const released = Buffer.alloc(0);

export class RecordBlock {
  readonly #partitionKeys: string[] = [];
  readonly #slabs: Buffer[] = [];
  readonly #starts: Uint32Array;
  readonly #lengths: Uint32Array;
  readonly #arrivals: Float64Array;
  readonly #latestArrivals: Float64Array;
  readonly #ordinals: Float64Array;

  constructor() {
    // One piece of memory: each costs more to get than it has bytes.
    const memory = new ArrayBuffer(BLOCK_RECORDS * ROW_BYTES);
    const column = (at: number) => BLOCK_RECORDS * at;
    this.#arrivals = new Float64Array(memory, column(0), BLOCK_RECORDS);
    this.#latestArrivals = new Float64Array(memory, column(8), BLOCK_RECORDS);
    this.#ordinals = new Float64Array(memory, column(16), BLOCK_RECORDS);
    this.#starts = new Uint32Array(memory, column(24), BLOCK_RECORDS);
    this.#lengths = new Uint32Array(memory, column(28), BLOCK_RECORDS);
  }

  /** @param latestArrival The latest arrival in the shard up to this record. */
  push(record: NewRecord, latestArrival: EpochMillis): void {
    const { partitionKey, slab, start, length, arrivedAt, ordinal } = record;
    const row = this.#slabs.length;
    this.#partitionKeys.push(partitionKey);
    this.#slabs.push(slab);
    this.#starts[row] = start;
    this.#lengths[row] = length;
    this.#arrivals[row] = arrivedAt;
    this.#latestArrivals[row] = latestArrival;
    this.#ordinals[row] = ordinal;
  }

  partitionKey(row: number): string {
    return this.#partitionKeys[row] ?? '';
  }

  /** A view of what is held. */
  data(row: number): Uint8Array {
    const start = this.#starts[row] ?? 0;
    return (this.#slabs[row] ?? released).subarray(start, start + (this.#lengths[row] ?? 0));
  }

  arrivedAt(row: number): EpochMillis {
    return this.#arrivals[row] ?? 0;
  }

  latestArrival(row: number): EpochMillis {
    return this.#latestArrivals[row] ?? 0;
  }

  ordinal(row: number): number {
    return this.#ordinals[row] ?? 0;
  }

  /** Data and partition key, UTF-8. */
  bytesOf(row: number): number {
    return (this.#lengths[row] ?? 0) + Buffer.byteLength(this.partitionKey(row));
  }

  release(row: number): void {
    this.#partitionKeys[row] = '';
    this.#slabs[row] = released;
  }
}
