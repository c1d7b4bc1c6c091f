/**
 * What makes a reading the one that it is: its sensor and its place among the readings of that sensor. The order of places, as
 * texts, is that of time, so that a store can keep them as its sort key:
 *
 *   2026-01-15T12:00:00.000Z              the reading of that time; a later one that says the same time replaces it
 *   2026-01-15T12:00:00.000Z#<number>     a reading that said no time, at its arrival: the number of its record in the stream
 *                                         keeps it apart from all others (with `.<part>` where a record holds several)
 *   2026-01-15T12:00:00.000Z25            12:00:00.00025: what is finer than a millisecond follows it
 *
 * `#` comes before digits, and both come after the end of the text (docs/adr/0015).
 */
import { parseMoment } from './moment.ts';
import type { StoredReading } from './ports.ts';
import type { SensorReading } from './reading.ts';

type Placed = Pick<StoredReading, 'timestamp' | 'flags' | 'sequenceNumber' | 'part'>;

const CANONICAL_LENGTH = 'YYYY-MM-DDTHH:mm:ss.sssZ'.length;
const MILLIS_END = CANONICAL_LENGTH - 1;
/** Of Kinesis. Emulators have shorter ones, which would not be in order without zeros in front. */
const NUMBER_DIGITS = 56;
const PART_DIGITS = 6;
const arrival = /^(.{24})#\d+(?:\.\d+)?$/;

export function placeOf(reading: Placed): string {
  const { timestamp } = reading;
  if (reading.flags === undefined && isInMillis(timestamp)) return timestamp;
  if (saysNoTime(reading)) return `${timestamp}#${numberOf(reading)}`;
  return placeOfTime(timestamp);
}

/** The place of a reading that says this time. @param timestamp As `formatMoment` writes it. */
export function placeOfTime(timestamp: string): string {
  return isInMillis(timestamp) ? timestamp : `${timestamp.slice(0, MILLIS_END)}Z${timestamp.slice(MILLIS_END, -1)}`;
}

/** What a place says of its reading; `undefined` for a text that is no place. */
export function parsePlace(place: string): { readonly timestamp: string; readonly saysNoTime: boolean } | undefined {
  if (place.length < CANONICAL_LENGTH) return undefined;
  if (place.length === CANONICAL_LENGTH) return isTime(place) ? { timestamp: place, saysNoTime: false } : undefined;
  const [, arrivedAt] = arrival.exec(place) ?? [];
  if (arrivedAt !== undefined) return isTime(arrivedAt) ? { timestamp: arrivedAt, saysNoTime: true } : undefined;
  const timestamp = `${place.slice(0, MILLIS_END)}${place.slice(CANONICAL_LENGTH)}Z`;
  return place[MILLIS_END] === 'Z' && isTime(timestamp) ? { timestamp, saysNoTime: false } : undefined;
}

/** Whether the time is that of the arrival, as the reading brought none. */
export function saysNoTime({ flags }: Pick<SensorReading, 'flags'>): boolean {
  return flags?.[0] === 'arrival-time';
}

/** Readings with the same key are the same reading. The first 24 characters have one width, and only what follows them may be longer. */
export function readingKey(reading: Placed & Pick<StoredReading, 'sensorId'>): string {
  return keyOf(reading.sensorId, placeOf(reading));
}

/** The same of its two halves. */
export function keyOf(sensorId: string, place: string): string {
  return `${place} ${sensorId}`;
}

/** Whether a time, as `formatMoment` writes it, has nothing finer than milliseconds. */
export function isInMillis(timestamp: string): boolean {
  return timestamp.length === CANONICAL_LENGTH;
}

function numberOf({ sequenceNumber, part }: Placed): string {
  const number = sequenceNumber.padStart(NUMBER_DIGITS, '0');
  return part === undefined ? number : `${number}.${String(part).padStart(PART_DIGITS, '0')}`;
}

function isTime(timestamp: string): boolean {
  return parseMoment(timestamp) !== undefined;
}
