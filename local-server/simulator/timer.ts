import { setTimeout as sleep } from 'node:timers/promises';

/** Time as the simulator sees it, so that a test can run a day in no time. */
export interface Timer {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Resolves after `millis`, or as soon as the signal aborts: the caller looks at the signal. */
  sleep(millis: number, signal: AbortSignal): Promise<void>;
}

export const systemTimer: Timer = {
  now: () => performance.now(),
  sleep: (millis, signal) => sleep(millis, undefined, { signal }).catch(() => undefined),
};
