/**
 * Use case: store what is a reading, quarantine what never can be one, publish the metric.
 *
 * Permanent and transient errors are different things. A record that can never succeed goes to the quarantine and does
 * not fail the batch. A store that does not take something now is transient: the rest is finished, then the first
 * record that is not safely kept is named, so that the batch is tried again from there and nothing is skipped.
 */
import { decode, reasonsOf } from './decoding/decode.ts';
import type { DecodingTools } from './decoding/decoded.ts';
import { StoreUnavailable } from './errors.ts';
import { LatestReadings } from './latest-readings.ts';
import { toMetricData } from './metric-data.ts';
import type {
  CallOptions,
  Clock,
  Metrics,
  Quarantine,
  QuarantinedRecord,
  SensorDataTable,
  StoredReading,
  StreamRecord,
} from './ports.ts';
import { parseReading, type ReadingFlag, type ReadingResult } from './reading.ts';
import { readingKey } from './reading-key.ts';
import { compareSequenceNumbers } from './sequence-number.ts';

/** `{` */
const OPENING_BRACE = 0x7b;

export interface StoreOutcome {
  /** Readings that the table holds now. */
  readonly stored: readonly StoredReading[];
  /** Records that the quarantine holds now. */
  readonly quarantined: readonly QuarantinedRecord[];
  /** Readings of the batch that a later one with the same sensor and time replaced. */
  readonly replaced: readonly StoredReading[];
  /**
   * Values that no history has any more, as a later reading of the same sensor and time has another one. What comes again is counted
   * then.
   */
  readonly overwritten: Overwritten;
  /** Values of records that can be no reading, such as texts and booleans in a message with several measurements. */
  readonly leftOut: number;
  /** How many readings have each flag; the flags that none has are left out. */
  readonly flagged: Readonly<Partial<Record<ReadingFlag, number>>>;
  readonly metrics: { readonly published: number; readonly leftOut: number; readonly failure?: unknown };
  /** The first record that is not safely kept, and why; absent where the whole batch is. */
  readonly failure?: { readonly sequenceNumber: string; readonly causes: readonly unknown[] };
}

export interface Overwritten {
  /** Of readings of the same batch. */
  readonly inBatch: number;
  /** Of readings that the table had; absent where it cannot tell. */
  readonly inTable?: number;
}

export class StoreReadings {
  readonly #table: SensorDataTable;
  readonly #metrics: Metrics;
  readonly #quarantine: Quarantine;
  readonly #clock: Clock;
  readonly #decoding: DecodingTools;

  constructor(table: SensorDataTable, metrics: Metrics, quarantine: Quarantine, clock: Clock, decoding: DecodingTools) {
    this.#table = table;
    this.#metrics = metrics;
    this.#quarantine = quarantine;
    this.#clock = clock;
    this.#decoding = decoding;
  }

