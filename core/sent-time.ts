/**
 * A time as somebody sent it: in a reading, in a query, in a file. It is text in ISO 8601 (`timestamp.ts`) or a number
 * since 1970 (`epoch.ts`), and every door reads it by this one rule.
 *
 * Text of digits is a number too, since devices that send their values as text send their clock so. Where no unit puts the
 * number between 2000 and a year after its arrival, 8, 12 or 14 digits are the date `YYYYMMDD`, `YYYYMMDDhhmm` or
 * `YYYYMMDDhhmmss`. With a time of day the date must be from 1970 to a year after its arrival: trackers send `YYMMDDhhmmss`,
 * which would otherwise be a date in the year 2401.
 */
import { describeUnits, epochInstant, latestMeasured } from './epoch.ts';
import { type EpochMillis, isRecordable, parseTimestamp } from './timestamp.ts';

/** The instant, or the rule that the sent time breaks: `must be …`. */
export type SentTime =
  { readonly ok: true; readonly instant: EpochMillis } | { readonly ok: false; readonly rule: string };

const number = /^\d+(?:\.\d*)?(?:[eE]\+?\d+)?$/;
const compactDate = /^(\d{8})(\d{4}(?:\d\d)?)$/;

/** @param arrivedAt When the time was sent. It decides the unit of a number. */
export function readSentTime(sent: unknown, arrivedAt: EpochMillis): SentTime {
  if (typeof sent === 'number') return readNumber(sent, arrivedAt);
  if (typeof sent !== 'string') return notATime;
  const text = sent.trim();
  if (number.test(text)) return readDigits(text, arrivedAt);
  const instant = parseTimestamp(text);
  if (instant === undefined) return notATime;
  return isRecordable(instant) ? { ok: true, instant } : outOfYears;
}

const notATime: SentTime = {
  ok: false,
  rule: 'must be an ISO 8601 date and time, or seconds, milliseconds, microseconds or nanoseconds since 1970',
};

const outOfYears: SentTime = { ok: false, rule: 'must be in the years 1 to 9999 (UTC)' };

function readDigits(text: string, arrivedAt: EpochMillis): SentTime {
  const result = readNumber(Number(text), arrivedAt);
  if (result.ok) return result;
  const [, day, clock] = compactDate.exec(text) ?? [];
  const instant = parseTimestamp(day === undefined ? text : `${day}T${clock}`);
  if (instant === undefined) return result;
  const known = day === undefined || (instant >= 0 && instant <= latestMeasured(arrivedAt));
  return known ? { ok: true, instant } : result;
}

function readNumber(count: number, arrivedAt: EpochMillis): SentTime {
  const instant = epochInstant(count, arrivedAt);
  if (instant !== undefined) return { ok: true, instant };
  if (!Number.isFinite(count)) return notATime;
  return {
    ok: false,
    rule: `must be a number of a time from 2000 to a year ahead (it is ${describeUnits(count)})`,
  };
}
