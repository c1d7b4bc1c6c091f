/**
 * The table of readings in memory: the latest value per sensor and timestamp, until the process ends. Like the DynamoDB
 * table it has no bound; a reading takes about a hundred bytes, a million of them about 100 MB.
 */
import { InvalidRequest } from '../../core/errors.ts';
import type { EpochMillis, ReadingQuery, SensorDataTable, StoredReading } from '../../core/ports.ts';
import { formatTimestamp, parseCanonicalTimestamp } from '../../core/timestamp.ts';
import { type Sample, SensorSeries } from './sensor-series.ts';
import { SortedMap } from './sorted-map.ts';

export interface SensorSummary {
  readonly sensorId: string;
  /** How many readings are held. */
  readonly count: number;
  /** The one with the latest timestamp. */
  readonly latest: StoredReading;
}

export class MemorySensorData implements SensorDataTable {
  readonly #sensors = new SortedMap<SensorSeries>();
  #readings = 0;

  /** @throws Error where two readings have the same key, as BatchWriteItem refuses them: the whole call, unwritten. */
  async put(readings: readonly StoredReading[]): Promise<{ readonly notTaken: readonly StoredReading[] }> {
    const keys = new KeysOfCall();
    const instants = readings.map(({ sensorId, timestamp }) => {
      const instant = instantOf('timestamp', timestamp);
      keys.add(sensorId, instant);
      return instant;
    });
    readings.forEach(({ sensorId, value, sequenceNumber, arrivedAt }, index) => {
      const series = this.#seriesOf(sensorId);
      const before = series.count;
      series.put(instants[index] ?? 0, value, sequenceNumber, arrivedAt);
      this.#readings += series.count - before;
    });
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

  #seriesOf(sensorId: string): SensorSeries {
    const known = this.#sensors.get(sensorId);
    if (known !== undefined) return known;
    const series = new SensorSeries();
    this.#sensors.set(sensorId, series);
    return series;
  }
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
