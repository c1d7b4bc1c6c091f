/**
 * The metric in memory: per sensor and minute the statistics of all values published, kept for 15 days as CloudWatch
 * keeps data points of one minute, which bounds a sensor to 21,600 of them. Minutes that are older are dropped when
 * someone publishes or asks, at most once a minute; or earlier, where the budget needs the room.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkMetricDatum } from '../../core/metric-data.ts';
import type { Clock, EpochMillis, MetricDatum, Metrics, MetricStatistics } from '../../core/ports.ts';
import { lowerBound } from './lower-bound.ts';
import { MemoryBudget, type StoreAccount } from './memory-budget.ts';

const MINUTE_MILLIS = 60_000;
const RETENTION_MILLIS = 15 * 24 * 60 * MINUTE_MILLIS;
/** Memory of a minute, and of a sensor beside its minutes (`bench/memory-estimates.ts`). */
const MINUTE_BYTES = 155;
const SENSOR_BYTES = 220;
/** Sensors that are looked at before others get their turn. */
const SLICE = 2_000;

/** Grows in place: a summary of its own for each value would soon be garbage. */
type Summary = { -readonly [Member in keyof MetricStatistics]: MetricStatistics[Member] };

export class MemoryMetrics implements Metrics {
  readonly #clock: Clock;
  /** Statistics by sensor, oldest minute first. */
  readonly #sensors = new Map<string, Summary[]>();
  #droppedAt: EpochMillis = -Infinity;
  /** No minute that is held is older. */
  #oldest: EpochMillis = Infinity;
  readonly #account: StoreAccount;

  constructor(clock: Clock, budget = MemoryBudget.unlimited()) {
    this.#clock = clock;
    this.#account = budget.open('metrics', 'minutes', (instant) => this.#dropBefore(instant));
  }

  /** @throws InvalidRequest where CloudWatch would refuse a datum: the whole call, nothing of it is published. */
  async publish(data: readonly MetricDatum[]): Promise<void> {
    data.forEach(checkMetricDatum);
    let [added, bytes] = [0, 0];
    for (const datum of data) {
      let minutes = this.#sensors.get(datum.sensorId);
      if (minutes === undefined) {
        this.#sensors.set(datum.sensorId, (minutes = []));
        bytes += sensorBytes(datum.sensorId);
      }
      const before = minutes.length;
      add(datum, summaryOf(datum, minutes));
      added += minutes.length - before;
      this.#oldest = Math.min(this.#oldest, startOf(datum.minute));
    }
    if (added > 0) this.#account.add(added, added * MINUTE_BYTES + bytes);
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
    if (this.#oldest >= now - RETENTION_MILLIS) return;
    this.#oldest = Infinity;
    for (const [sensorId, minutes] of this.#sensors) {
      const { items, bytes } = this.#dropFrom(sensorId, minutes, now - RETENTION_MILLIS);
      this.#account.remove(items, bytes);
      this.#oldest = Math.min(this.#oldest, minutes[0]?.minute ?? Infinity);
    }
  }

  async #dropBefore(instant: EpochMillis): Promise<void> {
    let looked = 0;
    for (const [sensorId, minutes] of this.#sensors) {
      const { items, bytes } = this.#dropFrom(sensorId, minutes, instant - MINUTE_MILLIS + 1); // Whole minutes.
      this.#account.trim(items, bytes);
      looked += 1;
      if (looked % SLICE === 0) await nextTurn();
    }
  }

  /** @returns What was dropped. */
  #dropFrom(sensorId: string, minutes: Summary[], instant: EpochMillis): { items: number; bytes: number } {
    const items = indexOf(minutes, instant);
    if (items > 0) minutes.splice(0, items);
    const empty = minutes.length === 0;
    if (empty) this.#sensors.delete(sensorId);
    return { items, bytes: items * MINUTE_BYTES + (empty ? sensorBytes(sensorId) : 0) };
  }
}

function sensorBytes(sensorId: string): number {
  return SENSOR_BYTES + 2 * sensorId.length;
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
