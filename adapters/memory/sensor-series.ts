/**
 * The readings of one sensor in the order of their places (`core/reading-key.ts`). They lie in blocks of columns, about a hundred
 * bytes a reading with its sequence number; a late reading moves the rest of its block, not all that came after it.
 */
import { at } from '../../core/at.ts';
import type { EpochMillis } from '../../core/ports.ts';
import type { ReadingFlag } from '../../core/reading.ts';
import { compareSequenceNumbers } from '../../core/sequence-number.ts';
import { lowerBound } from './lower-bound.ts';

/** What few readings have. */
export interface Details {
  readonly unit?: string;
  readonly part?: number;
  readonly flags?: readonly ReadingFlag[];
}

/** Where a reading stands among the others: its place, taken apart. */
export interface Position {
  /** Whole milliseconds. */
  readonly instant: EpochMillis;
  /** What the place has behind the milliseconds: finer digits, `NO_TIME` for a reading that brought no time, or nothing. */
  readonly suffix: string;
  /** With `part`, the order of readings that brought no time. */
  readonly sequenceNumber: string;
  readonly part?: number | undefined;
}

export interface Sample extends Position {
  readonly value: number;
  readonly arrivedAt: EpochMillis;
  readonly details: Details | undefined;
}

/** The suffix of all readings that brought no time. It is before all digits. */
export const NO_TIME = '#';

/** Samples in order, none without a sample but in an empty series; row i of every column is one sample. */
interface Block {
  readonly instants: number[];
  readonly values: number[];
  readonly sequenceNumbers: string[];
  readonly arrivals: number[];
  /** Of the blocks that need them only. */
  suffixes: string[] | undefined;
  details: (Details | undefined)[] | undefined;
  /** No sample of the block arrived before the first of these, nor after the second. */
  earliestArrival: number;
  latestArrival: number;
}

const BLOCK_SAMPLES = 512;
export class SensorSeries {
  readonly #blocks: Block[] = [emptyBlock()];
  #count = 0;
  /** The last sample whose clock was not far ahead; only kept once there is one whose clock was. */
  #latest: Position | undefined;
  #hasFarFuture = false;

  get count(): number {
    return this.#count;
  }

