import type { Clock, SteadyClock } from './ports.ts';

/** A clock that nobody sets, such as that of a test: it is its own steady clock, and that of the stream. */
export function neverSet(clock: Clock): SteadyClock {
  const now = () => clock.now();
  return { now, momentOf: (arrivedAt) => arrivedAt, stamp: now };
}
