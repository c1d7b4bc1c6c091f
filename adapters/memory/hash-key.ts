/**
 * Hash keys: the MD5 of the partition key's UTF-8 bytes, read as a 128-bit big-endian integer (PutRecord). They are kept
 * as 32 hexadecimal digits, whose string order is their numeric order: finding a shard needs no arithmetic.
 */
import { hash } from 'node:crypto';
import { HASH_KEY_SPACE as SPACE, partitionKeyProblem } from '../../core/stream-event.ts';

/** Both ends are inclusive. */
export interface HashKeyRange {
  readonly start: bigint;
  readonly end: bigint;
}

function hashKeyOf(partitionKey: string): string {
  return hash('md5', partitionKey, 'hex');
}

/** More than most fleets have sensors, and some 20 MB at most. */
const KNOWN_KEYS = 131_072;

/** A partition key, the same string for all records that have it, and its hash key. */
export interface KnownKey {
  readonly partitionKey: string;
  readonly hashKey: string;
  /** In UTF-8. */
  readonly bytes: number;
}

/** Partition keys and their hash keys: a stream sees the same keys over and over. Full, it forgets all and starts anew. */
export class KnownKeys {
  readonly #keys = new Map<string, KnownKey>();

  /** The key, or in words why no stream takes it. */
  get(partitionKey: string): KnownKey | string {
    let known = this.#keys.get(partitionKey);
    if (known === undefined) {
      const problem = partitionKeyProblem(partitionKey);
      if (problem !== undefined) return problem;
      known = { partitionKey, hashKey: hashKeyOf(partitionKey), bytes: Buffer.byteLength(partitionKey) };
      if (this.#keys.size >= KNOWN_KEYS) this.#keys.clear();
      this.#keys.set(partitionKey, known);
    }
    return known;
  }
}

export function formatHashKey(value: bigint): string {
  return value.toString(16).padStart(32, '0');
}

/** Ranges as CreateStream makes them: of equal size, the last one takes what the division leaves. */
export function uniformRanges(count: number): readonly HashKeyRange[] {
  const size = SPACE / BigInt(count);
  return Array.from({ length: count }, (_, index) => ({
    start: size * BigInt(index),
    end: index === count - 1 ? SPACE - 1n : size * BigInt(index + 1) - 1n,
  }));
}

/**
 * Two ranges that cover this one, of which the second starts at `at`: in the middle unless given. `undefined` where Kinesis
 * refuses the split: the key must be greater than the start plus one and less than the end (SplitShard, as kinesalite
 * recorded it).
 */
export function splitRange(
  { start, end }: HashKeyRange,
  at = start + (end - start + 1n) / 2n,
): readonly [HashKeyRange, HashKeyRange] | undefined {
  if (at <= start + 1n || at >= end) return undefined;
  return [
    { start, end: at - 1n },
    { start: at, end },
  ];
}

/** The first hash keys of uniform ranges but the first. Where `current` has a boundary within rounding, that one is taken. */
export function uniformBoundaries(count: number, current: readonly HashKeyRange[]): readonly bigint[] {
  const tolerance = BigInt(Math.max(count, current.length));
  const starts = current.map(({ start }) => start);
  return uniformRanges(count)
    .slice(1)
    .map(({ start }) => starts.find((each) => each - start <= tolerance && start - each <= tolerance) ?? start);
}