  /** The last sample; of those that are from the far future by a wrong clock only where there are no others. */
  get latest(): Sample | undefined {
    const [latest] = this.descending(this.#latest ?? BEHIND_ALL);
    return latest;
  }

  /** @returns The sample whose place it took, if there was one. */
  put(
    instant: EpochMillis,
    value: number,
    sequenceNumber: string,
    arrivedAt: EpochMillis,
    suffix = '',
    details?: Details,
  ): Sample | undefined {
    const position = { instant, suffix, sequenceNumber, part: details?.part };
    const index = this.#blockOf(position);
    const block = at(this.#blocks, index);
    this.#follow(position, details);
    const { instants, values, sequenceNumbers, arrivals } = block;
    const row = rowOf(block, position);
    const appended = row === instants.length;
    const replaced = !appended && comparedAt(block, row, position) === 0 ? sample(block, row) : undefined;
    if (replaced === undefined) {
      // Most readings come in time order, and for those nothing has to be moved.
      if (!appended) makeRoom(block, row);
      this.#count += 1;
    }
    instants[row] = instant;
    values[row] = value;
    sequenceNumbers[row] = sequenceNumber;
    arrivals[row] = arrivedAt;
    if (block.suffixes !== undefined) block.suffixes[row] = suffix;
    else if (suffix !== '') block.suffixes = columnOf(instants.length, '', row, suffix);
    if (block.details !== undefined) block.details[row] = details;
    else if (details !== undefined)
      block.details = columnOf<Details | undefined>(instants.length, undefined, row, details);
    if (arrivedAt < block.earliestArrival) block.earliestArrival = arrivedAt;
    if (arrivedAt > block.latestArrival) block.latestArrival = arrivedAt;
    if (instants.length > BLOCK_SAMPLES) {
      // What comes in time order leaves full blocks behind.
      this.#blocks.splice(index + 1, 0, splitOff(block, appended ? BLOCK_SAMPLES : BLOCK_SAMPLES / 2));
    }
    return replaced;
  }

  /** Forgets samples by their arrival. @returns How many. */
  dropArrivedBefore(instant: EpochMillis): number {
    const before = this.#count;
    for (let index = 0; index < this.#blocks.length; index += 1) {
      const block = at(this.#blocks, index);
      if (block.earliestArrival >= instant) continue;
      const left = block.latestArrival < instant ? emptyBlock() : arrivedFrom(block, instant);
      this.#count -= block.instants.length - left.instants.length;
      if (left.instants.length > 0) this.#blocks[index] = left;
      else {
        this.#blocks.splice(index, 1);
        index -= 1;
      }
    }
    if (this.#blocks.length === 0) this.#blocks.push(emptyBlock());
    if (this.#hasFarFuture) this.#latest = this.#lastPlausible();
    return before - this.#count;
  }

  /** Samples from a position (inclusive) on, oldest first. */
  *ascending(position: Position): Generator<Sample> {
    for (let index = this.#blockOf(position); index < this.#blocks.length; index += 1) {
      const block = at(this.#blocks, index);
      for (let row = rowOf(block, position); row < block.instants.length; row += 1) yield sample(block, row);
    }
  }

  /** Samples up to a position (inclusive), newest first. */
  *descending(position: Position): Generator<Sample> {
    for (let index = this.#blockOf(position); index >= 0; index -= 1) {
      const block = at(this.#blocks, index);
      const behind = lowerBound(block.instants.length, (row) => comparedAt(block, row, position) <= 0);
      for (let row = behind - 1; row >= 0; row -= 1) yield sample(block, row);
    }
  }

  /** The block that holds a position or takes it: the last one that starts no later, or the first. */
  #blockOf(position: Position): number {
    const last = this.#blocks.length - 1;
    const startsNoLater = (index: number) => {
      const block = at(this.#blocks, index);
      return block.instants.length === 0 || comparedAt(block, 0, position) <= 0;
    };
    if (startsNoLater(last)) return last;
    return Math.max(0, lowerBound(last, startsNoLater) - 1);
  }

  /** Keeps in mind which sample is the latest one, once that is not the last one. */
  #follow(position: Position, details: Details | undefined): void {
    const isFarFuture = details?.flags?.includes('far-future') === true;
    if (isFarFuture && !this.#hasFarFuture) {
      this.#latest = this.#lastPlausible();
      this.#hasFarFuture = true;
    }
    if (isFarFuture || !this.#hasFarFuture) return;
    if (this.#latest === undefined || compare(this.#latest, position) <= 0) this.#latest = position;
  }

  #lastPlausible(): Position | undefined {
    for (const each of this.descending(BEHIND_ALL))
      if (each.details?.flags?.includes('far-future') !== true) return each;
    return undefined;
  }
}

const BEHIND_ALL: Position = { instant: Infinity, suffix: '', sequenceNumber: '0' };

/** Below 0 where the one is before the other, 0 where it is the same. */
function compare(one: Position, other: Position): number {
  if (one.instant !== other.instant) return one.instant < other.instant ? -1 : 1;
  if (one.suffix !== other.suffix) return one.suffix < other.suffix ? -1 : 1;
  if (one.suffix !== NO_TIME) return 0;
  return compareSequenceNumbers(one.sequenceNumber, other.sequenceNumber) || (one.part ?? -1) - (other.part ?? -1);
}

/** The same for the sample of a row, without taking it out where its time tells. */
function comparedAt(block: Block, row: number, position: Position): number {
  const own = at(block.instants, row);
  if (own !== position.instant) return own < position.instant ? -1 : 1;
  return compare(sample(block, row), position);
}

function emptyBlock(): Block {
  return {
    instants: [],
    values: [],
    sequenceNumbers: [],
    arrivals: [],
    suffixes: undefined,
    details: undefined,
    earliestArrival: Infinity,
    latestArrival: -Infinity,
  };
}

function columnOf<T>(length: number, empty: T, row: number, value: T): T[] {
  const column = new Array<T>(length).fill(empty);
  column[row] = value;
  return column;
}

function arrivedFrom(block: Block, instant: EpochMillis): Block {
  const left = emptyBlock();
  if (block.suffixes !== undefined) left.suffixes = [];
  if (block.details !== undefined) left.details = [];
  for (let row = 0; row < block.instants.length; row += 1) {
    const each = sample(block, row);
    if (each.arrivedAt < instant) continue;
    left.instants.push(each.instant);
    left.values.push(each.value);
    left.sequenceNumbers.push(each.sequenceNumber);
    left.arrivals.push(each.arrivedAt);
    left.suffixes?.push(each.suffix);
    left.details?.push(each.details);
    left.earliestArrival = Math.min(left.earliestArrival, each.arrivedAt);
    left.latestArrival = Math.max(left.latestArrival, each.arrivedAt);
  }
  return left;
}

/** The first row of a block that is not before a position. */
function rowOf(block: Block, position: Position): number {
  const { length } = block.instants;
  if (length === 0 || comparedAt(block, length - 1, position) < 0) return length;
  return lowerBound(length, (row) => comparedAt(block, row, position) < 0);
}

/** Moves what is at a row and behind it by one. */
function makeRoom({ instants, values, sequenceNumbers, arrivals, suffixes, details }: Block, row: number): void {
  instants.splice(row, 0, 0);
  values.splice(row, 0, 0);
  sequenceNumbers.splice(row, 0, '');
  arrivals.splice(row, 0, 0);
  suffixes?.splice(row, 0, '');
  details?.splice(row, 0, undefined);
}

function splitOff(block: Block, row: number): Block {
  return {
    instants: block.instants.splice(row),
    values: block.values.splice(row),
    sequenceNumbers: block.sequenceNumbers.splice(row),
    arrivals: block.arrivals.splice(row),
    suffixes: block.suffixes?.splice(row),
    details: block.details?.splice(row),
    earliestArrival: block.earliestArrival,
    latestArrival: block.latestArrival,
  };
}

function sample({ instants, values, sequenceNumbers, arrivals, suffixes, details }: Block, row: number): Sample {
  const own = details?.[row];
  return {
    instant: at(instants, row),
    suffix: suffixes === undefined ? '' : at(suffixes, row),
    value: at(values, row),
    sequenceNumber: at(sequenceNumbers, row),
    part: own?.part,
    arrivedAt: at(arrivals, row),
    details: own,
  };
}
