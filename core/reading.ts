/**
 * From untrusted bytes to a reading, or to the reasons why there is none. Bytes that are no reading now never will be:
 * the caller quarantines them and goes on.
 */
import { formatMoment } from './moment.ts';
import { sensorIdProblem } from './sensor-id.ts';
import { isSentExactly, WrittenNumbers } from './sent-number.ts';
import { readSentTime } from './sent-time.ts';
import { type EpochMillis, formatTimestamp, parseCanonicalTimestamp } from './timestamp.ts';

export interface SensorReading {
  readonly sensorId: string;
  /** A finite number that DynamoDB can hold. */
  readonly value: number;
  /** UTC ISO 8601 with milliseconds, or with up to nine digits where more were sent. */
  readonly timestamp: string;
  /** What the value is measured in, as it was sent (`°C`, `Cel`, `kW`); absent where none was sent. */
  readonly unit?: string;
  /** What is to be known of the reading before it is trusted, in the order of `readingFlags`; absent where there is nothing. */
  readonly flags?: readonly ReadingFlag[];
}

/**
 * `arrival-time`: it brought no time, so that it has that of its arrival. `far-past`, `far-future`: its time is further from its
 * arrival than a clock is usually wrong. `inexact`: more digits were sent than the value has.
 */
export type ReadingFlag = (typeof readingFlags)[number];
export const readingFlags = ['arrival-time', 'far-past', 'far-future', 'inexact'] as const;

/** Why bytes are no reading: the field, the rule it breaks, and what was seen there (cut short). */
export interface Reason {
  readonly field: 'body' | 'sensorid' | 'value' | 'timestamp';
  readonly rule: string;
  readonly seen: string;
  /** Which part of a record that has several, from 0; absent where the reason is about the record as a whole. */
  readonly part?: number;
}

export type ReadingResult =
  { readonly ok: true; readonly reading: SensorReading } | { readonly ok: false; readonly reasons: readonly Reason[] };

/** The window in which CloudWatch takes a value (PutMetricData: two weeks back, two hours ahead). */
export const FAR_PAST_MILLIS = 14 * 24 * 60 * 60 * 1_000;
export const FAR_FUTURE_MILLIS = 2 * 60 * 60 * 1_000;

/** A DynamoDB number is 0 or has a magnitude from 1E-130 to 9.99…E+125. */
const LEAST_MAGNITUDE = 1e-130;
const MAGNITUDE_LIMIT = 1e126;

/** What a device may put; `sensorid` is the name on the wire since 2015. */
type WireReading = Readonly<
  Partial<Record<'sensorid' | 'sensorId' | 'value' | 'timestamp' | 'unit' | OtherTimeField, unknown>>
>;

/**
 * Under which names devices send the time where there is no `timestamp`, the first one that is there counts. The time of
 * arrival would be wrong for a reading that says when it was measured.
 */
export const OTHER_TIME_FIELDS = [
  'ts',
  'time',
  'Timestamp',
  'Time',
  'datetime',
  'date',
  'last_seen',
  'received_at',
  't',
] as const;
type OtherTimeField = (typeof OTHER_TIME_FIELDS)[number];
/** `t` is the temperature of many devices: it is the time only where it can be one. */
const AMBIGUOUS: OtherTimeField = 't';

/** In characters: more than any unit has, and too little to fill a table with. */
const LONGEST_UNIT = 64;

const numeric = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$/;
/** Control characters, line and paragraph separators, and the half of a character that cutting may leave. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/gu;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @param arrivedAt When the stream took the bytes: the timestamp of a reading that brings none. */
export function parseReading(data: Uint8Array, arrivedAt: EpochMillis): ReadingResult {
  let text: string;
  try {
    text = utf8.decode(data);
  } catch {
    return refused('body', 'must be valid UTF-8', `${data.length} bytes that are not`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refused('body', 'must be JSON', text);
  }
  return checkReading(json, arrivedAt, new WrittenNumbers(text));
}

/**
 * The same for JSON that is parsed already.
 * @param written The numbers of the text in which the JSON stands, for the digits that are lost once it is parsed.
 */
export function checkReading(json: unknown, arrivedAt: EpochMillis, written?: WrittenNumbers): ReadingResult {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return refused('body', 'must be a JSON object', json);
  }
  const fields = json as WireReading;
  const reasons: Reason[] = [];
  const sensorId = checkSensorId(fields, reasons);
  const value = checkValue(fields.value, written, reasons);
  const sent = fields.timestamp;
  // Most devices write the canonical form: it is read once and need not be written again.
  const canonical = typeof sent === 'string' ? parseCanonicalTimestamp(sent) : undefined;
  const time = canonical === undefined ? checkTimestamp(fields, arrivedAt, written, reasons) : undefined;
  const timestamp = canonical === undefined ? time?.timestamp : (sent as string);
  if (sensorId === undefined || value === undefined || timestamp === undefined) return { ok: false, reasons };

  const exact = isExact(fields.value, value, written);
  const flags = flagsOf(canonical ?? time?.instant, arrivedAt, exact);
  if (fields.unit === undefined && flags === undefined) return { ok: true, reading: { sensorId, value, timestamp } };
  const unit = readUnit(fields.unit);
  return {
    ok: true,
    reading: { sensorId, value, timestamp, ...(unit !== undefined && { unit }), ...(flags !== undefined && { flags }) },
  };
}

/** Shared, as all readings of a device without a clock have the same, or all of a backlog. */
const alone = {
  'arrival-time': ['arrival-time'],
  'far-past': ['far-past'],
  'far-future': ['far-future'],
} as const;
const inexact = {
  'arrival-time': ['arrival-time', 'inexact'],
  'far-past': ['far-past', 'inexact'],
  'far-future': ['far-future', 'inexact'],
  none: ['inexact'],
} as const;

