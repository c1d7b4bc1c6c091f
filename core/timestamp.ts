/**
 * Timestamps: ISO 8601 with any offset and precision, or epoch milliseconds, normalised to UTC with milliseconds, so
 * that string order is time order (`…00.500Z` sorts before `…00Z`, hence one fixed width).
 *
 * Calendar dates in extended (`2015-11-02T10:00:00.5+01:00`) or basic (`20151102T100000Z`) format. A time without an
 * offset is UTC, since the server's zone says nothing about the device. Digits beyond milliseconds are cut off, never
 * rounded, so that order is kept. `24:00` ends a day; second 60 (a leap second) is the second that follows.
 */
import type { EpochMillis } from './ports.ts';

const date = String.raw`(\d{4})(?:-(\d\d)-(\d\d)|(\d\d)(\d\d))`;
const time = String.raw`(\d\d)(?::?(\d\d)(?::?(\d\d))?)?(?:[.,](\d+))?`;
const offset = String.raw`([Zz]|[+-]\d\d(?::?\d\d)?)`;
const iso8601 = new RegExp(`^${date}(?:[Tt ]${time}${offset}?)?$`);
/** What `toISOString` writes and most devices send: told apart at a glance, it needs no taking apart. */
const canonical = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export const EARLIEST: EpochMillis = 0;
export const LATEST: EpochMillis = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The instant as `YYYY-MM-DDTHH:mm:ss.sssZ`. Only for instants from 1970 to 9999. */
export function formatTimestamp(instant: EpochMillis): string {
  return new Date(instant).toISOString();
}

/** Undoes `formatTimestamp` and reads every other accepted form; `undefined` where the text is no timestamp. */
export function parseTimestamp(text: string): EpochMillis | undefined {
  if (canonical.test(text)) {
    const instant = Date.parse(text);
    // Date.parse takes 31 February for 3 March and 24:00:00.000 for the next day; only the round trip is taken as is.
    if (!Number.isNaN(instant) && new Date(instant).toISOString() === text) return instant;
  }
  const match = iso8601.exec(text);
  if (match === null) return undefined;
  const [, year, month = match[4], day = match[5], , , hour = '0', minute = '0', second = '0', fraction, zone = 'Z'] =
    match;
  const midnight = utcDay(Number(year), Number(month), Number(day));
  if (midnight === undefined) return undefined;

  const h = Number(hour);
  const m = Number(minute);
  const s = Number(second);
  // A fraction belongs to the smallest unit written: 10.5 is half past ten. Whole numbers, as 0.029 × 1000 < 29.
  const unit = match[8] !== undefined ? 1_000 : match[7] !== undefined ? 60_000 : 3_600_000;
  const parts = fraction === undefined ? 0 : Math.floor((Number(fraction.slice(0, 9).padEnd(9, '0')) * unit) / 1e9);
  const endOfDay = h === 24 && m === 0 && s === 0 && parts === 0;
  if ((h > 23 && !endOfDay) || m > 59 || s > 60) return undefined;

  const ahead = offsetMillis(zone);
  return ahead === undefined ? undefined : midnight + ((h * 60 + m) * 60 + s) * 1_000 + parts - ahead;
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
