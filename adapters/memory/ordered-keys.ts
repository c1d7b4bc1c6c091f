/**
 * Strings in the UTF-8 byte order, as S3 and DynamoDB list them, kept in order as they come: leaves of bounded length, so
 * that adding a key moves at most one leaf and finding one looks at the logarithm of all. A page of a million keys costs
 * as much as one of a thousand.
 */
import { lowerBound } from './lower-bound.ts';

const MAX_LEAF = 512;

export class OrderedKeys {
  /** Never empty, except that there is none before the first key. */
  readonly #leaves: string[][] = [];

  /** @param key Must not be among the keys. */
  add(key: string): void {
    const last = this.#leaves.at(-1);
    // Keys of the archive and the quarantine mostly grow.
    const at = last === undefined || isBefore(last[0], key) ? this.#leaves.length - 1 : this.#leafOf(key);
    const leaf = this.#leaves[Math.max(at, 0)];
    if (leaf === undefined) {
      this.#leaves.push([key]);
      return;
    }
    if (isBefore(leaf.at(-1), key)) leaf.push(key);
    else
      leaf.splice(
        lowerBound(leaf.length, (index) => isBefore(leaf[index], key)),
        0,
        key,
      );
    if (leaf.length <= MAX_LEAF) return;
    // A leaf that grows at its end stays full, others are halved.
    const half = leaf.at(-1) === key ? MAX_LEAF : MAX_LEAF / 2;
    this.#leaves.splice(Math.max(at, 0) + 1, 0, leaf.splice(half));
  }

  /** @param key Must be among the keys. */
  remove(key: string): void {
    const at = this.#leafOf(key);
    const leaf = this.#leaves[at];
    if (leaf === undefined) return;
    const index = lowerBound(leaf.length, (each) => isBefore(leaf[each], key));
    if (leaf[index] !== key) return;
    leaf.splice(index, 1);
    if (leaf.length === 0) this.#leaves.splice(at, 1);
  }

  /** The keys from the first one on that is not before `key`. Keys must not be added or removed meanwhile. */
  *from(key: string): Generator<string> {
    for (let at = Math.max(this.#leafOf(key), 0); at < this.#leaves.length; at += 1) {
      const leaf = this.#leaves[at] ?? [];
      const start = isBefore(leaf[0], key) ? lowerBound(leaf.length, (index) => isBefore(leaf[index], key)) : 0;
      for (let index = start; index < leaf.length; index += 1) yield leaf[index] ?? '';
    }
  }

  /** The last leaf whose first key is not behind `key`, which is the one that it belongs into; -1 where there is none. */
  #leafOf(key: string): number {
    return lowerBound(this.#leaves.length, (at) => compareUtf8(this.#leaves[at]?.[0] ?? '', key) <= 0) - 1;
  }
}

function isBefore(a: string | undefined, b: string): boolean {
  return a !== undefined && compareUtf8(a, b) < 0;
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
