/**
 * A point in time to the nanosecond. Milliseconds are the canonical form; digits below them are kept where a device sent them, as
 * 5,000 readings a second differ in nothing else.
 */
import { type EpochMillis, formatTimestamp, parseCanonicalTimestamp } from './timestamp.ts';

export interface Moment {
  /** Whole milliseconds. */
  readonly instant: EpochMillis;
  /** What follows the milliseconds: up to six digits, none of them a zero at the end; `''` for most. */
  readonly finer: string;
}

/** Up to where the milliseconds go, without the Z. */
const MILLIS_END = 'YYYY-MM-DDTHH:mm:ss.sss'.length;
const finerDigits = /^\d{0,5}[1-9]Z$/;

/** `YYYY-MM-DDTHH:mm:ss.sssZ`, with up to nine digits where there are finer ones. */
export function formatMoment({ instant, finer }: Moment): string {
  const text = formatTimestamp(instant);
  return finer === '' ? text : `${text.slice(0, -1)}${finer}Z`;
}

/** Undoes `formatMoment`; `undefined` for every other text. */
export function parseMoment(text: string): Moment | undefined {
  const instant = parseCanonicalTimestamp(text);
  if (instant !== undefined) return { instant, finer: '' };
  const rest = text.slice(MILLIS_END);
  if (!finerDigits.test(rest)) return undefined;
  const start = parseCanonicalTimestamp(`${text.slice(0, MILLIS_END)}Z`);
  return start === undefined ? undefined : { instant: start, finer: rest.slice(0, -1) };
}

/** The digits below the millisecond of a fraction of a second, such as `1234567` of 0.1234567 s. Beyond nanoseconds they are cut off. */
export function finerThanMillis(fraction: string): string {
  return fraction.slice(3, 9).replace(/0+$/, '');
}
