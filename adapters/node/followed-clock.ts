/**
 * A steady clock for times that the machine's own clock gave. That clock may be set: by NTP, by hand, or after a boot without a
 * battery; and it runs on while the machine sleeps. This one runs on a counter that nobody sets, watches by how much the two
 * differ, and remembers each step. So it can tell how long ago a time was given, also where the clock was set since.
 */
import type { Clock, EpochMillis, SteadyClock } from '../../core/ports.ts';

/** Between two steps: the clock was ahead of the counter by this much, and showed the times from `start` to `end` at most. */
interface Stretch {
  readonly aheadMillis: number;
  readonly start: EpochMillis;
  /** `undefined` for the stretch that goes on. */
  readonly end?: EpochMillis;
}

/** A smaller difference is the clock being slewed, or the two not being read at once. */
const STEP_MILLIS = 1_000;
/** A clock that is set more often keeps the latest; older times count as given just before these. */
const MOST_STRETCHES = 1_000;

export class FollowedClock implements SteadyClock {
  readonly #clock: Clock;
  readonly #counter: () => number;
  /** What the counter is taken to show: the time at the start, so that people can read it. */
  readonly #offset: number;
  /** The newest in front. */
  #stretches: readonly Stretch[];
  /** When the clock was looked at last: it was set after that. */
  #observed: EpochMillis;

  /** @param counter Milliseconds that never jump. */
  constructor(clock: Clock, counter: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#counter = counter;
    const start = clock.now();
    this.#offset = start - counter();
    this.#observed = start;
    this.#stretches = [{ aheadMillis: 0, start: -Infinity }];
  }

  now(): EpochMillis {
    const now = this.#counter() + this.#offset;
    const shown = this.#clock.now();
    const [newest] = this.#stretches;
    if (newest !== undefined && Math.abs(shown - now - newest.aheadMillis) >= STEP_MILLIS) {
      this.#stretches = [
        { aheadMillis: shown - now, start: this.#observed + shown - now - STEP_MILLIS },
        { ...newest, end: now + newest.aheadMillis },
        ...this.#stretches.slice(1),
      ].slice(0, MOST_STRETCHES);
    }
    this.#observed = now;
    return now;
  }

  /** Where the clock showed a time twice, because it was set back, the later moment: what is fresh never counts as old. */
  momentOf(time: EpochMillis): EpochMillis {
    const now = this.now();
    for (const { aheadMillis, start, end } of this.#stretches) {
      const latest = (end ?? now + aheadMillis) + STEP_MILLIS;
      if (time >= start && time <= latest) return time - aheadMillis;
    }
    // A time that the clock leapt over, or one to come.
    const before = this.#stretches.find(({ start }) => time >= start) ?? this.#stretches.at(-1);
    return Math.min(time, before?.end ?? Infinity) - (before?.aheadMillis ?? 0);
  }

  stamp(): EpochMillis {
    return this.#clock.now();
  }
}
