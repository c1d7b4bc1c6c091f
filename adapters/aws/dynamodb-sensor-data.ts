/**
 * The table of readings in DynamoDB. It leaves one item per reading:
 *
 *   SensorId        S  partition key
 *   Timestamp       S  sort key: UTC ISO 8601 with milliseconds, followed by the place in the stream where the reading brought no
 *                      time, or by finer digits (`core/reading-key.ts`), so that the order of text is that of time
 *   Value           N
 *   Unit            S  only where one was sent
 *   Flags           L  of S, only where there are some; `arrival-time` is not among them, as the sort key says it
 *   Part            N  only of a reading whose record holds several: which one, from 0
 *   SequenceNumber  S  of the stream record: 56 digits are more than a number of DynamoDB can hold
 *   ArrivedAt       N  when the stream took the record, milliseconds since 1970
 *   ExpiresAt       N  seconds since 1970, only with `ttlDays`: that long after the arrival, so that a reading that comes
 *                      late stays as long as any other. The table's TTL must be set to this attribute.
 *
 * Without a TTL items stay until someone deletes them. DynamoDB deletes expired ones within days, not at once, so they are
 * left out of what is read.
 *
 * Which value stays: within a call the one with the latest sequence number. Across calls the last write, since
 * BatchWriteItem takes no conditions: a batch that is delivered again writes its own values again. One shard delivers a
 * sensor's records in order, so an older value can come back only where old records are processed anew on purpose.
 *
 * Reads are strongly consistent: paging through a sensor's readings misses none that was stored before, at twice the price
 * of a read that might.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchWriteCommand,
  DynamoDBDocumentClient,
  NumberValue,
  QueryCommand,
  type QueryCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import { splitIntoBatches } from '../../core/batching.ts';
import type { CallOptions, Clock, ReadingQuery, SensorDataTable, StoredReading } from '../../core/ports.ts';
import type { ReadingFlag } from '../../core/reading.ts';
import { keyOf, parsePlace, placeOf, readingKey, saysNoTime } from '../../core/reading-key.ts';
import { type PlaceRange, rangeOf } from '../../core/reading-range.ts';
import { compareSequenceNumbers } from '../../core/sequence-number.ts';
import { Backoff, type BackoffOptions, OutOfTime, type RemainingMillis } from './backoff.ts';
import { mapInParallel } from './map-in-parallel.ts';
import { isMistake, unavailable } from './translate-error.ts';

/** BatchWriteItem. 25 readings, with ids of at most 1 KB, are far from its limits in bytes. */
const MAX_ITEMS = 25;
const MAX_REQUESTS_IN_FLIGHT = 8;
const DAY_SECONDS = 24 * 60 * 60;

export interface DynamoDbSensorDataOptions extends BackoffOptions {
  readonly client: DynamoDBClient;
  readonly clock: Clock;
  readonly tableName: string;
  /** How long a reading is kept after its arrival; for ever unless given. */
  readonly ttlDays?: number;
  /** How long a call is retried whose caller sets no limit; 10,000 unless given. */
  readonly patienceMillis?: number;
}

interface Item {
  readonly SensorId: string;
  readonly Timestamp: string;
  readonly Value: number;
  readonly Unit?: string;
  readonly Flags?: readonly ReadingFlag[];
  readonly Part?: number;
  readonly SequenceNumber: string;
  readonly ArrivedAt: number;
  readonly ExpiresAt?: number;
}

/** The readings of one call with the same key: one of them is written for all. */
interface Entry {
  latest: StoredReading;
  readonly all: StoredReading[];
}

type Entries = ReadonlyMap<string, Entry>;

/** What was not written, and why where DynamoDB said so. */
interface Rest {
  readonly left: Entries;
  readonly error?: unknown;
}

