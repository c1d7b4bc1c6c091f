/** The accepted readings of a request: what of them is told, in bounded memory. */
import type { AcceptedReading } from '../../core/put-readings.ts';
import { compareSequenceNumbers } from '../../core/sequence-number.ts';

/** A receipt for each, some 95 bytes, up to here: 64 MiB of short readings would have two million of them. */
const MAX_TOLD = 10_000;

/** What a shard took of the request. Between the two numbers there may be records of others. */
export interface AcceptedRange {
  readonly shardId: string;
  accepted: number;
  firstSequenceNumber: string;
  lastSequenceNumber: string;
}

export class Acceptances {
  readonly #told: AcceptedReading[] = [];
  readonly #ranges = new Map<string, AcceptedRange>();
  #count = 0;
  #readings = 0;
  #leftOut = 0;

  add(reading: AcceptedReading): void {
    this.#count += 1;
    this.#readings += reading.readings ?? 1;
    this.#leftOut += reading.leftOut ?? 0;
    if (this.#count <= MAX_TOLD) this.#told.push(reading);
    const { shardId, sequenceNumber } = reading;
    const range = this.#ranges.get(shardId);
    if (range === undefined) {
      this.#ranges.set(shardId, {
        ...{ shardId, accepted: 1, firstSequenceNumber: sequenceNumber, lastSequenceNumber: sequenceNumber },
      });
      return;
    }
    range.accepted += 1;
    // Mostly they grow; a record that was throttled first is taken later.
    if (isBefore(range.lastSequenceNumber, sequenceNumber)) range.lastSequenceNumber = sequenceNumber;
    else if (isBefore(sequenceNumber, range.firstSequenceNumber)) range.firstSequenceNumber = sequenceNumber;
  }

  /** Records. */
  get count(): number {
    return this.#count;
  }

  /** Readings of the records. */
  get readings(): number {
    return this.#readings;
  }

  /** Values of the records that can be no readings. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Whether some are not listed. */
  get capped(): boolean {
    return this.#count > MAX_TOLD;
  }

  /** The first ones, in the order sent. */
  get told(): readonly AcceptedReading[] {
    return this.#told;
  }

  /** Members of the answer that make up for what is not listed. */
  note(): { readonly recordsNote?: string; readonly ranges?: readonly AcceptedRange[] } {
    if (!this.capped) return {};
    return {
      recordsNote: `${this.#count} records were accepted; \`records\` lists the first ${MAX_TOLD}, \`ranges\` says where all of them are.`,
      ranges: [...this.#ranges.values()],
    };
  }
}

/** Numbers of one length, as a stream gives them, compare as text. */
function isBefore(a: string, b: string): boolean {
  return a.length === b.length ? a < b : compareSequenceNumbers(a, b) < 0;
}
