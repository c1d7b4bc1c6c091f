/**
 * A time as somebody sent it: in a reading, in a query, in a file. It is text in ISO 8601 (`iso-8601.ts`) or a number
 * since 1970 (`epoch.ts`), and every door reads it by this one rule.
 *
 * Text of digits is a number too, since devices that send their values as text send their clock so. Where no unit puts the
 * number between 2000 and a year after its arrival, 8, 12 or 14 digits are the date `YYYYMMDD`, `YYYYMMDDhhmm` or
 * `YYYYMMDDhhmmss`. With a time of day the date must be from 1970 to a year after its arrival: trackers send `YYMMDDhhmmss`,
 * which would otherwise be a date in the year 2401.
 */
import { describeUnits, epochMoment, isMillis, latestMeasured } from './epoch.ts';
import { parseIso8601 } from './iso-8601.ts';
import type { Moment } from './moment.ts';
import { type EpochMillis, isRecordable } from './timestamp.ts';

/** The moment, or the rule that the sent time breaks: `must be …`. */
export type SentTime = ({ readonly ok: true } & Moment) | { readonly ok: false; readonly rule: string };

const number = /^\d+(?:\.\d*)?(?:[eE]\+?\d+)?$/;
const compactDate = /^(\d{8})(\d{4}(?:\d\d)?)$/;

/** @param arrivedAt When the time was sent. It decides the unit of a number. */
export function readSentTime(sent: unknown, arrivedAt: EpochMillis): SentTime {
  if (typeof sent === 'number') {
    return isMillis(sent, arrivedAt) ? { ok: true, instant: sent, finer: '' } : readNumber(String(sent), arrivedAt);
  }
  if (typeof sent !== 'string') return notATime;
  const text = sent.trim();
  if (number.test(text)) return readDigits(text, arrivedAt);
  const moment = parseIso8601(text);
  if (moment === undefined) return notATime;
  return isRecordable(moment.instant) ? { ok: true, ...moment } : outOfYears;
}

const notATime: SentTime = {
  ok: false,
  rule: 'must be an ISO 8601 date and time, or seconds, milliseconds, microseconds or nanoseconds since 1970',
};

const outOfYears: SentTime = { ok: false, rule: 'must be in the years 1 to 9999 (UTC)' };

function readDigits(text: string, arrivedAt: EpochMillis): SentTime {
  const result = readNumber(text, arrivedAt);
  if (result.ok) return result;
  const [, day, clock] = compactDate.exec(text) ?? [];
  const moment = parseIso8601(day === undefined ? text : `${day}T${clock}`);
  if (moment === undefined) return result;
  const known = day === undefined || (moment.instant >= 0 && moment.instant <= latestMeasured(arrivedAt));
  return known ? { ok: true, ...moment } : result;
}

function readNumber(count: string, arrivedAt: EpochMillis): SentTime {
  const moment = epochMoment(count, arrivedAt);
  if (moment !== undefined) return { ok: true, ...moment };
  if (!Number.isFinite(Number(count))) return notATime;
  return {
    ok: false,
    rule: `must be a number of a time from 2000 to a year ahead (it is ${describeUnits(Number(count))})`,
  };
}
