/**
 * Records of a shard, in columns: what is kept for a day must not be an object each, for which the garbage collector would
 * look again and again. A row that is released keeps nothing of its record.
 */
import type { EpochMillis } from '../../core/ports.ts';
import type { SlabPlace } from './byte-slabs.ts';

/** Few enough that a shard without records takes little. */
export const BLOCK_RECORDS = 256;

export interface BlockRow {
  readonly partitionKey: string;
  readonly data: Uint8Array;
  readonly arrivedAt: EpochMillis;
}

const released = Buffer.alloc(0);

export class RecordBlock {
  readonly #partitionKeys: string[] = [];
  readonly #slabs: Buffer[] = [];
  readonly #starts = new Uint32Array(BLOCK_RECORDS);
  readonly #lengths = new Uint32Array(BLOCK_RECORDS);
  readonly #arrivals = new Float64Array(BLOCK_RECORDS);
  readonly #latestArrivals = new Float64Array(BLOCK_RECORDS);

  /** @param latestArrival The latest arrival in the shard up to this record. */
  push(
    partitionKey: string,
    { slab, start }: SlabPlace,
    length: number,
    arrivedAt: EpochMillis,
    latestArrival: EpochMillis,
  ): void {
    const row = this.#slabs.length;
    this.#partitionKeys.push(partitionKey);
    this.#slabs.push(slab);
    this.#starts[row] = start;
    this.#lengths[row] = length;
    this.#arrivals[row] = arrivedAt;
    this.#latestArrivals[row] = latestArrival;
  }

  /** The data is a view of what is held. */
  at(row: number): BlockRow {
    const start = this.#starts[row] ?? 0;
    return {
      partitionKey: this.#partitionKeys[row] ?? '',
      data: (this.#slabs[row] ?? released).subarray(start, start + (this.#lengths[row] ?? 0)),
      arrivedAt: this.arrivedAt(row),
    };
  }

  arrivedAt(row: number): EpochMillis {
    return this.#arrivals[row] ?? 0;
  }

  latestArrival(row: number): EpochMillis {
    return this.#latestArrivals[row] ?? 0;
  }

  /** Data and partition key, UTF-8. */
  bytesOf(row: number): number {
    return (this.#lengths[row] ?? 0) + Buffer.byteLength(this.#partitionKeys[row] ?? '');
  }

  release(row: number): void {
    this.#partitionKeys[row] = '';
    this.#slabs[row] = released;
  }
}
