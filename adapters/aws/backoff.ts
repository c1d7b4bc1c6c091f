/**
 * Retrying inside the time that is left: exponential back-off with full jitter, as the AWS SDKs and
 * "Exponential Backoff And Jitter" (AWS Architecture Blog) have it, but held to the deadline of the call.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock, EpochMillis } from '../../core/ports.ts';
import { isMistake } from './translate-error.ts';

/** Limits per second fill up again within one. */
const FIRST_PAUSE_MILLIS = 50;
const LONGEST_PAUSE_MILLIS = 3_000;
/**
 * A call gets at least this long, since one that is cut off may have done its work unseen. By so much a call may outlive
 * the deadline; none starts behind it.
 */
const LEAST_CALL_MILLIS = 100;
/** setTimeout takes no more. */
const LONGEST_TIMER_MILLIS = 2 ** 31 - 1;

export interface BackoffOptions {
  readonly clock: Clock;
  /** From 0 to below 1, for the jitter. */
  readonly random?: () => number;
  /** Waits between tries. */
  readonly sleep?: (millis: number) => Promise<unknown>;
}

/** There was no time left for a first try. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
}

/**
 * How long to wait before a retry, in milliseconds.
 * @param failures How often it was tried in vain, from 1 on.
 * @param left Time until the deadline. The last try comes so early before it that a call fits in.
 * @returns `undefined` where no time is left for a try.
 */
export function pauseBefore(failures: number, random: () => number, left: number): number | undefined {
  if (left <= LEAST_CALL_MILLIS) return undefined;
  const longest = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS * 2 ** failures);
  return Math.max(1, Math.min(random() * longest, left - LEAST_CALL_MILLIS));
}

export class Backoff {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #sleep: (millis: number) => Promise<unknown>;

  constructor({ clock, random = Math.random, sleep = pause }: BackoffOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#sleep = sleep;
  }

  now(): EpochMillis {
    return this.#clock.now();
  }

  /** Waits before a retry; answers false, without waiting, where the deadline leaves no time for one. */
  async pause(failures: number, deadline: EpochMillis): Promise<boolean> {
    const millis = pauseBefore(failures, this.#random, deadline - this.now());
    if (millis === undefined) return false;
    await this.#sleep(millis);
    return true;
  }

  /** Aborts a single call that would outlive the deadline by much. @throws DeadlineExceeded where it has passed. */
  signal(deadline: EpochMillis): AbortSignal {
    const left = deadline - this.now();
    if (left <= 0) throw new DeadlineExceeded('the deadline had passed before the call');
    return AbortSignal.timeout(Math.min(Math.ceil(Math.max(left, LEAST_CALL_MILLIS)), LONGEST_TIMER_MILLIS));
  }

  /** Tries until it works, until no retry can mend it, or until the deadline; then throws the last error. */
  async retry<Result>(deadline: EpochMillis, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await work(this.signal(deadline));
      } catch (error) {
        if (isMistake(error) || !(await this.pause(failures, deadline))) throw error;
      }
    }
  }
}
