/**
 * What Kinesis lets one shard take: 1,000 records and 1 MB a second, data and partition keys (CreateStream). A token
 * bucket that holds one second's worth. 1 MB is 1 MiB here, so that a record of 1 MiB passes a full bucket.
 *
 * A record that is larger than the bucket passes a full one too and leaves it in debt: the shard bursts once and averages
 * 1 MiB a second ("Handle large records" in the Developer Guide: the tank is depleted, then refills at a steady rate).
 */
import type { EpochMillis } from '../../core/ports.ts';

const RECORDS_PER_SECOND = 1_000;
const BYTES_PER_SECOND = 1_048_576;

export class WriteLimit {
  #records = RECORDS_PER_SECOND;
  #bytes = BYTES_PER_SECOND;
  #filledAt: EpochMillis;

  constructor(now: EpochMillis) {
    this.#filledAt = now;
  }

  /** Takes the tokens for one record, or none and answers false where they do not suffice. */
  take(bytes: number, now: EpochMillis): boolean {
    this.#fill(now);
    if (this.#records < 1 || this.#bytes < Math.min(bytes, BYTES_PER_SECOND)) return false;
    this.#records -= 1;
    this.#bytes -= bytes;
    return true;
  }

  #fill(now: EpochMillis): void {
    // A clock that goes backwards brings no tokens and takes none.
    const seconds = Math.max(0, now - this.#filledAt) / 1_000;
    this.#filledAt = now;
    this.#records = Math.min(RECORDS_PER_SECOND, this.#records + seconds * RECORDS_PER_SECOND);
    this.#bytes = Math.min(BYTES_PER_SECOND, this.#bytes + seconds * BYTES_PER_SECOND);
  }
}