export class DynamoDbSensorData implements SensorDataTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #tableName: string;
  readonly #ttlSeconds: number | undefined;
  readonly #patienceMillis: number;
  readonly #backoff: Backoff;
  readonly #clock: Clock;

  constructor({ client, clock, tableName, ttlDays, patienceMillis = 10_000, ...backoff }: DynamoDbSensorDataOptions) {
    // Without a function of ours the client refuses whole numbers beyond 2^53, which are as exact as the device sent them.
    this.#client = DynamoDBDocumentClient.from(client, { unmarshallOptions: { wrapNumbers: Number } });
    this.#clock = clock;
    this.#tableName = tableName;
    this.#ttlSeconds = ttlDays === undefined ? undefined : ttlDays * DAY_SECONDS;
    this.#patienceMillis = patienceMillis;
    this.#backoff = new Backoff(backoff);
  }

  /** @throws StoreUnavailable where not a single reading was written and DynamoDB said why. */
  async put(
    readings: readonly StoredReading[],
    { remainingMillis: remaining = this.#backoff.countDown(this.#patienceMillis) }: CallOptions = {},
  ): Promise<{ readonly notTaken: readonly StoredReading[] }> {
    const { batches } = splitIntoBatches(entriesOf(readings), {
      maxItems: MAX_ITEMS,
      maxBytes: Infinity,
      bytesOf: () => 0,
    });
    const rests = await mapInParallel(batches, MAX_REQUESTS_IN_FLIGHT, async (batch, index) => {
      const entries = new Map(batch);
      return index > 0 && remaining() <= 0
        ? { left: entries, error: new OutOfTime() }
        : this.#write(entries, remaining);
    });
    const notTaken = rests.flatMap(({ left }) => [...left.values()].flatMap(({ all }) => all));
    const error = rests.find((rest) => rest.error !== undefined)?.error;
    if (error !== undefined && notTaken.length === readings.length) {
      throw unavailable('table', `took none of ${readings.length} readings`, error);
    }
    return { notTaken };
  }

  async query(query: ReadingQuery): Promise<{ readonly readings: readonly StoredReading[]; readonly more: boolean }> {
    const { after, limit } = query;
    const range = rangeOf(query);
    const readings: StoredReading[] = [];
    if (range.first > range.last) return { readings, more: false };

    const nowSeconds = this.#clock.now() / 1_000;
    let startKey: QueryCommandOutput['LastEvaluatedKey'];
    do {
      const page = await this.#page(query, range, startKey);
      for (const item of (page.Items ?? []) as Item[]) {
        if (item.ExpiresAt !== undefined && item.ExpiresAt <= nowSeconds) continue;
        if (item.Timestamp === after) continue;
        if (readings.length === limit) return { readings, more: true };
        readings.push(readingOf(item));
      }
      startKey = page.LastEvaluatedKey;
    } while (startKey !== undefined);
    return { readings, more: false };
  }

  /** Writes what may be one request until all is written or no time is left; answers with the rest, and why it is left. */
  async #write(entries: Entries, remaining: RemainingMillis): Promise<Rest> {
    let left = entries;
    for (let failures = 1; ; failures += 1) {
      let error: unknown;
      try {
        const unprocessed = await this.#writeOnce(left, remaining);
        if (unprocessed.size === 0) return { left: unprocessed };
        if (unprocessed.size < left.size) failures = 1;
        left = unprocessed;
      } catch (caught) {
        if (isMistake(caught)) throw caught;
        error = caught;
      }
      if (!(await this.#backoff.pause(failures, remaining))) return { left, error };
    }
  }

  /** One BatchWriteItem; answers with what DynamoDB left unprocessed. */
  async #writeOnce(entries: Entries, remaining: RemainingMillis): Promise<Entries> {
    const writes = Array.from(entries.values(), ({ latest }) => ({ PutRequest: { Item: this.#itemOf(latest) } }));
    const { UnprocessedItems = {} } = await this.#client.send(
      new BatchWriteCommand({ RequestItems: { [this.#tableName]: writes } }),
      { abortSignal: this.#backoff.signal(remaining) },
    );
    const unprocessed = new Set(
      Object.values(UnprocessedItems)
        .flat()
        .map(({ PutRequest }) => {
          const { SensorId, Timestamp } = PutRequest?.Item as Item;
          return keyOf(SensorId, Timestamp);
        }),
    );
    return new Map([...entries].filter(([key]) => unprocessed.has(key)));
  }

  async #page(
    { sensorId, order, limit }: ReadingQuery,
    { first, last }: PlaceRange,
    startKey: QueryCommandOutput['LastEvaluatedKey'],
  ): Promise<QueryCommandOutput> {
    const command = new QueryCommand({
      TableName: this.#tableName,
      ConsistentRead: true,
      // Timestamp is a reserved word.
      ExpressionAttributeNames: { '#sensorId': 'SensorId', '#timestamp': 'Timestamp' },
      KeyConditionExpression: '#sensorId = :sensorId AND #timestamp BETWEEN :first AND :last',
      ExpressionAttributeValues: {
        ':sensorId': sensorId,
        ':first': first,
        ':last': last,
      },
      ScanIndexForward: order === 'asc',
      // One more tells whether readings follow, and one may be where the page begins. A page that did not do was full of expired
      // items: then in steps of 1 MB.
      ...(startKey === undefined ? { Limit: limit + 2 } : { ExclusiveStartKey: startKey }),
    });
    const remaining = this.#backoff.countDown(this.#patienceMillis);
    try {
      return await this.#backoff.retry(remaining, (abortSignal) => this.#client.send(command, { abortSignal }));
    } catch (error) {
      throw unavailable('table', 'did not answer the query', error);
    }
  }

  #itemOf(reading: StoredReading) {
    const { sensorId, value, unit, flags = [], part, sequenceNumber, arrivedAt } = reading;
    const told = saysNoTime(reading) ? flags.filter((flag) => flag !== 'arrival-time') : flags;
    return {
      SensorId: sensorId,
      Timestamp: placeOf(reading),
      // As text, for the client refuses numbers beyond 2^53, of which DynamoDB holds 38 digits.
      Value: NumberValue.from(String(value)),
      ...(unit !== undefined && { Unit: unit }),
      ...(told.length > 0 && { Flags: told }),
      ...(part !== undefined && { Part: part }),
      SequenceNumber: sequenceNumber,
      ArrivedAt: arrivedAt,
      ...(this.#ttlSeconds !== undefined && { ExpiresAt: Math.floor(arrivedAt / 1_000) + this.#ttlSeconds }),
    };
  }
}

/** One per key: BatchWriteItem refuses a request that names a key twice, and chunks are written in no order. */
function entriesOf(readings: readonly StoredReading[]): Entries {
  const entries = new Map<string, Entry>();
  for (const reading of readings) {
    const key = readingKey(reading);
    const entry = entries.get(key);
    if (entry === undefined) entries.set(key, { latest: reading, all: [reading] });
    else {
      entry.all.push(reading);
      if (compareSequenceNumbers(reading.sequenceNumber, entry.latest.sequenceNumber) >= 0) entry.latest = reading;
    }
  }
  return entries;
}

function readingOf({
  SensorId,
  Timestamp,
  Value,
  Unit,
  Flags = [],
  Part,
  SequenceNumber,
  ArrivedAt,
}: Item): StoredReading {
  // A sort key that is no place was written by somebody else: it is shown as it is.
  const { timestamp, saysNoTime: isArrival } = parsePlace(Timestamp) ?? { timestamp: Timestamp, saysNoTime: false };
  const flags: readonly ReadingFlag[] = isArrival ? ['arrival-time', ...Flags] : Flags;
  return {
    sensorId: SensorId,
    timestamp,
    value: Value,
    ...(Unit !== undefined && { unit: Unit }),
    ...(flags.length > 0 && { flags }),
    ...(Part !== undefined && { part: Part }),
    sequenceNumber: SequenceNumber,
    arrivedAt: ArrivedAt,
  };
}
