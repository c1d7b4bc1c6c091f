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
const FEW_VALUES = 16;

export interface MetricData {
  readonly data: readonly MetricDatum[];
  /** Readings outside of CloudWatch's time window or range. */
  readonly leftOut: number;
}

/** @param now The time window of CloudWatch (two weeks back, two hours ahead) is relative to the call. */
export function toMetricData(readings: readonly SensorReading[], now: EpochMillis): MetricData {
  /** By minute and sensor; null for a minute that CloudWatch does not take. */
  const groups = new Map<string, MinuteOfSensor | null>();
  const sensors = new Map<string, MinuteOfSensor[]>();
  let leftOut = 0;
  for (const { sensorId, timestamp, value } of readings) {
    const key = timestamp.slice(0, MINUTE_LENGTH) + sensorId;
    let group = groups.get(key);
    if (group === undefined) {
      const instant = Date.parse(timestamp);
      // The minute is what CloudWatch is sent, so the minute is what its window must hold.
      const minute = instant - (instant % MINUTE);
      group = flagOf(minute, now) === undefined ? new MinuteOfSensor(minute) : null;
      groups.set(key, group);
      if (group !== null) {
        const minutes = sensors.get(sensorId);
        // A list of one to begin with: an empty one makes room for many when something is added to it.
        if (minutes === undefined) sensors.set(sensorId, [group]);
        else minutes.push(group);
      }
    }
    if (group === null || Math.abs(value) > MAX_MAGNITUDE) leftOut += 1;
    else group.add(value);
  }
  const data: MetricDatum[] = [];
  for (const [sensorId, minutes] of sensors) {
    for (const { minute, values, counts } of minutes) {
      if (values.length > 0) data.push({ sensorId, minute, values, counts });
    }
  }
  return { data, leftOut };
}

class MinuteOfSensor {
  readonly minute: EpochMillis;
  values: number[] = [];
  counts: number[] = [];
  /** Where each value is; made when there are many: most sensors send few in a minute, and a map costs more than a search. */
  #places: Map<number, number> | undefined;

  constructor(minute: EpochMillis) {
    this.minute = minute;
  }

  add(value: number): void {
    if (this.values.length === 0) {
      this.values = [value];
      this.counts = [1];
      return;
    }
    const place = this.#placeOf(value);
    if (place !== undefined) {
      this.counts[place] = (this.counts[place] ?? 0) + 1;
      return;
    }
    this.#places?.set(value, this.values.length);
    this.values.push(value);
    this.counts.push(1);
    if (this.values.length === FEW_VALUES) this.#places = new Map(this.values.map((known, at) => [known, at]));
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
  // NaN is within no bounds.
  if (!values.every((value) => Math.abs(value) <= MAX_MAGNITUDE)) {
    throw problem(datum, 'values', 'must be numbers from -2^360 to 2^360');
  }
  if (!counts.every((count) => count > 0 && count < Infinity)) {
    throw problem(datum, 'counts', 'must be above 0 and finite');
  }
}

function problem({ sensorId }: MetricDatum, field: string, rule: string): InvalidRequest {
  return new InvalidRequest(field, `of the metric of ${sensorId} ${rule}`);
}
