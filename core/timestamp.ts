/**
 * Timestamps in their canonical form: UTC ISO 8601 with milliseconds, of one width, so that the order of texts is that of time
 * (`…00.500Z` would sort before `…00Z`). Other forms are read in `iso-8601.ts`, numbers in `epoch.ts`; what is finer than
 * milliseconds is in `moment.ts`.
 */
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMillis = number;

const CANONICAL_LENGTH = 'YYYY-MM-DDTHH:mm:ss.sssZ'.length;

/** 0001-01-01T00:00:00.000Z: measurements are older than 1970, CO₂ from 1958 for one. */
export const EARLIEST: EpochMillis = -62_135_596_800_000;
export const LATEST: EpochMillis = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Whether a reading can have the time: the years have four digits. */
export function isRecordable(instant: EpochMillis): boolean {
  return instant >= EARLIEST && instant <= LATEST;
}

const DAY_MILLIS = 86_400_000;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** Without the leap day. */
const DAYS_BEFORE_MONTH = DAYS_IN_MONTH.map((_, month) => DAYS_IN_MONTH.slice(0, month).reduce((a, b) => a + b, 0));
/** 1969 / 4 - 1969 / 100 + 1969 / 400, each rounded down. */
const LEAP_DAYS_TO_1969 = 477;

const [ZERO, DASH, POINT, COLON, LETTER_T, LETTER_Z] = [0x30, 0x2d, 0x2e, 0x3a, 0x54, 0x5a];

/** The day written last and its text: records come day by day, and `toISOString` costs more than parsing a reading. */
let dayWritten = { day: NaN, text: '' };
/** The instant written last: records of one request arrive together. */
let written = { instant: NaN, text: '' };

/** The instant as `YYYY-MM-DDTHH:mm:ss.sssZ`. Only for whole milliseconds of the years 1 to 9999. */
export function formatTimestamp(instant: EpochMillis): string {
  if (instant !== written.instant) written = { instant, text: writeTimestamp(instant) };
  return written.text;
}

function writeTimestamp(instant: EpochMillis): string {
  const day = Math.floor(instant / DAY_MILLIS);
  if (day !== dayWritten.day) dayWritten = { day, text: new Date(day * DAY_MILLIS).toISOString().slice(0, 11) };
  const millis = instant - day * DAY_MILLIS;
  const seconds = Math.floor(millis / 1_000);
  const minutes = Math.floor(seconds / 60);
  const [hour, minute, second] = [
    twoDigits(Math.floor(minutes / 60)),
    twoDigits(minutes % 60),
    twoDigits(seconds % 60),
  ];
  return `${dayWritten.text}${hour}:${minute}:${second}.${String(millis - seconds * 1_000).padStart(3, '0')}Z`;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** Whether the text is one that `formatTimestamp` writes: then it need not be written again. */
export function isCanonicalTimestamp(text: string): boolean {
  return parseCanonicalTimestamp(text) !== undefined;
}

/**
 * Undoes `formatTimestamp`; `undefined` for every other text. Digit by digit: a regular expression and `Date.parse` cost
 * more than parsing the reading around the timestamp, and every reading is looked at several times.
 */
export function parseCanonicalTimestamp(text: string): EpochMillis | undefined {
  if (text.length !== CANONICAL_LENGTH || !hasCanonicalMarks(text)) return undefined;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = digits(text, 17, 19);
  const millis = digits(text, 20, 23);
  // Where something is no digit, the number is NaN, and NaN is within no bounds.
  const valid =
    year >= 1 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysIn(year, month) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59 &&
    millis <= 999;
  if (!valid) return undefined;
  return daysSince1970(year, month, day) * DAY_MILLIS + ((hour * 60 + minute) * 60 + second) * 1_000 + millis;
}

function hasCanonicalMarks(text: string): boolean {
  return (
    text.charCodeAt(4) === DASH &&
    text.charCodeAt(7) === DASH &&
    text.charCodeAt(10) === LETTER_T &&
    text.charCodeAt(13) === COLON &&
    text.charCodeAt(16) === COLON &&
    text.charCodeAt(19) === POINT &&
    text.charCodeAt(23) === LETTER_Z
  );
}

/** The number that these characters write; NaN where one of them is no digit. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

function daysIn(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0);
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Of the Gregorian calendar, also before it was introduced, as ISO 8601 has it. */
function daysSince1970(year: number, month: number, day: number): number {
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400) - LEAP_DAYS_TO_1969;
  const leapDay = month > 2 && isLeapYear(year) ? 1 : 0;
  return (year - 1970) * 365 + leapDays + (DAYS_BEFORE_MONTH[month - 1] ?? 0) + leapDay + day - 1;
}
