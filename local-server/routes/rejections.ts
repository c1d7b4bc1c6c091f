/** The rejected readings of a request: what of them is told, in bounded memory. */
import { canBeSentAgain, type RefusedReading } from '../../core/put-readings.ts';

/** Whoever sent more than this that is wrong learns no more from the next one. */
const MAX_TOLD = 100;

export class Rejections {
  readonly #told: RefusedReading[] = [];
  #invalid = 0;
  #retryable = 0;

  /** Readings that can be sent again are always kept: their sender must know which ones they are. */
  add(rejection: RefusedReading): void {
    if (canBeSentAgain(rejection)) {
      this.#retryable += 1;
      this.#told.push(rejection);
    } else {
      this.#invalid += 1;
      if (this.#invalid <= MAX_TOLD) this.#told.push(rejection);
    }
  }

  get count(): number {
    return this.#invalid + this.#retryable;
  }

  /** How many the stream may take when they are sent again. */
  get retryable(): number {
    return this.#retryable;
  }

  /** Whether some are not listed. */
  get capped(): boolean {
    return this.#invalid > MAX_TOLD;
  }

  /** Members of the answer. */
  told(): { rejectedCount: number; rejected: readonly RefusedReading[]; rejectedNote?: string } {
    const members = { rejectedCount: this.count, rejected: this.#told };
    if (!this.capped) return members;
    const rejectedNote = `${this.count} readings were rejected; ${this.count - this.#told.length} of them are not listed here.`;
    return { ...members, rejectedNote };
  }
}
