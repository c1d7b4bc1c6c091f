/**
 * Sequence numbers shaped like those of Kinesis: 56 decimal digits that start with 49. Kinesis packs its fields into
 * bits; here each has its own decimal digits, so that a number can be read by eye and is made without arithmetic:
 *
 * ```
 * 49 | 11: second of the shard's creation | 16: counter | 15: milliseconds of arrival | 12: index of the shard
 * ```
 *
 * Within a shard the creation never changes and the counter grows by one per record, so that the numbers increase
 * strictly, whatever the clock does. The index of the shard keeps the numbers of different shards apart. A child shard
 * has a later creation than its parent, so that a partition key's numbers go on growing after a split.
 */
import type { EpochMillis } from '../../core/ports.ts';

export interface SequenceNumberParts {
  readonly createdAtSecond: number;
  /** How many records the shard took before this one. */
  readonly counter: number;
  readonly arrivedAt: EpochMillis;
  readonly shardIndex: number;
}

const shape = /^49(\d{11})(\d{16})(\d{15})(\d{12})$/;

export function formatSequenceNumber({ counter, arrivedAt, ...shard }: SequenceNumberParts): string {
  return new SequenceNumbers(shard).format(counter, arrivedAt);
}

const [ZERO, NINE] = [0x30, 0x39];

/**
 * The sequence numbers of one shard. They are written into bytes, because V8 keeps a concatenation as a tree of its parts,
 * at more than four times the memory; and most differ from the one before in their last digits only.
 */
export class SequenceNumbers {
  readonly #digits = Buffer.from('49'.padEnd(56, '0'), 'latin1');
  /** Of the number that stands in `#digits`. */
  #counter = 0;
  #arrivedAt = 0;

  constructor({ createdAtSecond, shardIndex }: Pick<SequenceNumberParts, 'createdAtSecond' | 'shardIndex'>) {
    this.#write(createdAtSecond, 2, 13);
    this.#write(shardIndex, 44, 56);
  }

  format(counter: number, arrivedAt: EpochMillis): string {
    if (counter === this.#counter + 1) this.#increment(13, 29);
    else if (counter !== this.#counter) this.#write(counter, 13, 29);
    if (arrivedAt !== this.#arrivedAt) this.#write(arrivedAt, 29, 44);
    this.#counter = counter;
    this.#arrivedAt = arrivedAt;
    return this.#digits.toString('latin1');
  }

  /** Writes a whole number right-aligned, with leading zeros. */
  #write(value: number, from: number, to: number): void {
    let rest = value;
    for (let at = to - 1; at >= from; at -= 1) {
      const tenth = Math.floor(rest / 10);
      this.#digits[at] = ZERO + (rest - tenth * 10);
      rest = tenth;
    }
  }

  #increment(from: number, to: number): void {
    let at = to - 1;
    for (; at > from && this.#digits[at] === NINE; at -= 1) this.#digits[at] = ZERO;
    this.#digits[at] = (this.#digits[at] ?? ZERO) + 1;
  }
}

/** Undoes `formatSequenceNumber`; `undefined` where the text is no number of ours. */
export function parseSequenceNumber(text: string): SequenceNumberParts | undefined {
  const match = shape.exec(text);
  if (match === null) return undefined;
  return {
    createdAtSecond: Number(match[1]),
    counter: Number(match[2]),
    arrivedAt: Number(match[3]),
    shardIndex: Number(match[4]),
  };
}

const SHARD_INDEX_DIGITS = 12;

export function formatShardId(shardIndex: number): string {
  return `shardId-${digits(shardIndex, SHARD_INDEX_DIGITS)}`;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
