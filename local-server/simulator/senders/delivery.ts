import { SimulationFailed } from '../errors.ts';
import type { Timer } from '../timer.ts';
import { Interrupted, type Message, type Outcome } from './sender.ts';

export interface RetryPolicy {
  /** Tries in a row that get nothing through, before the server is taken for gone. */
  readonly tries: number;
  readonly baseMillis: number;
  readonly capMillis: number;
  readonly timer: Timer;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Told of every retry. */
  readonly onRetry?: () => void;
}

/** What one try comes to for a message: settled, or not taken this time, and why. */
export type Answer = Outcome | { readonly retry: string };

/**
 * Tries until every message is settled; only what was not taken is sent again (so it may come out of order). The waits
 * grow exponentially with full jitter, so that lanes do not come back in step.
 *
 * @param tryOnce One request; answers per message, in the order given.
 * @throws SimulationFailed when too many tries in a row got nothing through. @throws Interrupted on abort.
 */
export async function deliver(
  messages: readonly Message[],
  tryOnce: (messages: readonly Message[]) => Promise<readonly Answer[]>,
  { tries, baseMillis, capMillis, timer, random, onRetry }: RetryPolicy,
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  let open = messages.map((message, index) => ({ message, index }));
  let inVain = 0;
  for (;;) {
    const answers = await tryOnce(open.map(({ message }) => message));
    let problem = 'no answer';
    const left = open.filter(({ index }, position) => {
      const answer = answers[position];
      if (answer !== undefined && 'accepted' in answer) {
        outcomes[index] = answer;
        return false;
      }
      problem = answer?.retry ?? problem;
      return true;
    });
    if (left.length === 0) return outcomes;

    inVain = left.length < open.length ? 0 : inVain + 1;
    if (inVain >= tries) throw new SimulationFailed(`gave up after ${tries} tries: ${problem}`);
    await timer.sleep(random() * Math.min(capMillis, baseMillis * 2 ** inVain), signal);
    if (signal.aborted) throw new Interrupted(problem, outcomes);
    onRetry?.();
    open = left;
  }
}
