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

export function formatSequenceNumber({ createdAtSecond, counter, arrivedAt, shardIndex }: SequenceNumberParts): string {
  // In bytes, because V8 keeps a concatenation as a tree of its parts, at more than four times the memory. Of the parts
  // only the counter differs from number to number, for the most part.
  if (createdAtSecond !== written.createdAtSecond) writeDigits(createdAtSecond, 2, 13);
  writeDigits(counter, 13, 29);
  if (arrivedAt !== written.arrivedAt) writeDigits(arrivedAt, 29, 44);
  if (shardIndex !== written.shardIndex) writeDigits(shardIndex, 44, 56);
  written.createdAtSecond = createdAtSecond;
  written.arrivedAt = arrivedAt;
  written.shardIndex = shardIndex;
  return text.toString('latin1');
}

/** The number that was written last, and its parts. */
const text = Buffer.from('49'.padEnd(56, '0'), 'latin1');
const written = { createdAtSecond: 0, arrivedAt: 0, shardIndex: 0 };
const ZERO = 0x30;

/** Writes a whole number right-aligned, with leading zeros. */
function writeDigits(value: number, from: number, to: number): void {
  let rest = value;
  for (let at = to - 1; at >= from; at -= 1) {
    const tenth = Math.floor(rest / 10);
    text[at] = ZERO + (rest - tenth * 10);
    rest = tenth;
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
