import type { ReadingFlag } from '../../../../core/reading.ts';
import { formatValue } from '../format.ts';
import type { Reading } from '../wire.ts';

/** What people read of a flag, and what it means. */
const flagWords: Readonly<Record<ReadingFlag, readonly [word: string, meaning: string]>> = {
  'arrival-time': ['no time', 'The reading brought no time. It has the time of its arrival.'],
  'far-past': ['far past', 'The time is more than two weeks before the arrival: a backlog, or a wrong clock.'],
  'far-future': ['far future', 'The time is more than two hours after the arrival: the clock of the device is wrong.'],
  inexact: ['inexact', 'More digits were sent than the value has. The archive has all of them.'],
};

/** A value with its unit, and with what is to be known before it is trusted. */
export function Measured({ reading: { value, unit, flags = [] } }: { reading: Reading }) {
  return (
    <>
      {flags.map((flag) => (
        <>
          <span class="flag" title={flagWords[flag][1]}>
            {flagWords[flag][0]}
          </span>{' '}
        </>
      ))}
      {formatValue(value)}
      {unit !== undefined && <span class="unit"> {unit}</span>}
    </>
  );
}
