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

export interface MetricData {
  readonly data: readonly MetricDatum[];
  /** Readings outside of CloudWatch's time window or range. */
  readonly leftOut: number;
}

/** @param now The time window of CloudWatch (two weeks back, two hours ahead) is relative to the call. */
export function toMetricData(readings: readonly SensorReading[], now: EpochMillis): MetricData {
  const sensors = new Map<string, Map<EpochMillis, Map<number, number>>>();
  let leftOut = 0;
  for (const { sensorId, timestamp, value } of readings) {
    const instant = Date.parse(timestamp);
    // The minute is what CloudWatch is sent, so the minute is what its window must hold.
    const minute = instant - (instant % MINUTE);
    if (flagOf(minute, now) !== undefined || Math.abs(value) > MAX_MAGNITUDE) {
      leftOut += 1;
      continue;
    }
    const minutes = entry(sensors, sensorId, () => new Map<EpochMillis, Map<number, number>>());
    const counts = entry(minutes, minute, () => new Map<number, number>());
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const data: MetricDatum[] = [];
  for (const [sensorId, minutes] of sensors) {
    for (const [minute, counts] of minutes) {
      data.push({ sensorId, minute, values: [...counts.keys()], counts: [...counts.values()] });
    }
  }
  return { data, leftOut };
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = create()));
  return value;
}

/** What CloudWatch refuses of a datum, whole call and all. @throws InvalidRequest */
export function checkMetricDatum({ sensorId, values, counts }: MetricDatum): void {
  const problem = (field: string, rule: string): InvalidRequest =>
    new InvalidRequest(field, `of the metric of ${sensorId} ${rule}`);
  if (values.length === 0) throw problem('values', 'must not be empty');
  if (values.length !== counts.length) throw problem('counts', 'must be as many as its values');
  // NaN is within no bounds.
  if (!values.every((value) => Math.abs(value) <= MAX_MAGNITUDE)) {
    throw problem('values', 'must be numbers from -2^360 to 2^360');
  }
  if (!counts.every((count) => count > 0 && count < Infinity)) throw problem('counts', 'must be above 0 and finite');
}
