import { findDays, MAX_DAYS } from '../days.ts';
import { useAfter, useAnswer } from '../hooks.ts';
import type { LiveEvents } from '../live-events.ts';
import { formatRoute, type ViewName } from '../address.ts';
import { Failure } from './notice.tsx';

interface DaysProps {
  readonly view: ViewName;
  readonly chosen: string | undefined;
  readonly days: readonly string[];
}

/** Links to the UTC days on which something is there, the latest first. */
export function Days({ view, chosen, days }: DaysProps) {
  return (
    <nav class="days" aria-label="Days, UTC">
      <ul>
        {days.map((day) => (
          <li key={day}>
            <a href={formatRoute(view, { day })} aria-current={day === chosen ? 'true' : undefined}>
              {day}
            </a>
          </li>
        ))}
      </ul>
      {days.length === MAX_DAYS && <p class="hint">The first {MAX_DAYS} days.</p>}
    </nav>
  );
}

/** The days of keys, asked for again after an event says that something has come. */
export function useDays(
  key: string,
  event: keyof LiveEvents,
  firstKeyAfter: (after: string | undefined, signal: AbortSignal) => Promise<string | undefined>,
) {
  const answer = useAnswer(`days of ${key}`, (signal) => findDays((after) => firstKeyAfter(after, signal)));
  useAfter([event], 2_000, answer.reload);
  return { ...answer, failure: <Failure error={answer.error} /> };
}
