/**
 * Measurements that are spread over an object: each number in it is a reading, and its path is the suffix of the sensor's id.
 * `{"sensorid":"plug","ENERGY":{"Power":7}}` is the reading 7 of `plug.ENERGY.Power`. Texts, booleans and nulls are no
 * measurements: they are left out and counted. `profiles.ts` knows where well-known senders keep id, time and values.
 */
import { checkReading, OTHER_TIME_FIELDS, type ReadingResult } from '../reading.ts';
import type { WrittenNumbers } from '../sent-number.ts';
import { readSentTime } from '../sent-time.ts';
import type { EpochMillis } from '../timestamp.ts';
import { isObject, type JsonObject } from './content.ts';
import { type Decoded, type Decoder, type Envelope, unreadable } from './decoded.ts';
import { type Profile, profiles } from './profiles.ts';
import { seriesId } from './series-id.ts';
import { plainTopic, sensorOfTopic } from './topic.ts';

const FORMAT = 'numeric-leaves';
/** Deeper objects are no measurements, and recursion must end. */
const MAX_DEPTH = 16;

/** An object of no known sender: what it says of itself is at its top. */
const anySender: Profile = {
  name: 'JSON',
  source: '',
  has: [],
  id: ['sensorid', 'sensorId'],
  time: ['timestamp', ...OTHER_TIME_FIELDS],
  values: [''],
  except: ['sensorid', 'sensorId'],
  unit: 'unit',
};

export const numericLeaves: Decoder = {
  format: FORMAT,

  recognises({ object }, envelope) {
    if (object === undefined) return false;
    const profile = profileOf(object, envelope);
    // What looks like a value in another spelling is a mistake, which the contract explains.
    if (profile !== undefined) return true;
    const isMisspelt = Object.keys(object).some((name) => /^value$/i.test(name));
    return !isMisspelt && sensorOf(object, anySender, envelope) !== undefined && hasNumber(object);
  },

  decode({ object = {}, written }, envelope) {
    const profile = profileOf(object, envelope) ?? anySender;
    const sensorId = sensorOf(object, profile, envelope);
    if (sensorId === undefined) {
      const rule = `must name its device: ${profile.name} says it in the topic, so send the envelope {"topic", "data"} or add "sensorid"`;
      return unreadable(FORMAT, rule, 'an object without an id');
    }
    return readLeaves(object, profile, sensorId, envelope.arrivedAt, written);
  },
};

function profileOf(object: JsonObject, { topic }: Envelope): Profile | undefined {
  const plain = topic === undefined ? undefined : plainTopic(topic);
  return (
    profiles.find((profile) => plain !== undefined && profile.topic?.test(plain) === true) ??
    profiles.find(({ has }) => has.length > 0 && has.every((path) => valueAt(object, path) !== undefined))
  );
}

function sensorOf(object: JsonObject, { id, tags }: Profile, { topic }: Envelope): string | undefined {
  for (const path of id) {
    const sent = valueAt(object, path);
    const name = typeof sent === 'number' ? String(sent) : sent;
    if (typeof name !== 'string' || name === '') continue;
    const labels = tags === undefined ? undefined : valueAt(object, tags);
    return isObject(labels) ? seriesId(name, Object.entries(labels)) : name;
  }
  return sensorOfTopic(topic);
}

function readLeaves(
  object: JsonObject,
  profile: Profile,
  sensorId: string,
  arrivedAt: EpochMillis,
  written: WrittenNumbers | undefined,
): Decoded {
  const parts: ReadingResult[] = [];
  let leftOut = 0;
  const timestamp = timeOf(object, profile, arrivedAt);
  const sentUnit = profile.unit === undefined ? undefined : valueAt(object, profile.unit);
  const unit = typeof sentUnit === 'string' ? { unit: sentUnit } : {};
  const except = exceptions(profile.except ?? []);
  const add = (value: number | string, path: readonly string[]) => {
    const id = [sensorId, ...path].join('.');
    parts.push(checkReading({ sensorid: id, value, timestamp: timestamp?.sent, ...unit }, arrivedAt, written));
  };
  const visit = (value: unknown, path: readonly string[]) => {
    if (except(path)) return;
    if (typeof value === 'number') add(value, path);
    else if (typeof value !== 'object' || value === null || path.length >= MAX_DEPTH) leftOut += 1;
    else for (const [name, member] of Object.entries(value)) visit(member, [...path, name]);
  };
  for (const root of profile.values) {
    const value = root === '' ? topOf(object, profile, timestamp?.path) : valueAt(object, root);
    // A value alone is a number as in the contract, which may be text.
    if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) add(value, []);
    else if (value !== undefined) visit(value, []);
  }
  return { format: FORMAT, parts, leftOut, source: sensorId };
}

/** The members that may be values: not the time and the unit, which were read. */
function topOf(object: JsonObject, { unit, time }: Profile, timePath: string | undefined): JsonObject {
  const rest = Object.entries(object).filter(
    // `t` may be a temperature. Another time that was not needed is none of the measurements.
    ([name]) => name !== unit && name !== timePath && (name === 't' || !time.includes(name)),
  );
  return Object.fromEntries(rest);
}

/** The time as it was sent. One that cannot be read is handed on, for `checkReading` to say why. */
function timeOf(object: JsonObject, { time }: Profile, arrivedAt: EpochMillis) {
  for (const path of time) {
    const sent = valueAt(object, path);
    if (sent === undefined || sent === null) continue;
    if (path === 't' && !readSentTime(sent, arrivedAt).ok) continue;
    return { path, sent };
  }
  return undefined;
}

function hasNumber(value: unknown, depth = 0): boolean {
  if (typeof value === 'number') return true;
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return false;
  return Object.entries(value).some(([name, member]) => {
    const isTime = depth === 0 && anySender.time.includes(name) && name !== 't';
    return !isTime && hasNumber(member, depth + 1);
  });
}

/** What is at a path such as `a/b/0/c`. */
function valueAt(object: unknown, path: string): unknown {
  let value: unknown = object;
  for (const name of path.split('/')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as JsonObject)[name];
  }
  return value;
}

function exceptions(paths: readonly string[]): (path: readonly string[]) => boolean {
  const patterns = paths.map((path) => path.split('/'));
  return (path) =>
    patterns.some(
      (pattern) => pattern.length === path.length && pattern.every((name, at) => name === '*' || name === path[at]),
    );
}
