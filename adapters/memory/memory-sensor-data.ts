/**
 * The table of readings in memory: the latest of each key, until the process ends or the budget has
 * those dropped that arrived first. A reading takes about a hundred bytes, a million of them about 100 MB.
 */
import { at } from '../../core/at.ts';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { InvalidRequest } from '../../core/errors.ts';
import { formatMoment, type Moment, parseMoment } from '../../core/moment.ts';
import type { EpochMillis, PutReadingsResult, ReadingQuery, SensorDataTable, StoredReading } from '../../core/ports.ts';
import type { ReadingFlag } from '../../core/reading.ts';
import { placeOf, saysNoTime } from '../../core/reading-key.ts';
import { rangeOf } from '../../core/reading-range.ts';
import { formatTimestamp, parseCanonicalTimestamp } from '../../core/timestamp.ts';
import { MemoryBudget, type StoreAccount } from './memory-budget.ts';
import { type Details, NO_TIME, type Position, type Sample, SensorSeries } from './sensor-series.ts';
import { SortedMap } from './sorted-map.ts';

export interface SensorSummary {
  readonly sensorId: string;
  /** How many readings are held. */
  readonly count: number;
  /** The one with the latest timestamp; one from the far future only where there is no other. */
  readonly latest: StoredReading;
}

/** Memory of a reading, and of a sensor beside its readings (`bench/memory-estimates.ts`). */
const READING_BYTES = 128;
const SENSOR_BYTES = 1_230;
/** Sensors that are looked at before others get their turn. */
const SLICE = 2_000;

export class MemorySensorData implements SensorDataTable {
  readonly #sensors = new SortedMap<SensorSeries>();
  readonly #account: StoreAccount;
  readonly #details = new SharedDetails();
  #readings = 0;

  constructor(budget = MemoryBudget.unlimited()) {
    this.#account = budget.open('table', 'readings', (instant) => this.#dropBefore(instant));
  }

