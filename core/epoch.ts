/**
 * Numbers as times. Devices send the time since 1970 in seconds, milliseconds, microseconds or nanoseconds, and seldom say in
 * which. From 2000 to a year after the arrival no two units overlap, so the size of the number tells its unit.
 */
import { finerThanMillis, type Moment } from './moment.ts';
import { type EpochMillis, formatTimestamp, isRecordable } from './timestamp.ts';

/** No device that sends readings measured earlier by its own clock: a clock that was never set starts at 1970 or 1980. */
const EARLIEST_MEASURED: EpochMillis = Date.UTC(2000, 0, 1);
const YEAR_MILLIS = 366 * 86_400_000;

interface Unit {
  readonly name: string;
  /** How many of it a second has, as a power of ten. */
  readonly power: number;
}

const units: readonly Unit[] = [
  { name: 'seconds', power: 0 },
  { name: 'milliseconds', power: 3 },
  { name: 'microseconds', power: 6 },
  { name: 'nanoseconds', power: 9 },
];

const decimal = /^(\d+)(?:\.(\d*))?$/;

/**
 * The moment in the one unit that puts it between 2000 and a year after its arrival; `undefined` where no unit does.
 * @param count A decimal number as it was written: a double has too few digits for nanoseconds. Digits beyond them are cut off.
 */
export function epochMoment(count: string, arrivedAt: EpochMillis): Moment | undefined {
  for (const { power } of units) {
    const instant = toMillis(Number(count), power);
    if (instant >= EARLIEST_MEASURED && instant <= latestMeasured(arrivedAt)) return momentOf(count, power);
  }
  return undefined;
}

/** Whether a number is whole milliseconds of such a time, as most devices send it: nothing is to be taken apart then. */
export function isMillis(count: number, arrivedAt: EpochMillis): boolean {
  return Number.isInteger(count) && count >= EARLIEST_MEASURED && count <= latestMeasured(arrivedAt);
}

/** Divided, not multiplied by 0.001, which is no double: whole milliseconds stay whole. */
function toMillis(count: number, power: number): EpochMillis {
  return Math.floor(power < 3 ? count * 1_000 : count / 10 ** (power - 3));
}

function momentOf(count: string, power: number): Moment {
  const [, whole, fraction = ''] = decimal.exec(count) ?? [];
  // Written with an exponent, it has no more digits than a double.
  if (whole === undefined) return { instant: toMillis(Number(count), power), finer: '' };
  const seconds = whole.slice(0, whole.length - power);
  const rest = `${whole.slice(whole.length - power)}${fraction}`.padEnd(3, '0');
  return { instant: Number(seconds) * 1_000 + Number(rest.slice(0, 3)), finer: finerThanMillis(rest) };
}

/** The latest time that a number, or a date in digits only, can mean. */
export function latestMeasured(arrivedAt: EpochMillis): EpochMillis {
  return arrivedAt + YEAR_MILLIS;
}

/** For a message: `1970-01-02 in seconds, 1970-01-01 in milliseconds, …`. */
export function describeUnits(count: number): string {
  return units
    .map(({ name, power }) => {
      const instant = toMillis(count, power);
      return `${isRecordable(instant) ? formatTimestamp(instant).slice(0, 10) : 'beyond the year 9999'} in ${name}`;
    })
    .join(', ');
}
