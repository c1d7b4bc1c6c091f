/** Tells how full the stores in memory are: as a problem while nothing is taken, else in the log. */
import type { BudgetStatistics, FillState } from '../../adapters/memory/memory-budget.ts';
import type { Logger } from '../../handlers/logger.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import type { Problems } from './problems.ts';

const WHAT = 'memory';

interface Tellers {
  readonly problems: Problems;
  readonly log: Logger;
}

/** Called where the state has changed, and after each trim. */
export function tellMemory(statistics: BudgetStatistics, before: FillState, { problems, log }: Tellers): void {
  const { state, reason, onFull, stores, trimmedBefore } = statistics;
  if (state === 'full') problems.met(WHAT, reason ?? 'The memory of this server is full.');
  else problems.over(WHAT);
  if (trimmedBefore !== undefined) {
    const dropped = stores.filter(({ trimmedItems }) => trimmedItems > 0);
    const counts = dropped.map(({ store, trimmedItems, holds }) => `${trimmedItems} ${holds} of the ${store}`);
    log.warn(
      { what: WHAT },
      `To make room (--on-full trim), everything that arrived before ${formatTimestamp(trimmedBefore)} was dropped: ${counts.join(', ')} since the start.`,
    );
  } else if (state === 'filling' && before === 'room') {
    log.warn({ what: WHAT }, `${describeFill(statistics)} ${next[onFull]}`);
  }
}

const next = {
  refuse: 'When they are full, no more readings are taken (--memory-mib, --on-full).',
  trim: 'From now on the oldest is dropped to make room (--on-full trim).',
};

function describeFill({ usedBytes, limitBytes }: BudgetStatistics): string {
  return `The stores take ${Math.round(usedBytes / 1_048_576)} of ${Math.round(limitBytes / 1_048_576)} MiB.`;
}
