/**
 * Retrying inside the time that is left: exponential back-off with full jitter, as the AWS SDKs and
 * "Exponential Backoff And Jitter" (AWS Architecture Blog) have it, but held to the time that is left for the call.
 *
 * Time is that of a monotonic clock: the system's clock may be set back an hour in the middle of a call.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { isMistake } from './translate-error.ts';

/** Limits per second fill up again within one. */
const FIRST_PAUSE_MILLIS = 50;
const LONGEST_PAUSE_MILLIS = 3_000;
/** See `leastCallMillis`. */
const LEAST_CALL_MILLIS = 100;
/** setTimeout takes no more. */
const LONGEST_TIMER_MILLIS = 2 ** 31 - 1;

/** Milliseconds left, at the moment of asking (`CallOptions.remainingMillis`). */
export type RemainingMillis = () => number;

export interface BackoffOptions {
  /**
   * A request gets at least so many milliseconds (100 unless given), since one that is cut off may have done its work unseen. By
   * so much a call may outlive the time that it was given.
   */
  readonly leastCallMillis?: number;
  /** Milliseconds since any moment, which never go back; those of the process unless given. */
  readonly monotonic?: () => number;
  /** From 0 to below 1, for the jitter. */
  readonly random?: () => number;
  /** Waits between tries. */
  readonly sleep?: (millis: number) => Promise<unknown>;
}

/** A call has more requests than there was time for. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';

  constructor() {
    super('no time was left for the request');
  }
}

/**
 * How long to wait before a retry, in milliseconds.
 * @param failures How often it was tried in vain, from 1 on.
 * @param left Time that is left. The last try comes so early before its end that a request fits in.
 * @param leastCallMillis What a request gets at least.
 * @returns `undefined` where no time is left for a try.
 */
export function pauseBefore(
  failures: number,
  random: () => number,
  left: number,
  leastCallMillis = LEAST_CALL_MILLIS,
): number | undefined {
  if (left <= leastCallMillis) return undefined;
  const longest = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS * 2 ** failures);
  return Math.max(1, Math.min(random() * longest, left - leastCallMillis));
}

export class Backoff {
  readonly #leastCallMillis: number;
  readonly #monotonic: () => number;
  readonly #random: () => number;
  readonly #sleep: (millis: number) => Promise<unknown>;

  constructor({
    leastCallMillis = LEAST_CALL_MILLIS,
    monotonic = () => performance.now(),
    random = Math.random,
    sleep = pause,
  }: BackoffOptions = {}) {
    this.#leastCallMillis = leastCallMillis;
    this.#monotonic = monotonic;
    this.#random = random;
    this.#sleep = sleep;
  }

  /** What is left of a time that begins now. */
  countDown(millis: number): RemainingMillis {
    const end = this.#monotonic() + millis;
    return () => end - this.#monotonic();
  }

  /** Waits before a retry; answers false, without waiting, where too little time is left for one. */
  async pause(failures: number, remaining: RemainingMillis): Promise<boolean> {
    const millis = pauseBefore(failures, this.#random, remaining(), this.#leastCallMillis);
    if (millis === undefined) return false;
    await this.#sleep(millis);
    return true;
  }

  /** Aborts a single request that would take much longer than what is left. */
  signal(remaining: RemainingMillis): AbortSignal {
    return AbortSignal.timeout(Math.min(Math.ceil(Math.max(remaining(), this.#leastCallMillis)), LONGEST_TIMER_MILLIS));
  }

  /** Tries once, and again until it works, until no retry can mend it, or while time is left; then throws the last error. */
  async retry<Result>(remaining: RemainingMillis, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await work(this.signal(remaining));
      } catch (error) {
        if (isMistake(error) || !(await this.pause(failures, remaining))) throw error;
      }
    }
  }
}
