/** A map from strings whose entries are listed in the UTF-8 byte order of their keys, as S3 and DynamoDB list. */
import { compareUtf8, OrderedKeys } from './ordered-keys.ts';

export interface MapRange {
  readonly prefix?: string;
  /** Exclusive. Keys are not empty: the empty string comes before all of them. */
  readonly after?: string;
  readonly limit: number;
}

export class SortedMap<Value> {
  readonly #values = new Map<string, Value>();
  readonly #keys = new OrderedKeys();

  get size(): number {
    return this.#values.size;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    if (!this.#values.has(key)) this.#keys.add(key);
    this.#values.set(key, value);
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#keys.remove(key);
  }

  /** In the order in which the keys came. Entries may be added and deleted meanwhile. */
  entries(): IterableIterator<[string, Value]> {
    return this.#values.entries();
  }

  /** The first entries of the range, and whether more of them follow. */
  page({ prefix = '', after = '', limit }: MapRange): { entries: (readonly [string, Value])[]; more: boolean } {
    const entries: (readonly [string, Value])[] = [];
    for (const key of this.#keys.from(compareUtf8(after, prefix) > 0 ? after : prefix)) {
      if (key === after) continue;
      if (!key.startsWith(prefix)) break;
      if (entries.length >= limit) return { entries, more: true };
      entries.push([key, this.#values.get(key) as Value]);
    }
    return { entries, more: false };
  }
}
