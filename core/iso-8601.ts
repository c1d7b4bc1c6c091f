/**
 * Times as devices write them in ISO 8601, with any offset and precision. Calendar dates in extended
 * (`2015-11-02T10:00:00.5+01:00`) or basic (`20151102T100000Z`) format, and with slashes (`2015/11/02 10:00`), as spreadsheets and
 * loggers write them. A blank may stand for the `T`. A time without an offset is UTC, since the server's zone says nothing about
 * the device. Digits beyond nanoseconds are cut off, never rounded, so that order is kept. `24:00` ends a day.
 *
 * Second 60 is the second that follows, but for a leap second, 23:59:60 UTC: as the second that follows has readings of its own,
 * it is kept within the last tenth of a millisecond of the day. So both are there, and in order.
 */
import { finerThanMillis, type Moment } from './moment.ts';
import { type EpochMillis, parseCanonicalTimestamp } from './timestamp.ts';

const date = String.raw`(\d{4})(?:([-/])(\d\d)\2(\d\d)|(\d\d)(\d\d))`;
const time = String.raw`(\d\d)(?::?(\d\d)(?::?(\d\d))?)?(?:[.,](\d+))?`;
const offset = String.raw`([Zz]|[+-]\d\d(?::?\d\d)?)`;
const iso8601 = new RegExp(`^${date}(?:[Tt ]${time}${offset}?)?$`);

/**
 * The format that ECMAScript defines for Date.parse, from 1970 on: what most devices send needs no taking apart. Only
 * 29 February is left to check.
 */
const years = String.raw`(?:19[7-9]\d|[2-9]\d{3})`;
const days = String.raw`(?!02-3|(?:0[469]|11)-31)(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])`;
const clock = String.raw`(?:[01]\d|2[0-3]):[0-5]\d`;
const common = new RegExp(`^${years}-${days}T${clock}:[0-5]\\d(?:\\.\\d{3})?(?:Z|[+-]${clock})$`);

const DAY_MILLIS = 86_400_000;
/** 23:59:59.999, and the first digit of the last tenth of that millisecond. */
const LAST_MILLI = 86_399_999;
const LAST_TENTH = '9';

/** Undoes `formatMoment` and reads every other accepted form; `undefined` for other text. It may be outside the years 1 to 9999. */
export function parseIso8601(text: string): Moment | undefined {
  const canonical = parseCanonicalTimestamp(text);
  if (canonical !== undefined) return { instant: canonical, finer: '' };
  if (isCommon(text)) return { instant: Date.parse(text), finer: '' };
  const match = iso8601.exec(text);
  if (match === null) return undefined;
  const [, year, , month = match[5], day = match[6], , , hour = '0', minute = '0', second = '0', fraction, zone = 'Z'] =
    match;
  const midnight = utcDay(Number(year), Number(month), Number(day));
  if (midnight === undefined) return undefined;

  const h = Number(hour);
  const m = Number(minute);
  const s = Number(second);
  // A fraction belongs to the smallest unit written: 10.5 is half past ten. Whole numbers, as 0.029 × 1000 < 29.
  const unit = match[9] !== undefined ? 1_000 : match[8] !== undefined ? 60_000 : 3_600_000;
  const parts = fraction === undefined ? 0 : Math.floor((Number(fraction.slice(0, 9).padEnd(9, '0')) * unit) / 1e9);
  const endOfDay = h === 24 && m === 0 && s === 0 && parts === 0;
  if ((h > 23 && !endOfDay) || m > 59 || s > 60) return undefined;

  const ahead = offsetMillis(zone);
  if (ahead === undefined) return undefined;
  const minuteStart = midnight + (h * 60 + m) * 60_000 - ahead;
  if (s === 60 && isMidnight(minuteStart + 60_000)) {
    const finer = `${LAST_TENTH}${(fraction ?? '').slice(0, 5)}`.replace(/0+$/, '');
    return { instant: minuteStart + 60_000 - DAY_MILLIS + LAST_MILLI, finer };
  }
  const finer = fraction === undefined || unit !== 1_000 ? '' : finerThanMillis(fraction);
  return { instant: minuteStart + s * 1_000 + parts, finer };
}

function isMidnight(instant: EpochMillis): boolean {
  return instant % DAY_MILLIS === 0;
}

function isCommon(text: string): boolean {
  return common.test(text) && (!text.startsWith('02-29', 5) || utcDay(Number(text.slice(0, 4)), 2, 29) !== undefined);
}

function utcDay(year: number, month: number, day: number): EpochMillis | undefined {
  const instant = new Date(0);
  // Date.UTC would take the years 0–99 for 1900–1999.
  instant.setUTCFullYear(year, month - 1, day);
  return instant.getUTCMonth() === month - 1 && instant.getUTCDate() === day ? instant.getTime() : undefined;
}

function offsetMillis(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', '') || '0');
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
