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

export class MemoryMetrics implements Metrics {
  readonly #clock: Clock;
  /** Statistics by sensor, oldest minute first. */
  readonly #sensors = new Map<string, MetricStatistics[]>();
  #droppedAt: EpochMillis = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws InvalidRequest where CloudWatch would refuse a datum: the whole call, nothing of it is published. */
  async publish(data: readonly MetricDatum[]): Promise<void> {
    data.forEach(checkMetricDatum);
    for (const datum of data) {
      const minutes = this.#sensors.get(datum.sensorId) ?? [];
      this.#sensors.set(datum.sensorId, minutes);
      add(minutes, summarise(datum));
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
    return minutes.slice(indexOf(minutes, query.from), indexBehind(minutes, query.to));
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

function summarise({ minute, values, counts }: MetricDatum): MetricStatistics {
  let sampleCount = 0;
  let sum = 0;
  let minimum = Infinity;
  let maximum = -Infinity;
  values.forEach((value, index) => {
    const count = counts[index] ?? 0;
    sampleCount += count;
    sum += value * count;
    minimum = Math.min(minimum, value);
    maximum = Math.max(maximum, value);
  });
  return { minute: Math.floor(minute / MINUTE_MILLIS) * MINUTE_MILLIS, sampleCount, sum, minimum, maximum };
}

function add(minutes: MetricStatistics[], more: MetricStatistics): void {
  const at = indexOf(minutes, more.minute);
  const known = minutes[at];
  if (known?.minute !== more.minute) {
    minutes.splice(at, 0, more);
    return;
  }
  minutes[at] = {
    minute: more.minute,
    sampleCount: known.sampleCount + more.sampleCount,
    sum: known.sum + more.sum,
    minimum: Math.min(known.minimum, more.minimum),
    maximum: Math.max(known.maximum, more.maximum),
  };
}

/** The first of the minutes that is not before an instant. */
function indexOf(minutes: readonly MetricStatistics[], instant: EpochMillis): number {
  return lowerBound(minutes.length, (index) => (minutes[index]?.minute ?? 0) < instant);
}

/** The first of the minutes that is behind an instant. */
function indexBehind(minutes: readonly MetricStatistics[], instant: EpochMillis): number {
  return lowerBound(minutes.length, (index) => (minutes[index]?.minute ?? 0) <= instant);
}
