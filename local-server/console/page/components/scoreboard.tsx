import type { ComponentChildren } from 'preact';
import { countOf, formatCount, formatDuration } from '../format.ts';
import { scoreboard, scoreboardFailure } from '../state.ts';
import { useStore } from '../store.ts';
import type { Scoreboard as State } from '../wire.ts';
import { Connection } from './connection.tsx';
import { Mark } from './notice.tsx';
import { RestartNote, TrafficVerdict } from './traffic-verdict.tsx';

/** What is said of all traffic; and, where a fleet runs, where its readings are. */
export function Scoreboard() {
  const state = useStore(scoreboard);
  const failure = useStore(scoreboardFailure);
  const hasRun = state !== undefined && state.run !== null;
  return (
    <aside class="scoreboard" aria-label="Scoreboard">
      <TrafficVerdict />
      <Connection />
      <RestartNote />
      {failure !== undefined && (
        <p class="fleet-loss">
          <Mark sign="?" /> Fleet: cannot tell ({failure})
        </p>
      )}
      {failure === undefined && hasRun && (
        <>
          <FleetLoss state={state} />
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
            <Count
              name="Out of order"
              of={state.outOfOrder}
              about="Readings that the archive holds behind one that their device sent later. Delivery must not change the order of sending; timestamps that are out of order are not counted here."
            />
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

/** Green only where everything that was accepted has been found. */
function FleetLoss({ state: { lost, accepted, missingInTable, givenUp, pending } }: { state: State }) {
  const problems = [
    ...(lost > 0 ? [`${countOf(lost, 'reading')} lost`] : []),
    ...(missingInTable > 0 ? [`${formatCount(missingInTable)} not in the table`] : []),
    ...(givenUp > 0 ? [`${formatCount(givenUp)} given up`] : []),
  ];
  const isBad = problems.length > 0;
  const isBehind = !isBad && pending > 0;
  const words = isBad ? problems.join(', ') : isBehind ? `${formatCount(pending)} on the way` : 'all stored';
  return (
    <p class={`fleet-loss ${isBad ? 'bad' : isBehind ? 'behind' : 'good'}`} role="status" data-lost={lost}>
      <Mark sign={isBad ? '✕' : isBehind ? '…' : '✓'} /> Fleet: {words}
      <span class="of"> of {formatCount(accepted)} that the server took from it</span>
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
