/**
 * The readings of one sensor in time order. They lie in blocks of columns, about a hundred bytes a reading with its
 * sequence number; a late reading moves the rest of its block, not all that came after it.
 */
import type { EpochMillis } from '../../core/ports.ts';
import { lowerBound } from './lower-bound.ts';

export interface Sample {
  readonly instant: EpochMillis;
  readonly value: number;
  readonly sequenceNumber: string;
  readonly arrivedAt: EpochMillis;
}

/** Samples in time order, none without a sample but in an empty series; row i of every column is one sample. */
interface Block {
  readonly instants: number[];
  readonly values: number[];
  readonly sequenceNumbers: string[];
  readonly arrivals: number[];
  /** No sample of the block arrived before the first of these, nor after the second. */
  earliestArrival: number;
  latestArrival: number;
}

const BLOCK_SAMPLES = 512;

export class SensorSeries {
  readonly #blocks: Block[] = [emptyBlock()];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get latest(): Sample | undefined {
    const [latest] = this.descending(Infinity);
    return latest;
  }

  /** Replaces the sample of the same instant. */
  put(instant: EpochMillis, value: number, sequenceNumber: string, arrivedAt: EpochMillis): void {
    const at = this.#blockOf(instant);
    const block = this.#blocks[at];
    if (block === undefined) return;
    const { instants, values, sequenceNumbers, arrivals } = block;
    const row = rowOf(block, instant);
    const appended = row === instants.length;
    if (instants[row] !== instant) {
      // Most readings come in time order, and for those nothing has to be moved.
      if (!appended) makeRoom(block, row);
      this.#count += 1;
    }
    instants[row] = instant;
    values[row] = value;
    sequenceNumbers[row] = sequenceNumber;
    arrivals[row] = arrivedAt;
    if (arrivedAt < block.earliestArrival) block.earliestArrival = arrivedAt;
    if (arrivedAt > block.latestArrival) block.latestArrival = arrivedAt;
    if (instants.length > BLOCK_SAMPLES) {
      // What comes in time order leaves full blocks behind.
      this.#blocks.splice(at + 1, 0, splitOff(block, appended ? BLOCK_SAMPLES : BLOCK_SAMPLES / 2));
    }
  }

  /** Forgets samples by their arrival. @returns How many. */
  dropArrivedBefore(instant: EpochMillis): number {
    const before = this.#count;
    for (let at = 0; at < this.#blocks.length; at += 1) {
      const block = this.#blocks[at];
      if (block === undefined || block.earliestArrival >= instant) continue;
      const left = block.latestArrival < instant ? emptyBlock() : arrivedFrom(block, instant);
      this.#count -= block.instants.length - left.instants.length;
      if (left.instants.length > 0) this.#blocks[at] = left;
      else {
        this.#blocks.splice(at, 1);
        at -= 1;
      }
    }
    if (this.#blocks.length === 0) this.#blocks.push(emptyBlock());
    return before - this.#count;
  }

  /** Samples from an instant (inclusive) on, oldest first. */
  *ascending(from: EpochMillis): Generator<Sample> {
    for (let at = this.#blockOf(from); ; at += 1) {
      const block = this.#blocks[at];
      if (block === undefined) return;
      for (let row = rowOf(block, from); row < block.instants.length; row += 1) yield sample(block, row);
    }
  }

  /** Samples up to an instant (inclusive), newest first. */
  *descending(to: EpochMillis): Generator<Sample> {
    for (let at = this.#blockOf(to); ; at -= 1) {
      const block = this.#blocks[at];
      if (block === undefined) return;
      const behind = lowerBound(block.instants.length, (row) => (block.instants[row] ?? 0) <= to);
      for (let row = behind - 1; row >= 0; row -= 1) yield sample(block, row);
    }
  }

  /** The block that holds an instant or takes it: the last one that starts no later, or the first. */
  #blockOf(instant: EpochMillis): number {
    const last = this.#blocks.length - 1;
    if ((this.#blocks[last]?.instants[0] ?? 0) <= instant) return last;
    return Math.max(0, lowerBound(last, (at) => (this.#blocks[at]?.instants[0] ?? 0) <= instant) - 1);
  }
}

function emptyBlock(): Block {
  return {
    instants: [],
    values: [],
    sequenceNumbers: [],
    arrivals: [],
    earliestArrival: Infinity,
    latestArrival: -Infinity,
  };
}

function arrivedFrom(block: Block, instant: EpochMillis): Block {
  const left = emptyBlock();
  for (let row = 0; row < block.instants.length; row += 1) {
    const each = sample(block, row);
    if (each.arrivedAt < instant) continue;
    left.instants.push(each.instant);
    left.values.push(each.value);
    left.sequenceNumbers.push(each.sequenceNumber);
    left.arrivals.push(each.arrivedAt);
    left.earliestArrival = Math.min(left.earliestArrival, each.arrivedAt);
    left.latestArrival = Math.max(left.latestArrival, each.arrivedAt);
  }
  return left;
}

/** The first row of a block that is not before an instant. */
function rowOf({ instants }: Block, instant: EpochMillis): number {
  if ((instants.at(-1) ?? -Infinity) < instant) return instants.length;
  return lowerBound(instants.length, (row) => (instants[row] ?? 0) < instant);
}

/** Moves what is at a row and behind it by one. */
function makeRoom({ instants, values, sequenceNumbers, arrivals }: Block, row: number): void {
  instants.splice(row, 0, 0);
  values.splice(row, 0, 0);
  sequenceNumbers.splice(row, 0, '');
  arrivals.splice(row, 0, 0);
}

function splitOff(block: Block, row: number): Block {
  return {
    instants: block.instants.splice(row),
    values: block.values.splice(row),
    sequenceNumbers: block.sequenceNumbers.splice(row),
    arrivals: block.arrivals.splice(row),
    earliestArrival: block.earliestArrival,
    latestArrival: block.latestArrival,
  };
}

function sample({ instants, values, sequenceNumbers, arrivals }: Block, row: number): Sample {
  return {
    instant: instants[row] ?? 0,
    value: values[row] ?? 0,
    sequenceNumber: sequenceNumbers[row] ?? '',
    arrivedAt: arrivals[row] ?? 0,
  };
}
