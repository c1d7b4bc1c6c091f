/**
 * Hash keys: the MD5 of the partition key's UTF-8 bytes, read as a 128-bit big-endian integer (PutRecord). They are kept
 * as 32 hexadecimal digits, whose string order is their numeric order: finding a shard needs no arithmetic.
 */
import { hash } from 'node:crypto';

/** Both ends are inclusive. */
export interface HashKeyRange {
  readonly start: bigint;
  readonly end: bigint;
}

const SPACE = 2n ** 128n;
/** What Kinesis takes as ExplicitHashKey: a decimal without leading zeros. */
const decimal = /^(0|[1-9]\d{0,38})$/;

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

  get(partitionKey: string): KnownKey {
    let known = this.#keys.get(partitionKey);
    if (known === undefined) {
      known = { partitionKey, hashKey: hashKeyOf(partitionKey), bytes: Buffer.byteLength(partitionKey) };
      if (this.#keys.size >= KNOWN_KEYS) this.#keys.clear();
      this.#keys.set(partitionKey, known);
    }
    return known;
  }
}

/** The hash key that a decimal stands for; `undefined` where it stands for none from 0 to 2^128 - 1. */
export function parseHashKey(text: string): string | undefined {
  if (!decimal.test(text)) return undefined;
  const value = BigInt(text);
  return value < SPACE ? formatHashKey(value) : undefined;
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

/** Two ranges that cover this one, or `undefined` where it holds a single hash key. */
export function halves({ start, end }: HashKeyRange): readonly [HashKeyRange, HashKeyRange] | undefined {
  if (start === end) return undefined;
  const middle = start + (end - start + 1n) / 2n;
  return [
    { start, end: middle - 1n },
    { start: middle, end },
  ];
}
