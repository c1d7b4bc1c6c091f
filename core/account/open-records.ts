/**
 * The records of one shard that are not settled, in the order of the shard, with 16 bits of state each. They are kept in blocks of
 * typed arrays, 30 bytes a record; a block goes as a whole, when nothing in it is open any more.
 */
import { CLAIMED, isOpen, wasRead } from './fate.ts';
import { comparePositions, encodePosition, formatPosition, WORDS } from './position.ts';

const SMALLEST_BLOCK = 16;
const LARGEST_BLOCK = 1_024;
/** Records of one block came within this time, so that the age of each is known well enough. */
const BLOCK_MILLIS = 1_000;

export class Block {
  words: Int32Array;
  states: Uint16Array;
  length = 0;
  /** When the first and the last of its records were heard of. */
  readonly since: number;
  until: number;
  /** The first put that cannot have brought any of its records. */
  claimableBefore = 0;
  readonly open = { archive: 0, store: 0 };
  readonly unread = { archive: 0, store: 0 };
  unclaimed = 0;

  constructor(since: number, until: number, capacity: number) {
    this.since = since;
    this.until = until;
    this.words = new Int32Array(capacity * WORDS);
    this.states = new Uint16Array(capacity);
  }

  stateAt(row: number): number {
    return this.states[row] ?? 0;
  }

  compareAt(row: number, position: Int32Array): number {
    return comparePositions(this.words, row * WORDS, position);
  }

  sequenceNumberAt(row: number): string {
    return formatPosition(this.words, row * WORDS);
  }

  insertAt(row: number, position: Int32Array, state: number): void {
    if (this.length === this.states.length) this.#grow();
    if (row < this.length) {
      this.words.copyWithin((row + 1) * WORDS, row * WORDS, this.length * WORDS);
      this.states.copyWithin(row + 1, row, this.length);
    }
    for (let word = 0; word < WORDS; word += 1) this.words[row * WORDS + word] = position[word] ?? 0;
    this.states[row] = state;
    this.length += 1;
    this.#count(state, 1);
  }

  replaceAt(row: number, state: number): void {
    this.#count(this.stateAt(row), -1);
    this.states[row] = state;
    this.#count(state, 1);
  }

  /** The records from a row on, as a block of their own. */
  splitOff(row: number): Block {
    const count = this.length - row;
    const rest = new Block(this.since, this.until, LARGEST_BLOCK);
    rest.claimableBefore = this.claimableBefore;
    rest.words.set(this.words.subarray(row * WORDS, this.length * WORDS));
    rest.states.set(this.states.subarray(row, this.length));
    rest.length = count;
    for (let at = row; at < this.length; at += 1) {
      this.#count(this.stateAt(at), -1);
      rest.#count(this.stateAt(at), 1);
    }
    this.length = row;
    return rest;
  }

  #count(state: number, step: 1 | -1): void {
    const { open, unread } = this;
    if (isOpen(state, 'archive')) open.archive += step;
    if (isOpen(state, 'store')) open.store += step;
    if (!wasRead(state, 'archive')) unread.archive += step;
    if (!wasRead(state, 'store')) unread.store += step;
    if ((state & CLAIMED) === 0) this.unclaimed += step;
  }

  #grow(): void {
    const capacity = this.states.length * 2;
    const { words, states } = this;
    this.words = new Int32Array(capacity * WORDS);
    this.states = new Uint16Array(capacity);
    this.words.set(words);
    this.states.set(states);
  }
}

export class OpenRecords {
  #blocks: Block[] = [];
  readonly #position = new Int32Array(WORDS);
  /** Records that take memory, of this and of other shards: also settled ones, while others of their block are open. */
  readonly #size: { records: number };
  /** Where `locate` found the record, or where it would be. */
  #at = 0;
  #row = 0;

  constructor(size: { records: number }) {
    this.#size = size;
  }

  get blocks(): readonly Block[] {
    return this.#blocks;
  }

  /** Whether the record is here. `state`, `update` and `insert` speak of it from now on. */
  locate(sequenceNumber: string): boolean {
    encodePosition(sequenceNumber, this.#position);
    // Records come one after the other.
    if (this.#isAt(this.#at, this.#row + 1)) {
      this.#row += 1;
      return true;
    }
    if (this.#isAt(this.#at + 1, 0)) {
      this.#at += 1;
      this.#row = 0;
      return true;
    }
    return this.#search();
  }

  get state(): number {
    return this.#blocks[this.#at]?.stateAt(this.#row) ?? 0;
  }

  update(state: number): void {
    this.#blocks[this.#at]?.replaceAt(this.#row, state);
  }

  /** @param now When the record was heard of. @param nextPut The first put that cannot have brought it. */
  insert(state: number, now: number, nextPut: number): void {
    const block = this.#blockFor(now);
    block.insertAt(this.#row, this.#position, state);
    block.until = Math.max(block.until, now);
    block.claimableBefore = nextPut;
    this.#size.records += 1;
  }

  /** Forgets blocks. */
  drop(isDone: (block: Block) => boolean): void {
    const kept: Block[] = [];
    for (const block of this.#blocks) {
      if (isDone(block)) this.#size.records -= block.length;
      else kept.push(block);
    }
    this.#blocks = kept;
    [this.#at, this.#row] = [0, 0];
  }

  #isAt(at: number, row: number): boolean {
    const block = this.#blocks[at];
    return block !== undefined && row < block.length && block.compareAt(row, this.#position) === 0;
  }

  #search(): boolean {
    const last = this.#blocks.at(-1);
    if (last === undefined || last.compareAt(last.length - 1, this.#position) < 0) {
      this.#at = Math.max(0, this.#blocks.length - 1);
      this.#row = last?.length ?? 0;
      return false;
    }
    // The last block that begins at the position or before it.
    this.#at = Math.max(
      0,
      lowerBound(this.#blocks.length, (at) => (this.#blocks[at]?.compareAt(0, this.#position) ?? 1) <= 0) - 1,
    );
    const block = this.#blocks[this.#at];
    this.#row = lowerBound(block?.length ?? 0, (row) => (block?.compareAt(row, this.#position) ?? 1) < 0);
    return this.#isAt(this.#at, this.#row);
  }

  /** The block that takes the record at the place that `locate` left. */
  #blockFor(now: number): Block {
    const block = this.#blocks[this.#at];
    const isBehindAll = this.#at >= this.#blocks.length - 1 && this.#row === (block?.length ?? 0);
    const isFull = block !== undefined && block.length >= LARGEST_BLOCK;
    if (block === undefined || (isBehindAll && (isFull || now - block.since >= BLOCK_MILLIS))) {
      const next = new Block(now, now, isFull ? LARGEST_BLOCK : SMALLEST_BLOCK);
      this.#blocks.push(next);
      this.#at = this.#blocks.length - 1;
      this.#row = 0;
      return next;
    }
    if (!isFull) return block;
    const middle = block.length >> 1;
    const rest = block.splitOff(middle);
    this.#blocks.splice(this.#at + 1, 0, rest);
    if (this.#row <= middle) return block;
    this.#at += 1;
    this.#row -= middle;
    return rest;
  }
}

/** The first index for which it does not hold; it holds for those before and for none behind. */
function lowerBound(length: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
