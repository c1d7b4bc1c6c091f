import type { Timer } from './timer.ts';

export interface Pace {
  /** Items per second; 0 for as fast as they are taken. */
  readonly rate: number;
  /** 0 for no end. */
  readonly durationSeconds: number;
  /** Most items. */
  readonly count?: number;
}

/**
 * Lets items through at an even rate. Whoever takes them too slowly gets the rest later, all of them: with a rate, the number of
 * items is rate × duration however fast the machine is, so that the same run can be run again. Ends early, without an
 * error, when the signal aborts.
 */
export async function* pace<Item>(
  items: AsyncIterable<Item>,
  { rate, durationSeconds, count = Infinity }: Pace,
  signal: AbortSignal,
  timer: Timer,
): AsyncGenerator<Item> {
  const limit = rate > 0 && durationSeconds > 0 ? Math.min(count, Math.ceil(rate * durationSeconds)) : count;
  const timeLimit = rate === 0 && durationSeconds > 0 ? durationSeconds * 1_000 : Infinity;
  const start = timer.now();
  let passed = 0;
  for await (const item of items) {
    const elapsed = timer.now() - start;
    const due = rate === 0 ? 0 : (passed * 1_000) / rate;
    if (elapsed < due) await timer.sleep(due - elapsed, signal);
    if (signal.aborted || elapsed >= timeLimit) return;
    yield item;
    if (++passed >= limit) return;
  }
}
