/**
 * A map from strings whose entries are listed in the UTF-8 byte order of their keys, as S3 and DynamoDB list. Keys are
 * put in order when someone lists: many writes between two listings cost one merge, over the keys from the first new one
 * on.
 */
import { lowerBound } from './lower-bound.ts';

export interface MapRange {
  readonly prefix?: string;
  /** Exclusive. Keys are not empty: the empty string comes before all of them. */
  readonly after?: string;
  readonly limit: number;
}

export class SortedMap<Value> {
  readonly #values = new Map<string, Value>();
  readonly #sorted: string[] = [];
  #added: string[] = [];

  get size(): number {
    return this.#values.size;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    if (!this.#values.has(key)) this.#added.push(key);
    this.#values.set(key, value);
  }

  /** The first entries of the range, and whether more of them follow. */
  page({ prefix = '', after = '', limit }: MapRange): { entries: (readonly [string, Value])[]; more: boolean } {
    const keys = this.#inOrder();
    const isBefore = (key: string): boolean => compareUtf8(key, prefix) < 0 || compareUtf8(key, after) <= 0;
    const entries: (readonly [string, Value])[] = [];
    for (let at = lowerBound(keys.length, (index) => isBefore(keys[index] ?? '')); ; at += 1) {
      const key = keys[at];
      if (!key?.startsWith(prefix)) return { entries, more: false };
      if (entries.length >= limit) return { entries, more: true };
      entries.push([key, this.#values.get(key) as Value]);
    }
  }

  #inOrder(): readonly string[] {
    const added = this.#added.sort(compareUtf8);
    const [first] = added;
    if (first === undefined) return this.#sorted;
    this.#added = [];
    const from = lowerBound(this.#sorted.length, (at) => compareUtf8(this.#sorted[at] ?? '', first) < 0);
    // Two runs in order: the sort of V8 merges them in linear time.
    const tail = [...this.#sorted.splice(from), ...added].sort(compareUtf8);
    for (const key of tail) this.#sorted.push(key);
    return this.#sorted;
  }
}

/** Negative, 0 or positive as the UTF-8 bytes of `a` come before, with or after those of `b`. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const difference = rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** UTF-8 order is that of code points: surrogates, which stand for U+10000 and above, come after U+E000–U+FFFF. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
