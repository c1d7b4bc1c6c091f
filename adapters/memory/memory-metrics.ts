/**
 * The metric in memory: per sensor and minute the statistics of all values published, kept for 15 days as CloudWatch
 * keeps data points of one minute, which bounds a sensor to 21,600 of them. Minutes that are older are dropped when
 * someone publishes or asks, at most once a minute.
 */
import { checkMetricDatum } from '../../core/metric-data.ts';
import type { Clock, EpochMillis, MetricDatum, Metrics, MetricStatistics } from '../../core/ports.ts';
import { lowerBound } from './lower-bound.ts';

const MINUTE_MILLIS = 60_000;
const RETENTION_MILLIS = 15 * 24 * 60 * MINUTE_MILLIS;

/** Grows in place: a summary of its own for each value would soon be garbage. */
type Summary = { -readonly [Member in keyof MetricStatistics]: MetricStatistics[Member] };

export class MemoryMetrics implements Metrics {
  readonly #clock: Clock;
  /** Statistics by sensor, oldest minute first. */
  readonly #sensors = new Map<string, Summary[]>();
  #droppedAt: EpochMillis = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws InvalidRequest where CloudWatch would refuse a datum: the whole call, nothing of it is published. */
  async publish(data: readonly MetricDatum[]): Promise<void> {
    data.forEach(checkMetricDatum);
    for (const datum of data) {
      const minutes = this.#sensors.get(datum.sensorId);
      if (minutes === undefined) this.#sensors.set(datum.sensorId, [add(datum, emptySummary(startOf(datum.minute)))]);
      else add(datum, summaryOf(datum, minutes));
    }
    this.#dropOld();
  }

  async statistics(query: {
    sensorId: string;
    from: EpochMillis;
    to: EpochMillis;
  }): Promise<readonly MetricStatistics[]> {
    this.#dropOld();
    const minutes = this.#sensors.get(query.sensorId) ?? [];
    return minutes
      .slice(indexOf(minutes, query.from), indexBehind(minutes, query.to))
      .map((summary) => ({ ...summary }));
  }

  #dropOld(): void {
    const now = this.#clock.now();
    if (Math.abs(now - this.#droppedAt) < MINUTE_MILLIS) return;
    this.#droppedAt = now;
    for (const [sensorId, minutes] of this.#sensors) {
      minutes.splice(0, indexOf(minutes, now - RETENTION_MILLIS));
      if (minutes.length === 0) this.#sensors.delete(sensorId);
    }
  }
}

/** The summary of the datum's minute, which is put in its place if there is none yet. */
function summaryOf({ minute }: MetricDatum, minutes: Summary[]): Summary {
  const start = startOf(minute);
  const latest = minutes.at(-1);
  if (latest?.minute === start) return latest;
  const at = indexOf(minutes, start);
  const known = minutes[at];
  if (known?.minute === start) return known;
  const summary = emptySummary(start);
  minutes.splice(at, 0, summary);
  return summary;
}

function startOf(instant: EpochMillis): EpochMillis {
  return Math.floor(instant / MINUTE_MILLIS) * MINUTE_MILLIS;
}

function emptySummary(minute: EpochMillis): Summary {
  return { minute, sampleCount: 0, sum: 0, minimum: Infinity, maximum: -Infinity };
}

function add({ values, counts }: MetricDatum, summary: Summary): Summary {
  for (let index = 0; index < values.length; index += 1) {
    const [value = NaN, count = 0] = [values[index], counts[index]];
    summary.sampleCount += count;
    summary.sum += value * count;
    summary.minimum = Math.min(summary.minimum, value);
    summary.maximum = Math.max(summary.maximum, value);
  }
  return summary;
}

/** The first of the minutes that is not before an instant. */
function indexOf(minutes: readonly MetricStatistics[], instant: EpochMillis): number {
  return lowerBound(minutes.length, (index) => (minutes[index]?.minute ?? 0) < instant);
}

/** The first of the minutes that is behind an instant. */
function indexBehind(minutes: readonly MetricStatistics[], instant: EpochMillis): number {
  return lowerBound(minutes.length, (index) => (minutes[index]?.minute ?? 0) <= instant);
}