  /** @param records A batch of one shard, in sequence order. */
  async store(records: readonly StreamRecord[], options: CallOptions = {}): Promise<StoreOutcome> {
    const { latest, firsts, rejected, replaced, changed, leftOut, flagged } = this.#sort(records);
    const [table, quarantine] = await Promise.all([this.#write(latest, options), this.#keep(rejected, options)]);

    const unsafe = [
      ...table.notTaken.map((reading) => firsts.get(readingKey(reading)) ?? reading.sequenceNumber),
      ...quarantine.notKept.map(({ record }) => record.sequenceNumber),
    ];
    const first = unsafe.length === 0 ? undefined : unsafe.reduce((a, b) => (compareSequenceNumbers(b, a) < 0 ? b : a));
    const metrics = await this.#publish(table.stored, first, options);
    return {
      stored: table.stored,
      quarantined: quarantine.kept,
      replaced,
      overwritten: {
        inBatch: settledOf(changed, first).length,
        ...(table.overwritten !== undefined && { inTable: table.overwritten }),
      },
      leftOut,
      flagged,
      metrics,
      ...(first !== undefined && {
        failure: { sequenceNumber: first, causes: [...table.causes, ...quarantine.causes] },
      }),
    };
  }

  /**
   * The readings, a later record replacing an earlier one with its key, and the records that are none. `firsts` has the
   * sequence number of the first record of a key that came more than once: with it the batch must come again.
   */
  #sort(records: readonly StreamRecord[]) {
    const latest = new LatestReadings();
    const firsts = new Map<string, string>();
    const rejected: QuarantinedRecord[] = [];
    const now = this.#clock.now();
    const replaced: StoredReading[] = [];
    const changed: StoredReading[] = [];
    let leftOut = 0;
    const flagged: Partial<Record<ReadingFlag, number>> = {};
    const add = (result: Extract<ReadingResult, { ok: true }>, record: StreamRecord, part?: number) => {
      const { sequenceNumber, arrivedAt } = record;
      // Field by field: a spread costs more than parsing the reading.
      const { sensorId, value, timestamp, unit, flags } = result.reading;
      const plain: StoredReading = { sensorId, value, timestamp, sequenceNumber, arrivedAt };
      const isPlain = unit === undefined && flags === undefined && part === undefined;
      const reading = isPlain ? plain : withDetails(plain, unit, flags, part);
      if (flags !== undefined) for (const flag of flags) flagged[flag] = (flagged[flag] ?? 0) + 1;
      const earlier = latest.add(reading);
      if (earlier === undefined) return;
      replaced.push(earlier);
      if (earlier.value !== reading.value) changed.push(earlier);
      const key = readingKey(reading);
      if (!firsts.has(key)) firsts.set(key, earlier.sequenceNumber);
    };
    for (const record of records) {
      const { data, arrivedAt } = record;
      // The contract comes first: for what else a record may be, it must not wait.
      const contract = data[0] === OPENING_BRACE ? parseReading(data, arrivedAt) : undefined;
      if (contract?.ok === true) {
        add(contract, record);
        continue;
      }
      const decoded = decode(data, { arrivedAt }, this.#decoding);
      const isList = decoded.parts.length > 1;
      leftOut += decoded.leftOut;
      decoded.parts.forEach((part, index) => {
        if (part.ok) add(part, record, isList ? index : undefined);
      });
      // The good parts are stored; the record is kept whole where one of them is none.
      const reasons = reasonsOf(decoded);
      if (reasons.length > 0) rejected.push({ record, reasons, quarantinedAt: now });
    }
    return { latest: latest.all, firsts, rejected, replaced, changed, leftOut, flagged };
  }

  async #write(readings: readonly StoredReading[], options: CallOptions) {
    if (readings.length === 0) return { stored: readings, notTaken: readings, overwritten: 0, causes: [] };
    try {
      const { notTaken, overwritten } = await this.#table.put(readings, options);
      if (notTaken.length === 0) return { stored: readings, notTaken, overwritten, causes: [] };
      const missing = new Set(notTaken.map(readingKey));
      return {
        stored: readings.filter((reading) => !missing.has(readingKey(reading))),
        notTaken,
        overwritten,
        causes: [
          new StoreUnavailable('table', `took ${readings.length - notTaken.length} of ${readings.length} readings`),
        ],
      };
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      return { stored: [], notTaken: readings, overwritten: 0, causes: [error] };
    }
  }

  async #keep(rejected: readonly QuarantinedRecord[], options: CallOptions) {
    if (rejected.length === 0) return { kept: rejected, notKept: rejected, causes: [] };
    try {
      await this.#quarantine.keep(rejected, options);
      return { kept: rejected, notKept: [], causes: [] };
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      return { kept: [], notKept: rejected, causes: [error] };
    }
  }

  /**
   * The metric is no store: its failure is told and never makes stored readings come again. Readings behind the first
   * failure are left for the retry, which would count them twice.
   */
  async #publish(stored: readonly StoredReading[], failedFrom: string | undefined, options: CallOptions) {
    const settled = settledOf(stored, failedFrom);
    const { data, leftOut } = toMetricData(settled, this.#clock.now());
    if (data.length === 0) return { published: 0, leftOut };
    try {
      await this.#metrics.publish(data, options);
      return { published: settled.length - leftOut, leftOut };
    } catch (failure) {
      return { published: 0, leftOut, failure };
    }
  }
}

/** Those that do not come again. @param failedFrom The first record that does; undefined where none does. */
function settledOf(readings: readonly StoredReading[], failedFrom: string | undefined): readonly StoredReading[] {
  if (failedFrom === undefined) return readings;
  return readings.filter(({ sequenceNumber }) => compareSequenceNumbers(sequenceNumber, failedFrom) < 0);
}

function withDetails(
  { sensorId, value, timestamp, sequenceNumber, arrivedAt }: StoredReading,
  unit: string | undefined,
  flags: readonly ReadingFlag[] | undefined,
  part: number | undefined,
): StoredReading {
  if (flags !== undefined && unit === undefined && part === undefined) {
    return { sensorId, value, timestamp, flags, sequenceNumber, arrivedAt };
  }
  return {
    ...{ sensorId, value, timestamp, sequenceNumber, arrivedAt },
    ...(unit !== undefined && { unit }),
    ...(flags !== undefined && { flags }),
    ...(part !== undefined && { part }),
  };
}
