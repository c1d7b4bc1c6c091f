import type { Clock, EpochMillis } from '../../core/ports.ts';

/** A clock that stands still until a test moves it. */
export class FixedClock implements Clock {
  #now: EpochMillis;

  constructor(now: EpochMillis = Date.UTC(2026, 0, 15, 12)) {
    this.#now = now;
  }

  now(): EpochMillis {
    return this.#now;
  }

  set(now: EpochMillis): void {
    this.#now = now;
  }

  /** Also backwards, with a negative number. */
  advance(millis: number): void {
    this.#now += millis;
  }
}
