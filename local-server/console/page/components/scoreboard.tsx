import type { ComponentChildren } from 'preact';
import { countOf, formatCount, formatDuration } from '../format.ts';
import { formatRoute } from '../address.ts';
import { scoreboard } from '../state.ts';
import { useStore } from '../store.ts';
import type { Scoreboard as State } from '../wire.ts';
import { Connection } from './connection.tsx';
import { Mark } from './notice.tsx';

/** Where the readings of this run are: counted from what the archive, the table and the quarantine hold. */
export function Scoreboard() {
  const state = useStore(scoreboard);
  const run = state?.run ?? undefined;
  return (
    <aside class="scoreboard" aria-label="Scoreboard">
      {state === undefined || run === undefined ? (
        <>
          <Connection />
          <p>
            <strong>Nothing lost, nothing sent.</strong> <a href={formatRoute('devices')}>Start a fleet</a>, and this
            line counts where its readings are.
          </p>
        </>
      ) : (
        <>
          <Loss state={state} />
          <Connection />
          <dl>
            <Count name="Sent" of={state.sent} about="By the fleet, duplicates and bad payloads included." />
            <Count name="Archived" of={state.archived} about="Different readings of this run that the archive holds." />
            <Count name="Stored" of={state.stored} about="Readings of this run that the table holds." />
            <Count
              name="Quarantined"
              of={state.quarantined}
              about="Kept whole with the reason, as they are no readings."
            />
            {state.refused > 0 && (
              <Count name="Refused" of={state.refused} about="Refused at the door, and the sender knows." />
            )}
            {state.givenUp > 0 && (
              <Count name="Given up" of={state.givenUp} about="Kept whole by the failure destination." />
            )}
            <Count
              name="On the way"
              of={state.pending}
              about="Accepted, and the consumers have not come to them yet."
            />
            <Count name="Duplicates dropped" of={state.duplicatesDropped} about="Sent again, and kept once." />
            <Count name="Out of order" of={state.outOfOrder} about="Arrived after a reading that was taken later." />
            <Cell name="Latency p50 / p99" about="From sending to the table.">
              {state.latencyMillis === null
                ? '–'
                : `${formatDuration(state.latencyMillis.p50)} / ${formatDuration(state.latencyMillis.p99)}`}
            </Cell>
          </dl>
        </>
      )}
    </aside>
  );
}

function Loss({ state: { lost, accepted, missingInTable } }: { state: State }) {
  const words = [
    lost > 0 ? `${countOf(lost, 'reading')} lost` : '0 lost',
    ...(missingInTable > 0 ? [`${formatCount(missingInTable)} not in the table`] : []),
  ];
  const isBad = lost > 0 || missingInTable > 0;
  return (
    <p class={`loss ${isBad ? 'bad' : 'good'}`} role="status" data-lost={lost}>
      <Mark sign={isBad ? '✕' : '✓'} />
      {words.join(', ')}
      <span class="of"> of {formatCount(accepted)} accepted</span>
    </p>
  );
}

function Count({ name, of, about }: { name: string; of: number; about: string }) {
  return (
    <Cell name={name} about={about}>
      {formatCount(of)}
    </Cell>
  );
}

function Cell({ name, about, children }: { name: string; about: string; children: ComponentChildren }) {
  return (
    <div title={about}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