function flagsOf(
  instant: EpochMillis | undefined,
  arrivedAt: EpochMillis,
  exact: boolean,
): readonly ReadingFlag[] | undefined {
  const flag = instant === undefined ? 'arrival-time' : flagOf(instant, arrivedAt);
  if (!exact) return inexact[flag ?? 'none'];
  return flag === undefined ? undefined : alone[flag];
}

/** Far from `reference`, in the sense of `ReadingFlag`. */
export function flagOf(instant: EpochMillis, reference: EpochMillis): 'far-past' | 'far-future' | undefined {
  if (instant < reference - FAR_PAST_MILLIS) return 'far-past';
  if (instant > reference + FAR_FUTURE_MILLIS) return 'far-future';
  return undefined;
}

/** One sentence for people: `value must be a finite number or a numeric string, but is "abc"`. */
export function describeReasons(reasons: readonly Reason[]): string {
  return reasons
    .map(
      ({ field, rule, seen, part }) => `${part === undefined ? '' : `part ${part}: `}${field} ${rule}, but is ${seen}`,
    )
    .join('; ');
}

/** A unit says something about a value that is valid without it: one that cannot be shown is left out. */
function readUnit(sent: unknown): string | undefined {
  if (typeof sent !== 'string') return undefined;
  const unit = sent.trim();
  return unit === '' || unit.length > LONGEST_UNIT || unit.search(unprintable) !== -1 ? undefined : unit;
}

function checkSensorId(fields: WireReading, reasons: Reason[]): string | undefined {
  const { sensorid, sensorId } = fields;
  const id = sensorid === undefined ? sensorId : sensorid;
  if (sensorid !== undefined && sensorId !== undefined && sensorid !== sensorId) {
    reasons.push({
      field: 'sensorid',
      rule: 'must be the same where sensorId is given too',
      seen: show([sensorid, sensorId]),
    });
  } else if (typeof id !== 'string') {
    reasons.push({ field: 'sensorid', rule: 'must be a string', seen: show(id) });
  } else {
    const problem = sensorIdProblem(id);
    if (problem === undefined) return id;
    reasons.push({ field: 'sensorid', rule: problem, seen: show(id) });
  }
  return undefined;
}

function isExact(sent: unknown, value: number, written: WrittenNumbers | undefined): boolean {
  return typeof sent === 'string' ? isSentExactly(sent, value) : written?.isExact(value) !== false;
}

function checkValue(sent: unknown, written: WrittenNumbers | undefined, reasons: Reason[]): number | undefined {
  const isNumber = typeof sent === 'number';
  const value = isNumber || (typeof sent === 'string' && numeric.test(sent)) ? Number(sent) : NaN;
  const magnitude = Math.abs(value);
  // What is 0 by its double only, such as 1e-400, is too small to be kept.
  const isTooSmall = value === 0 && (isNumber ? written?.isZeroTooSmall === true : !isSentExactly(sent as string, 0));
  let rule: string;
  if (!Number.isFinite(value)) rule = 'must be a finite number or a numeric string';
  else if (isTooSmall || magnitude >= MAGNITUDE_LIMIT || (magnitude > 0 && magnitude < LEAST_MAGNITUDE)) {
    rule = 'must be 0 or from 1e-130 to below 1e126 in magnitude, which is what the table can hold';
  } else return value === 0 ? 0 : value; // -0 is 0: no store keeps the difference.
  reasons.push({ field: 'value', rule, seen: isNumber ? (written?.of(value) ?? String(value)) : show(sent) });
  return undefined;
}

/** A device without a clock sends no timestamp, or null. */
function isGiven(sent: unknown): boolean {
  return sent !== undefined && sent !== null;
}

interface Time {
  /** Absent where the reading brought none. */
  readonly instant?: EpochMillis;
  readonly timestamp: string;
}

function checkTimestamp(
  fields: WireReading,
  arrivedAt: EpochMillis,
  numbers: WrittenNumbers | undefined,
  reasons: Reason[],
): Time | undefined {
  const names = isGiven(fields.timestamp) ? (['timestamp'] as const) : OTHER_TIME_FIELDS;
  for (const name of names) {
    const sent = fields[name];
    if (!isGiven(sent)) continue;
    const isLong = typeof sent === 'number' && !Number.isSafeInteger(sent);
    const written = isLong ? (numbers?.of(sent) ?? String(sent)) : undefined;
    const time = readSentTime(written ?? sent, arrivedAt);
    if (time.ok) return { instant: time.instant, timestamp: formatMoment(time) };
    if (name === AMBIGUOUS) continue;
    const rule = name === 'timestamp' ? time.rule : `(sent as ${name}) ${time.rule}`;
    reasons.push({ field: 'timestamp', rule, seen: written ?? show(sent) });
    return undefined;
  }
  return { timestamp: formatTimestamp(arrivedAt) };
}

function refused(field: Reason['field'], rule: string, seen: unknown): ReadingResult {
  return { ok: false, reasons: [{ field, rule, seen: typeof seen === 'string' ? cut(seen) : show(seen) }] };
}

/** What was seen, short enough for a message and safe to print on one line. */
function show(seen: unknown): string {
  if (seen === undefined) return 'missing';
  if (typeof seen === 'number') return String(seen); // JSON would make null of 1e400.
  try {
    return cut(JSON.stringify(seen));
  } catch {
    return 'nested too deeply to show'; // JSON.parse does not recurse, JSON.stringify does: it overflows the stack.
  }
}

function cut(text: string): string {
  if (text === '') return 'empty';
  const start = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  return start.replace(unprintable, '\ufffd');
}
