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
}

const BLOCK_SAMPLES = 512;

export class SensorSeries {
  readonly #blocks: Block[] = [{ instants: [], values: [], sequenceNumbers: [], arrivals: [] }];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get latest(): Sample | undefined {
    const [latest] = this.descending(Infinity);
    return latest;
  }

  /** Replaces the sample of the same instant. */
  put({ instant, value, sequenceNumber, arrivedAt }: Sample): void {
    const at = this.#blockOf(instant);
    const block = this.#blocks[at];
    if (block === undefined) return;
    const row = rowOf(block, instant);
    const replaced = block.instants[row] === instant ? 1 : 0;
    const appended = row === block.instants.length;
    block.instants.splice(row, replaced, instant);
    block.values.splice(row, replaced, value);
    block.sequenceNumbers.splice(row, replaced, sequenceNumber);
    block.arrivals.splice(row, replaced, arrivedAt);
    this.#count += 1 - replaced;
    if (block.instants.length > BLOCK_SAMPLES) {
      // What comes in time order leaves full blocks behind.
      this.#blocks.splice(at + 1, 0, splitOff(block, appended ? BLOCK_SAMPLES : BLOCK_SAMPLES / 2));
    }
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
    return Math.max(0, lowerBound(this.#blocks.length, (at) => (this.#blocks[at]?.instants[0] ?? 0) <= instant) - 1);
  }
}

/** The first row of a block that is not before an instant. */
function rowOf({ instants }: Block, instant: EpochMillis): number {
  return lowerBound(instants.length, (row) => (instants[row] ?? 0) < instant);
}

function splitOff(block: Block, row: number): Block {
  return {
    instants: block.instants.splice(row),
    values: block.values.splice(row),
    sequenceNumbers: block.sequenceNumbers.splice(row),
    arrivals: block.arrivals.splice(row),
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
