/**
 * From readings to metric data: values are grouped per sensor and minute, as PutMetricData takes them (`Values` and
 * `Counts`). What CloudWatch would refuse is left out here and counted, because one bad datum fails its whole call.
 */
import { InvalidRequest } from './errors.ts';
import type { EpochMillis, MetricDatum } from './ports.ts';
import { flagOf, type SensorReading } from './reading.ts';

/** PutMetricData: "Values must be in the range of -2^360 to 2^360". */
const MAX_MAGNITUDE = 2 ** 360;
const MINUTE = 60_000;
/** Of a timestamp, up to where its seconds begin. */
const MINUTE_LENGTH = 'YYYY-MM-DDTHH:mm'.length;
/** So many are searched one by one; a map costs more. */
const FEW_VALUES = 16;

export interface MetricData {
  readonly data: readonly MetricDatum[];
  /** Readings outside of CloudWatch's time window or range. */
  readonly leftOut: number;
}

/** @param now The time window of CloudWatch (two weeks back, two hours ahead) is relative to the call. */
export function toMetricData(readings: readonly SensorReading[], now: EpochMillis): MetricData {
  /** Of each sensor its first minute, which leads to the others. */
  const sensors = new Map<string, MinuteOfSensor>();
  let leftOut = 0;
  for (const { sensorId, timestamp, value } of readings) {
    let group = sensors.get(sensorId);
    if (group === undefined) sensors.set(sensorId, (group = new MinuteOfSensor(sensorId, timestamp)));
    else if (!group.covers(timestamp)) group = group.otherMinute(timestamp);
    // The minute is what CloudWatch is sent, so the minute is what its window must hold.
    if (flagOf(group.minute, now) !== undefined || Math.abs(value) > MAX_MAGNITUDE) leftOut += 1;
    else group.add(value);
  }
  const data: MetricDatum[] = [];
  for (const first of sensors.values()) {
    for (const { sensorId, minute, values, counts } of first.all()) {
      if (values.length > 0) data.push({ sensorId, minute, values, counts });
    }
  }
  return { data, leftOut };
}

/** Made for nearly every reading of a fleet that is larger than a batch, hence without maps where they can be done without. */
class MinuteOfSensor {
  readonly sensorId: string;
  readonly minute: EpochMillis;
  values: number[] = [];
  counts: number[] = [];
  /** The timestamp up to where its seconds begin. */
  readonly #text: string;
  /** Further minutes of the sensor, by their text. */
  #others: Map<string, MinuteOfSensor> | undefined;
  /** Where each value is, once there are many. */
  #places: Map<number, number> | undefined;

  constructor(sensorId: string, timestamp: string) {
    const instant = Date.parse(timestamp);
    this.sensorId = sensorId;
    this.minute = instant - (instant % MINUTE);
    this.#text = timestamp.slice(0, MINUTE_LENGTH);
  }

  covers(timestamp: string): boolean {
    return timestamp.startsWith(this.#text);
  }

  otherMinute(timestamp: string): MinuteOfSensor {
    this.#others ??= new Map();
    const text = timestamp.slice(0, MINUTE_LENGTH);
    let other = this.#others.get(text);
    if (other === undefined) this.#others.set(text, (other = new MinuteOfSensor(this.sensorId, timestamp)));
    return other;
  }

  all(): readonly MinuteOfSensor[] {
    return this.#others === undefined ? [this] : [this, ...this.#others.values()];
  }

  add(value: number): void {
    const place = this.#placeOf(value);
    if (place !== undefined) {
      this.counts[place] = (this.counts[place] ?? 0) + 1;
    } else if (this.values.length === 0) {
      // Lists of one: an empty one makes room for many when something is added to it.
      this.values = [value];
      this.counts = [1];
    } else {
      this.#places?.set(value, this.values.length);
      this.values.push(value);
      this.counts.push(1);
      if (this.values.length === FEW_VALUES) this.#places = new Map(this.values.map((known, at) => [known, at]));
    }
  }

  #placeOf(value: number): number | undefined {
    if (this.#places !== undefined) return this.#places.get(value);
    const place = this.values.indexOf(value);
    return place === -1 ? undefined : place;
  }
}

/** What CloudWatch refuses of a datum, whole call and all. @throws InvalidRequest */
export function checkMetricDatum(datum: MetricDatum): void {
  const { values, counts } = datum;
  if (values.length === 0) throw problem(datum, 'values', 'must not be empty');
  if (values.length !== counts.length) throw problem(datum, 'counts', 'must be as many as its values');
  if (!values.every(isInRange)) throw problem(datum, 'values', 'must be numbers from -2^360 to 2^360');
  if (!counts.every(isCount)) throw problem(datum, 'counts', 'must be above 0 and finite');
}

/** NaN is within no bounds. */
function isInRange(value: number): boolean {
  return Math.abs(value) <= MAX_MAGNITUDE;
}

function isCount(count: number): boolean {
  return count > 0 && count < Infinity;
}

function problem({ sensorId }: MetricDatum, field: string, rule: string): InvalidRequest {
  return new InvalidRequest(field, `of the metric of ${sensorId} ${rule}`);
}
