/**
 * Numbers as times. Devices send the time since 1970 in seconds, milliseconds, microseconds or nanoseconds, and seldom say in
 * which. From 2000 to a year after the arrival no two units overlap, so the size of the number tells its unit.
 */
import { type EpochMillis, formatTimestamp, isRecordable } from './timestamp.ts';

/** No device that sends readings measured earlier by its own clock: a clock that was never set starts at 1970 or 1980. */
const EARLIEST_MEASURED: EpochMillis = Date.UTC(2000, 0, 1);
const YEAR_MILLIS = 366 * 86_400_000;

interface Unit {
  readonly name: string;
  readonly toMillis: (count: number) => EpochMillis;
}

// Divided, not multiplied by 0.001, which is no double: whole milliseconds stay whole.
const units: readonly Unit[] = [
  { name: 'seconds', toMillis: (count) => count * 1_000 },
  { name: 'milliseconds', toMillis: (count) => count },
  { name: 'microseconds', toMillis: (count) => count / 1_000 },
  { name: 'nanoseconds', toMillis: (count) => count / 1_000_000 },
];

/**
 * The instant in the one unit that puts it between 2000 and a year after its arrival; `undefined` where no unit does.
 * Digits beyond milliseconds are cut off.
 */
export function epochInstant(count: number, arrivedAt: EpochMillis): EpochMillis | undefined {
  for (const { toMillis } of units) {
    const instant = Math.floor(toMillis(count));
    if (instant >= EARLIEST_MEASURED && instant <= latestMeasured(arrivedAt)) return instant;
  }
  return undefined;
}

/** The latest time that a number, or a date in digits only, can mean. */
export function latestMeasured(arrivedAt: EpochMillis): EpochMillis {
  return arrivedAt + YEAR_MILLIS;
}

/** For a message: `1970-01-02 in seconds, 1970-01-01 in milliseconds, …`. */
export function describeUnits(count: number): string {
  return units
    .map(({ name, toMillis }) => {
      const instant = Math.floor(toMillis(count));
      return `${isRecordable(instant) ? formatTimestamp(instant).slice(0, 10) : 'beyond the year 9999'} in ${name}`;
    })
    .join(', ');
}
