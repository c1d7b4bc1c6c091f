/** The machine's clock, moved forward as often as someone likes: to see records expire and midnight pass. Never back. */
import { InvalidRequest } from '../../core/errors.ts';
import type { Clock, EpochMillis } from '../../core/ports.ts';
import { LATEST } from '../../core/timestamp.ts';

/** The table holds timestamps up to the end of 9999: a server does not run for a year past that. */
const MARGIN_MILLIS = 365 * 86_400_000;

export class VirtualClock implements Clock {
  readonly #clock: Clock;
  readonly #listeners: (() => void)[] = [];
  #offsetMillis = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): EpochMillis {
    return this.#clock.now() + this.#offsetMillis;
  }

  /** How far this clock is ahead of the machine's. */
  get offsetMillis(): number {
    return this.#offsetMillis;
  }

  /** Calls the listener after every move: what waits for a time has to look at the clock again. */
  onMove(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** @throws InvalidRequest for what does not lead forward. */
  advance(millis: number): void {
    if (!(Number.isFinite(millis) && millis > 0)) {
      throw new InvalidRequest('advanceSeconds', 'must be more than 0: the clock can only be moved forward');
    }
    if (this.now() + millis > LATEST - MARGIN_MILLIS) {
      throw new InvalidRequest(
        'advanceSeconds',
        'would move the clock beyond the year 9998; restart the server instead',
      );
    }
    this.#offsetMillis += millis;
    for (const listener of this.#listeners) listener();
  }
}
