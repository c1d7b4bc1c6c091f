import { countOf, formatDuration } from '../format.ts';
import { formatRoute } from '../address.ts';
import { type Happening, happenings } from '../state.ts';
import { useStore } from '../store.ts';
import type { Decision } from '../../../../core/event-source-mapping/decision.ts';
import { ShardName } from './names.tsx';
import { Empty } from './notice.tsx';

/** What did not go smoothly, the latest first. */
export function Happenings() {
  const list = useStore(happenings);
  if (list.length === 0) return <Empty>Nothing out of the ordinary since this page was opened.</Empty>;
  return (
    <ol class="happenings" aria-label="What happened, the latest first">
      {list.map((happening) => (
        <li key={happening.id}>
          <Sentence happening={happening} />
        </li>
      ))}
    </ol>
  );
}

function Sentence({ happening }: { happening: Happening }) {
  const { mapping, shardId, records } = happening.event;
  return (
    <>
      <strong>{mapping}</strong>, <ShardName id={shardId} />: {countOf(records, 'record')}{' '}
      {happening.type === 'invocation' ? (
        decisionWords(happening.event.decision)
      ) : (
        <>
          given up ({happening.event.condition}).{' '}
          <a href={formatRoute('archive', { of: 'failures', key: happening.event.key })}>
            The failure destination has them
          </a>
          .
        </>
      )}
    </>
  );
}

function decisionWords(decision: Decision): string {
  switch (decision.type) {
    case 'advance':
      return 'done.';
    case 'retry': {
      const front = decision.done > 0 ? `in part: the first ${decision.done} done, the rest ` : '';
      return `${front === '' ? 'failed, ' : front}tried again after ${formatDuration(decision.delayMillis)}.`;
    }
    case 'bisect':
      return `failed, split in two: the first ${decision.leftCount} next.`;
    case 'give-up':
      return `failed for the last time (${decision.condition}).`;
  }
}
