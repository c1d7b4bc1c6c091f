/**
 * SenML in JSON (RFC 8428): a list of records, in which base values (`bn`, `bt`, `bu`, `bv`) hold for all that follow. Times below
 * 2^28 are relative to now, which is the arrival (section 4.5.3). Values of text, booleans and data (`vs`, `vb`, `vd`) and sums
 * (`s`) are no readings: they are left out and counted.
 */
import { checkReading, type ReadingResult } from '../reading.ts';
import type { WrittenNumbers } from '../sent-number.ts';
import { formatTimestamp, isRecordable } from '../timestamp.ts';
import { type Content, isObject, type JsonObject } from './content.ts';
import { type Decoded, type Decoder, refusal } from './decoded.ts';

const FORMAT = 'senml';
/** Section 4.4: the version that this is. A pack of a later one may mean something else. */
const VERSION = 10;
const FIRST_ABSOLUTE_TIME = 2 ** 28;
/** Sections 4.1 to 4.3. A pack may have other labels, but none that ends with `_` and is not known (section 4.4). */
const LABELS = new Set(['bn', 'bt', 'bu', 'bv', 'bs', 'bver', 'n', 'u', 'v', 'vs', 'vb', 'vd', 's', 't', 'ut']);
const otherValues = ['vs', 'vb', 'vd', 's'] as const;
/** Section 4.5.1, without its length, which is that of a sensor id. */
const validName = /^[A-Za-z0-9][-A-Za-z0-9:./_]*$/;

export const senml: Decoder = {
  format: FORMAT,

  recognises: ({ json }) => Array.isArray(json) && json.length > 0 && json.every(isRecord),

  decode: (content, { arrivedAt }) => readPack(content, arrivedAt),
};

interface Base {
  name: string;
  time: number;
  unit: unknown;
  value: number;
}

function readPack({ json, written }: Content, arrivedAt: number): Decoded {
  const parts: ReadingResult[] = [];
  let leftOut = 0;
  const base: Base = { name: '', time: 0, unit: undefined, value: 0 };
  let source: string | undefined;
  for (const record of Array.isArray(json) ? (json as readonly unknown[]) : []) {
    const problem = isObject(record) ? problemOf(record) : refusal('must be a SenML record', 'no object');
    if (problem !== undefined || !isObject(record)) {
      if (problem !== undefined) parts.push(problem);
      continue;
    }
    if (typeof record.bn === 'string') base.name = record.bn;
    if (record.bt !== undefined) base.time = Number(record.bt);
    if (record.bu !== undefined) base.unit = record.bu;
    if (record.bv !== undefined) base.value = Number(record.bv);
    source ??= base.name === '' ? undefined : base.name;
    leftOut += otherValues.filter((name) => record[name] !== undefined).length;
    if (record.v !== undefined) parts.push(readRecord(record, base, arrivedAt, written));
  }
  return { format: FORMAT, parts, leftOut, ...(source !== undefined && { source }) };
}

function readRecord(
  record: JsonObject,
  base: Base,
  arrivedAt: number,
  written: WrittenNumbers | undefined,
): ReadingResult {
  const sensorid = base.name + (typeof record.n === 'string' ? record.n : '');
  if (!validName.test(sensorid)) {
    const rule = 'must be a SenML name (RFC 8428, 4.5.1): letters, digits and - : . / _, and first a letter or digit';
    return { ok: false, reasons: [{ field: 'sensorid', rule, seen: JSON.stringify(sensorid.slice(0, 80)) }] };
  }
  const seconds = base.time + (record.t === undefined ? 0 : Number(record.t));
  const value = typeof record.v === 'number' ? plus(base.value, record.v) : record.v;
  return checkReading(
    { sensorid, value, timestamp: timestampOf(seconds, arrivedAt), unit: record.u ?? base.unit },
    arrivedAt,
    // A sum is written nowhere.
    base.value === 0 ? written : undefined,
  );
}

/** Added as decimals: 20.1 + 0.2 is 20.3. */
function plus(base: number, value: number): number {
  if (base === 0) return value;
  const sum = Number((base + value).toPrecision(15));
  return Number.isInteger(base) && Number.isInteger(value) ? base + value : sum;
}

/** `undefined` for a record without a time: it was measured about when it arrived. What cannot be a time is handed on. */
function timestampOf(seconds: number, arrivedAt: number): unknown {
  if (seconds === 0) return undefined;
  const micros = Math.round((seconds < FIRST_ABSOLUTE_TIME ? seconds : seconds % 1_000_000) * 1e6);
  const start = seconds < FIRST_ABSOLUTE_TIME ? arrivedAt : (seconds - (seconds % 1_000_000)) * 1_000;
  const millis = start + Math.floor(micros / 1_000);
  if (!Number.isFinite(millis) || !isRecordable(millis)) return String(seconds);
  const finer = ((micros % 1_000) + 1_000) % 1_000;
  const text = formatTimestamp(millis);
  return finer === 0 ? text : `${text.slice(0, -1)}${String(finer).padStart(3, '0')}Z`;
}

/** Whether an element can only be a SenML record: it names no sensor as the contract does. */
function isRecord(element: unknown): boolean {
  if (!isObject(element) || Object.hasOwn(element, 'sensorid') || Object.hasOwn(element, 'sensorId')) return false;
  const names = Object.keys(element);
  return names.length > 0 && names.some((name) => LABELS.has(name)) && names.every(isLabel);
}

/** Section 12.2: labels are short; those of extensions are too. */
function isLabel(name: string): boolean {
  return LABELS.has(name) || /^[a-z]{1,5}_?$/.test(name);
}

function problemOf(record: JsonObject): ReadingResult | undefined {
  const { bver } = record;
  if (bver !== undefined && !(typeof bver === 'number' && bver <= VERSION)) {
    return refusal(`must be SenML of version ${VERSION} or before`, `bver ${JSON.stringify(bver)}`);
  }
  const unknown = Object.keys(record).find((name) => name.endsWith('_') && !LABELS.has(name));
  if (unknown !== undefined) {
    return refusal(
      'must have no field of SenML that is to be understood and is not known here',
      JSON.stringify(unknown),
    );
  }
  const wrong = (names: readonly string[], type: string) =>
    names.find((name) => record[name] !== undefined && typeof record[name] !== type);
  const noNumber = wrong(['bt', 'bv', 't'], 'number');
  if (noNumber !== undefined) return refusal(`must have a number as ${noNumber}`, JSON.stringify(record[noNumber]));
  const noText = wrong(['bn', 'n'], 'string');
  if (noText !== undefined) return refusal(`must have a text as ${noText}`, JSON.stringify(record[noText]));
  return undefined;
}
