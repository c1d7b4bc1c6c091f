/**
 * The table of readings in memory: the latest value per sensor and timestamp, until the process ends or the budget has
 * those dropped that arrived first. A reading takes about a hundred bytes, a million of them about 100 MB.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { InvalidRequest } from '../../core/errors.ts';
import type { EpochMillis, ReadingQuery, SensorDataTable, StoredReading } from '../../core/ports.ts';
import { formatTimestamp, parseCanonicalTimestamp } from '../../core/timestamp.ts';
import { MemoryBudget, type StoreAccount } from './memory-budget.ts';
import { type Sample, SensorSeries } from './sensor-series.ts';
import { SortedMap } from './sorted-map.ts';

export interface SensorSummary {
  readonly sensorId: string;
  /** How many readings are held. */
  readonly count: number;
  /** The one with the latest timestamp. */
  readonly latest: StoredReading;
}

/** Memory of a reading, and of a sensor beside its readings (`bench/memory-estimates.ts`). */
const READING_BYTES = 112;
const SENSOR_BYTES = 1_230;
/** Sensors that are looked at before others get their turn. */
const SLICE = 2_000;

export class MemorySensorData implements SensorDataTable {
  readonly #sensors = new SortedMap<SensorSeries>();
  readonly #account: StoreAccount;
  #readings = 0;

  constructor(budget = MemoryBudget.unlimited()) {
    this.#account = budget.open('table', 'readings', (instant) => this.#dropBefore(instant));
  }

  /** @throws Error where two readings have the same key, as BatchWriteItem refuses them: the whole call, unwritten. */
  async put(readings: readonly StoredReading[]): Promise<{ readonly notTaken: readonly StoredReading[] }> {
    const keys = new KeysOfCall();
    const instants = readings.map(({ sensorId, timestamp }) => {
      const instant = instantOf('timestamp', timestamp);
      keys.add(sensorId, instant);
      return instant;
    });
    const readingsBefore = this.#readings;
    let bytes = 0;
    readings.forEach(({ sensorId, value, sequenceNumber, arrivedAt }, index) => {
      let series = this.#sensors.get(sensorId);
      if (series === undefined) {
        this.#sensors.set(sensorId, (series = new SensorSeries()));
        bytes += sensorBytes(sensorId);
      }
      const before = series.count;
      series.put(instants[index] ?? 0, value, sequenceNumber, arrivedAt);
      this.#readings += series.count - before;
    });
    const added = this.#readings - readingsBefore;
    if (added > 0) this.#account.add(added, added * READING_BYTES + bytes, readings.at(-1)?.arrivedAt);
    return { notTaken: [] };
  }

  async query({
    sensorId,
    from,
    to,
    after,
    order,
    limit,
  }: ReadingQuery): Promise<{ readonly readings: readonly StoredReading[]; readonly more: boolean }> {
    let first = from === undefined ? -Infinity : instantOf('from', from);
    let last = to === undefined ? Infinity : instantOf('to', to);
    // Instants are whole milliseconds: behind one is from its neighbour on.
    if (after !== undefined && order === 'asc') first = Math.max(first, instantOf('after', after) + 1);
    if (after !== undefined && order === 'desc') last = Math.min(last, instantOf('after', after) - 1);

    const readings: StoredReading[] = [];
    const series = this.#sensors.get(sensorId);
    for (const sample of (order === 'asc' ? series?.ascending(first) : series?.descending(last)) ?? []) {
      if (sample.instant < first || sample.instant > last) break;
      if (readings.length >= limit) return { readings, more: true };
      readings.push(reading(sensorId, sample));
    }
    return { readings, more: false };
  }

  /** The first sensors whose ids follow `after`, in the UTF-8 byte order of the ids. */
  sensors(after = '', limit = Infinity): readonly SensorSummary[] {
    return this.#sensors
      .page({ after, limit })
      .entries.flatMap(([sensorId, { count, latest }]) =>
        latest === undefined ? [] : { sensorId, count, latest: reading(sensorId, latest) },
      );
  }

  statistics(): { readonly sensors: number; readonly readings: number } {
    return { sensors: this.#sensors.size, readings: this.#readings };
  }

  async #dropBefore(instant: EpochMillis): Promise<void> {
    let looked = 0;
    for (const [sensorId, series] of this.#sensors.entries()) {
      const dropped = series.dropArrivedBefore(instant);
      const empty = series.count === 0;
      if (empty) this.#sensors.delete(sensorId);
      this.#readings -= dropped;
      this.#account.trim(dropped, dropped * READING_BYTES + (empty ? sensorBytes(sensorId) : 0));
      looked += 1;
      if (looked % SLICE === 0) await nextTurn();
    }
  }
}

function sensorBytes(sensorId: string): number {
  return SENSOR_BYTES + 2 * sensorId.length;
}

/**
 * The keys of one call. Most sensors come once in it: only for the others a set is made. `LatestReadings` would find repeats too,
 * but keeps places to replace readings at, which takes longer.
 */
class KeysOfCall {
  readonly #instants = new Map<string, EpochMillis | Set<EpochMillis>>();

  /** @throws Error where the key was added before. */
  add(sensorId: string, instant: EpochMillis): void {
    const known = this.#instants.get(sensorId);
    if (known === undefined) this.#instants.set(sensorId, instant);
    else if (typeof known === 'number' ? known === instant : known.has(instant)) {
      throw new Error('Provided list of item keys contains duplicates');
    } else if (typeof known === 'number') this.#instants.set(sensorId, new Set([known, instant]));
    else known.add(instant);
  }
}

/** DynamoDB compares the text: one in another form would be another key there, hence is refused here. */
function instantOf(field: string, timestamp: string): EpochMillis {
  const instant = parseCanonicalTimestamp(timestamp);
  if (instant !== undefined) return instant;
  throw new InvalidRequest(field, `is ${timestamp}, but must be UTC ISO 8601 with milliseconds`);
}

function reading(sensorId: string, { instant, value, sequenceNumber, arrivedAt }: Sample): StoredReading {
  return { sensorId, value, timestamp: formatTimestamp(instant), sequenceNumber, arrivedAt };
}
