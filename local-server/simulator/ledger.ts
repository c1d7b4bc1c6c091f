import { compareSequenceNumbers } from '../../core/sequence-number.ts';

/** What a record of the archive is to the run: seen for the first time, seen before (archived objects may overlap), or none of its own. */
export type Finding = 'first' | 'again' | 'stranger';

/** `unannounced`: archived, though the server's answer to it never came through. */
const State = { empty: 0, accepted: 1, archived: 2, unannounced: 3 };

/**
 * The sequence numbers that the server gave to what it accepted, to be found again in the archive. Numbers have 56
 * digits and there may be millions of them, so each is kept as a 64-bit fingerprint of shard and number in a hash table
 * with open addressing, 26–52 bytes a record. That a lost one of a million hides behind the fingerprint of another has
 * a chance below 10^-13.
 */
export class Ledger {
  #table = new Table(1_024);
  readonly #givenTwice: number[] = [];
  readonly #ranges = new Map<string, { least: string; most: string }>();

  /**
   * @param payload Its index in the plan, below 2^32.
   * @returns whether the record had been found before its sender heard that it was accepted.
   */
  accept(shardId: string, sequenceNumber: string, payload: number): boolean {
    const slot = this.#table.slotOf(shardId, sequenceNumber);
    const wasFound = this.#table.states[slot] === State.unannounced;
    if (this.#table.states[slot] === State.empty) this.#table.fill(slot, State.accepted, payload);
    else if (wasFound) this.#table.announce(slot, payload);
    else this.#givenTwice.push(payload); // One number cannot keep two records: this one is lost.
    this.#growIfFull();

    const range = this.#ranges.get(shardId);
    if (range === undefined) this.#ranges.set(shardId, { least: sequenceNumber, most: sequenceNumber });
    else if (compareSequenceNumbers(sequenceNumber, range.least) < 0) range.least = sequenceNumber;
    else if (compareSequenceNumbers(sequenceNumber, range.most) > 0) range.most = sequenceNumber;
    return wasFound;
  }

  /** A record of the archive. @param stamped Whether it carries the stamps of this run. */
  find(shardId: string, sequenceNumber: string, stamped: boolean): Finding {
    const slot = this.#table.slotOf(shardId, sequenceNumber);
    const state = this.#table.states[slot];
    if (state === State.accepted) {
      this.#table.states[slot] = State.archived;
      return 'first';
    }
    if (state !== State.empty) return 'again';
    if (!stamped) return 'stranger';
    this.#table.fill(slot, State.unannounced, 0);
    this.#growIfFull();
    return 'first';
  }

  /** To look through the archive once more. */
  forgetFindings(): void {
    const table = new Table(this.#table.size);
    this.#table.states.forEach((state, slot) => {
      if (state === State.accepted || state === State.archived) table.copy(this.#table, slot, State.accepted);
    });
    this.#table = table;
  }

  /** Whether records of this run may be among those from `first` to `last` of some shard. */
  mayHold(first: string, last: string): boolean {
    return [...this.#ranges.values()].some(
      ({ least, most }) => compareSequenceNumbers(first, most) <= 0 && compareSequenceNumbers(last, least) >= 0,
    );
  }

  /** How many were accepted and found, and found without having been announced; which payloads were accepted and not found. */
  balance(): { readonly archived: number; readonly unannounced: number; readonly lost: readonly number[] } {
    let archived = 0;
    let unannounced = 0;
    const lost = [...this.#givenTwice];
    this.#table.states.forEach((state, slot) => {
      if (state === State.archived) archived++;
      else if (state === State.unannounced) unannounced++;
      else if (state === State.accepted) lost.push(this.#table.payloads[slot] ?? 0);
    });
    return { archived, unannounced, lost: lost.sort((a, b) => a - b) };
  }

  #growIfFull(): void {
    if (this.#table.used * 2 > this.#table.size) this.#table = this.#table.doubled();
  }
}

/** Columns of typed arrays: no object per record. */
class Table {
  readonly size: number;
  readonly states: Uint8Array;
  readonly payloads: Uint32Array;
  used = 0;
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;
  readonly #sought = { high: 0, low: 0 };

  /** @param size A power of two. */
  constructor(size: number) {
    this.size = size;
    this.states = new Uint8Array(size);
    this.payloads = new Uint32Array(size);
    this.#high = new Uint32Array(size);
    this.#low = new Uint32Array(size);
  }

  /** The slot of this number, or the empty one that it would take. */
  slotOf(shardId: string, sequenceNumber: string): number {
    const sought = this.#sought;
    sought.high = 0x9e3779b9;
    sought.low = 0x85ebca6b;
    this.#mix(shardId);
    this.#mix(sequenceNumber);
    return this.#probe(sought.high >>> 0, sought.low >>> 0);
  }

  /** Takes the empty slot that `slotOf` has just given. */
  fill(slot: number, state: number, payload: number): void {
    this.#put(slot, this.#sought.high >>> 0, this.#sought.low >>> 0, state, payload);
  }

  announce(slot: number, payload: number): void {
    this.states[slot] = State.archived;
    this.payloads[slot] = payload;
  }

  doubled(): Table {
    const larger = new Table(this.size * 2);
    this.states.forEach((state, slot) => {
      if (state !== State.empty) larger.copy(this, slot, state);
    });
    return larger;
  }

  copy(source: Table, slot: number, state: number): void {
    const high = source.#high[slot] ?? 0;
    const low = source.#low[slot] ?? 0;
    this.#put(this.#probe(high, low), high, low, state, source.payloads[slot] ?? 0);
  }

  #put(slot: number, high: number, low: number, state: number, payload: number): void {
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.states[slot] = state;
    this.payloads[slot] = payload;
    this.used++;
  }

  #probe(high: number, low: number): number {
    let slot = low & (this.size - 1);
    while (this.states[slot] !== State.empty && (this.#high[slot] !== high || this.#low[slot] !== low)) {
      slot = (slot + 1) & (this.size - 1);
    }
    return slot;
  }

  /** Two independent multiply-and-shift hashes (FNV-1a's step with an avalanche), one per half of the fingerprint. */
  #mix(text: string): void {
    let { high, low } = this.#sought;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      high = Math.imul(high ^ code, 0x01000193);
      high ^= high >>> 15;
      low = Math.imul(low ^ code, 0x2c1b3c6d);
      low ^= low >>> 13;
    }
    this.#sought.high = high;
    this.#sought.low = low;
  }
}
