import { FixedClock } from './fixed-clock.ts';

/** A back-off that waits no time: the clock moves on instead. Jitter takes the middle. */
export function sleepless(now?: number): {
  readonly clock: FixedClock;
  readonly monotonic: () => number;
  readonly random: () => number;
  readonly sleep: (millis: number) => Promise<void>;
} {
  const clock = new FixedClock(now);
  return {
    clock,
    monotonic: () => clock.now(),
    random: () => 0.5,
    sleep: async (millis) => clock.advance(millis),
  };
}