  /** @throws Error where two readings have the same key, as BatchWriteItem refuses them: the whole call, unwritten. */
  async put(readings: readonly StoredReading[]): Promise<PutReadingsResult> {
    const keys = new KeysOfCall();
    const moments = readings.map((reading) => {
      const moment = momentOf(reading);
      // A record is in a call once, and so is each of its parts.
      if (!saysNoTime(reading)) keys.add(reading.sensorId, moment);
      return moment;
    });
    const readingsBefore = this.#readings;
    let bytes = 0;
    let replaced = 0;
    let overwritten = 0;
    readings.forEach((reading, index) => {
      const { sensorId, value, sequenceNumber, arrivedAt } = reading;
      const moment = at(moments, index);
      let series = this.#sensors.get(sensorId);
      if (series === undefined) {
        this.#sensors.set(sensorId, (series = new SensorSeries()));
        bytes += sensorBytes(sensorId);
      }
      const instant = typeof moment === 'number' ? moment : moment.instant;
      const suffix = typeof moment === 'number' ? (saysNoTime(reading) ? NO_TIME : '') : moment.finer;
      const before = series.put(instant, value, sequenceNumber, arrivedAt, suffix, this.#details.of(reading));
      if (before === undefined) return;
      replaced += 1;
      if (before.sequenceNumber !== sequenceNumber && before.value !== value) overwritten += 1;
    });
    this.#readings += readings.length - replaced;
    const added = this.#readings - readingsBefore;
    if (added > 0) this.#account.add(added, added * READING_BYTES + bytes, readings.at(-1)?.arrivedAt);
    return { notTaken: [], overwritten };
  }

  async query(query: ReadingQuery): Promise<{ readonly readings: readonly StoredReading[]; readonly more: boolean }> {
    const { sensorId, order, limit, after } = query;
    const range = rangeOf(query);
    const [first, last] = [positionAt(range.first), positionAt(range.last)];
    const readings: StoredReading[] = [];
    const series = this.#sensors.get(sensorId);
    for (const sample of (order === 'asc' ? series?.ascending(first) : series?.descending(last)) ?? []) {
      const reading = readingOf(sensorId, sample);
      const place = placeOf(reading);
      if (place < range.first || place > range.last) break;
      if (place === after) continue;
      if (readings.length >= limit) return { readings, more: true };
      readings.push(reading);
    }
    return { readings, more: false };
  }

  /** The first sensors whose ids follow `after`, in the UTF-8 byte order of the ids. */
  sensors(after = '', limit = Infinity): readonly SensorSummary[] {
    return this.#sensors
      .page({ after, limit })
      .entries.flatMap(([sensorId, { count, latest }]) =>
        latest === undefined ? [] : { sensorId, count, latest: readingOf(sensorId, latest) },
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
 * but keeps indexes to replace readings at, which takes longer.
 */
class KeysOfCall {
  readonly #keys = new Map<string, EpochMillis | string | Set<EpochMillis | string>>();

  /** @throws Error where the key was added before. */
  add(sensorId: string, moment: EpochMillis | Moment): void {
    const key = typeof moment === 'number' ? moment : formatMoment(moment);
    const known = this.#keys.get(sensorId);
    if (known === undefined) this.#keys.set(sensorId, key);
    else if (known instanceof Set ? known.has(key) : known === key) {
      throw new Error('Provided list of item keys contains duplicates');
    } else if (known instanceof Set) known.add(key);
    else this.#keys.set(sensorId, new Set([known, key]));
  }
}

/** Details of readings, each kept once: a device sends the same unit again and again, and all of its readings have the same flags. */
class SharedDetails {
  readonly #byFlags = new Map<readonly ReadingFlag[], Details>();
  readonly #byText = new Map<string, Details>();

  of({ unit, part, flags }: StoredReading): Details | undefined {
    if (unit !== undefined || part !== undefined) {
      return shared(this.#byText, `${part ?? ''} ${flags?.join() ?? ''} ${unit ?? ''}`, {
        ...(unit !== undefined && { unit }),
        ...(flags !== undefined && { flags }),
        ...(part !== undefined && { part }),
      });
    }
    return flags === undefined ? undefined : (this.#byFlags.get(flags) ?? shared(this.#byFlags, flags, { flags }));
  }
}

function shared<K>(known: Map<K, Details>, key: K, details: Details): Details {
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= MOST_SHARED) known.clear();
  known.set(key, details);
  return details;
}

const MOST_SHARED = 10_000;
const CANONICAL_LENGTH = 'YYYY-MM-DDTHH:mm:ss.sssZ'.length;

/**
 * Milliseconds alone for most readings.
 * @throws InvalidRequest: DynamoDB compares the text, and one in another form would be another key there.
 */
function momentOf({ timestamp }: StoredReading): EpochMillis | Moment {
  const moment = parseCanonicalTimestamp(timestamp) ?? parseMoment(timestamp);
  if (moment !== undefined) return moment;
  throw new InvalidRequest('timestamp', `is ${timestamp}, but must be UTC ISO 8601 with milliseconds or finer`);
}

/** An end of a range. */
function positionAt(place: string): Position {
  const instant = parseCanonicalTimestamp(place.slice(0, CANONICAL_LENGTH));
  // Before or behind all.
  if (instant === undefined) return { instant: place < '1' ? -Infinity : Infinity, suffix: '', sequenceNumber: '0' };
  const rest = place.slice(CANONICAL_LENGTH);
  if (!rest.startsWith(NO_TIME)) return { instant, suffix: rest, sequenceNumber: '0' };
  const [number = '', part] = rest.slice(NO_TIME.length).split('.');
  const sequenceNumber = number.replace(/^0+(?=.)/, '');
  return { instant, suffix: NO_TIME, sequenceNumber, part: part === undefined ? undefined : Number(part) };
}

function readingOf(sensorId: string, sample: Sample): StoredReading {
  const { instant, suffix, value, sequenceNumber, arrivedAt, details } = sample;
  const timestamp =
    suffix === '' || suffix === NO_TIME ? formatTimestamp(instant) : formatMoment({ instant, finer: suffix });
  return { sensorId, value, timestamp, ...details, sequenceNumber, arrivedAt };
}
