/**
 * Everything the core asks of the world, on one screen. Each doc comment states the promise that the contract suite of
 * the port (`test/contracts/`) checks on every adapter. Whatever fails and may succeed later is thrown as
 * `StoreUnavailable` (`core/errors.ts`).
 */
import type { Reason, SensorReading } from './reading.ts';
import type { EpochMillis } from './timestamp.ts';

export type { EpochMillis };

/** When to stop retrying. An adapter without internal retries has nothing to heed here. */
export interface CallOptions {
  /**
   * How many milliseconds are left for the call, at the moment of asking. It must not come from the wall clock, which can
   * be set while the call runs. It limits retries only: the first try is made even where nothing is left.
   */
  readonly remainingMillis?: () => number;
}

/** What a producer hands over: any bytes, and the key whose MD5 decides the shard (1–256 characters). */
export interface StreamEvent {
  readonly partitionKey: string;
  /** Decimal, 0 to 2^128 - 1; decides the shard instead of the MD5 of the partition key. */
  readonly explicitHashKey?: string;
  readonly data: Uint8Array;
}

/** One event as the stream keeps it. `sequenceNumber` is a decimal string that grows within its shard. */
export interface StreamRecord {
  readonly partitionKey: string;
  readonly data: Uint8Array;
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly arrivedAt: EpochMillis;
}

export type PutOutcome =
  | { readonly taken: true; readonly shardId: string; readonly sequenceNumber: string }
  | {
      readonly taken: false;
      readonly code: string;
      readonly message: string;
      /** The stream can never take this event. Without it the event was throttled or failed, and can be put again. */
      readonly permanent?: true;
      /** The stream is full: it takes nothing at all, and may do so again after this. */
      readonly retryAfterSeconds?: number;
    };

/** The way in. */
export interface EventStream {
  /**
   * Puts events; the answer has one outcome per event, in the order given. Each event is tried once at least, and what
   * was throttled is retried while time is left. Events of one partition key that are taken keep their order.
   */
  put(events: readonly StreamEvent[], options?: CallOptions): Promise<readonly PutOutcome[]>;
}

export interface Shard {
  readonly shardId: string;
  /** The shards this one was split or merged from: they are read to their end first. */
  readonly parentShardIds: readonly string[];
  /** First and last MD5 hash key (decimal, inclusive) that the shard takes. */
  readonly startingHashKey: string;
  readonly endingHashKey: string;
  /** No record of the shard has a lower one. It is fixed when the shard is created. */
  readonly startingSequenceNumber: string;
  /** Only once the shard is closed: no record of it has a higher one. An adapter that cannot tell leaves it out too. */
  readonly endingSequenceNumber?: string;
  /** When the shard began to take records, and when it was closed. An adapter that cannot tell leaves both out. */
  readonly openedAt?: EpochMillis;
  readonly closedAt?: EpochMillis;
}

/**
 * Where to read on in a shard. A sequence number is one that the shard's records or its range have; the service may
 * refuse any other with `InvalidRequest`. LATEST is behind the newest record at the time of the call: its page is empty
 * or nearly so, and its `next` is where to read on.
 */
export type ShardPosition =
  | { readonly type: 'TRIM_HORIZON' }
  | { readonly type: 'LATEST' }
  | { readonly type: 'AT_TIMESTAMP'; readonly timestamp: EpochMillis }
  | { readonly type: 'AT_SEQUENCE_NUMBER'; readonly sequenceNumber: string }
  | { readonly type: 'AFTER_SEQUENCE_NUMBER'; readonly sequenceNumber: string };

export interface ShardPage {
  readonly records: readonly StreamRecord[];
  /** Where to read on behind these records. Never LATEST: nothing that arrives from now on is missed. */
  readonly next: ShardPosition;
  /** How many records behind the position had been trimmed before this read could see them. */
  readonly trimmed: number;
  /** The shard was closed (split, merged) and nothing follows these records. */
  readonly endOfShard: boolean;
  /** The shard itself is gone, as its retention is over. What it held behind the position is lost; nobody knows how much. */
  readonly expired?: true;
  /** How far the end of this page is behind the newest record of the shard; 0 at the tip. */
  readonly millisBehindLatest: number;
}

/** The way out, shard by shard. */
export interface ShardReader {
  /** Open and closed shards. A shard that was split or merged is listed until its records have expired. */
  listShards(): Promise<readonly Shard[]>;
  /** At most `limit` records (1–10,000) of one shard after a position, in sequence order. An empty page is normal. */
  read(shardId: string, position: ShardPosition, limit: number): Promise<ShardPage>;
  /** How many records follow a position; `undefined` where the service cannot tell. */
  backlog(shardId: string, position: ShardPosition): Promise<number | undefined>;
}

export interface ArchivedObject {
  readonly key: string;
  /** Bytes as stored. */
  readonly size: number;
  /** When it was put; S3 tells whole seconds. */
  readonly modifiedAt: EpochMillis;
  /** The same for the same bytes: their MD5 in hexadecimal, unless S3 has another (of uploads in parts, or with a KMS key). */
  readonly etag: string;
}

export interface ListOptions {
  readonly prefix?: string;
  /** Only keys greater than this one, in UTF-8 byte order. */
  readonly after?: string;
  readonly limit: number;
}

/** Objects of bytes under keys. Also serves as the on-failure destination of event source mappings. */
export interface EventArchive {
  /**
   * Durable once resolved. Nothing is ever replaced: the same bytes under the same key again, a retry, leave one object, and
   * other bytes are refused.
   * @throws KeyTaken where the key holds other bytes.
   */
  put(key: string, body: Uint8Array, options?: CallOptions): Promise<void>;
  /** In key order; `more` tells whether keys follow the last one listed. */
  list(options: ListOptions): Promise<{ readonly objects: readonly ArchivedObject[]; readonly more: boolean }>;
  /** @throws ObjectTooLarge where it is larger than anything that was put through this port. */
  get(key: string): Promise<Uint8Array | undefined>;
}

/** A reading with what is needed to rebuild and audit it. */
export interface StoredReading extends SensorReading {
  readonly sequenceNumber: string;
  /** Which reading of its record, from 0; absent where the record is one reading. */
  readonly part?: number;
  readonly arrivedAt: EpochMillis;
}

export interface ReadingQuery {
  readonly sensorId: string;
  /** UTC ISO 8601 with milliseconds or finer (`formatMoment`), inclusive (`placesBetween`). */
  readonly from?: string;
  readonly to?: string;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  /** Exclusive: start after this place (`placeOf`) in the direction of `order`. */
  readonly after?: string;
}

export interface PutReadingsResult {
  readonly notTaken: readonly StoredReading[];
  /** How many readings of other records, with other values, these took the place of. Absent where the store does not say. */
  readonly overwritten?: number;
}

/** The latest reading per key (`readingKey`): per sensor and time, and each of those that brought no time. */
export interface SensorDataTable {
  /**
   * Writes readings, at most one per key in a call; writing one twice is writing it once, a later call
   * overwrites. What is not in `notTaken` is durable; what is in it was not written and can be tried again.
   */
  put(readings: readonly StoredReading[], options?: CallOptions): Promise<PutReadingsResult>;
  /** One sensor's readings in the order of their places, which is that of time; `more` tells whether readings of the range follow. Never scans other sensors. */
  query(query: ReadingQuery): Promise<{ readonly readings: readonly StoredReading[]; readonly more: boolean }>;
}

/** All values of one sensor within one minute: distinct values and how often each came. */
export interface MetricDatum {
  readonly sensorId: string;
  /** Start of the minute. */
  readonly minute: EpochMillis;
  readonly values: readonly number[];
  readonly counts: readonly number[];
}

export interface MetricStatistics {
  readonly minute: EpochMillis;
  readonly sampleCount: number;
  readonly sum: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** The metric `SensorData` with the dimension `SensorId`. Not idempotent: a datum published twice counts twice. */
export interface Metrics {
  publish(data: readonly MetricDatum[], options?: CallOptions): Promise<void>;
  /** Statistics per minute, oldest first, for minutes in [from, to]. */
  statistics(query: { sensorId: string; from: EpochMillis; to: EpochMillis }): Promise<readonly MetricStatistics[]>;
}

/** A record that can never become a reading, whole, with why, and where and when it came. */
export interface QuarantinedRecord {
  readonly record: StreamRecord;
  readonly reasons: readonly Reason[];
  readonly quarantinedAt: EpochMillis;
  /** Set on listing where another record has the same numbers: which copy of the key this one has, from 2 on. */
  readonly copy?: number;
}

export interface QuarantineListOptions extends ListOptions {
  /** Most bytes of a page, as the adapter stores them. */
  readonly maxBytes?: number;
}

/** Where refused records are kept. */
export interface Quarantine {
  /**
   * Keeps all of them or throws. Keeping a record again leaves one. Records of a stream that was made anew may have the same
   * shard and sequence number: each is kept.
   */
  keep(records: readonly QuarantinedRecord[], options?: CallOptions): Promise<void>;
  /**
   * In the order of `formatQuarantineKey` (day of arrival, then sequence number); `after` is such a key. A page ends early
   * where it reaches `maxBytes`, but has one record at least.
   */
  list(
    options: QuarantineListOptions,
  ): Promise<{ readonly records: readonly QuarantinedRecord[]; readonly more: boolean }>;
}

export interface Clock {
  now(): EpochMillis;
}

/**
 * Time that passes evenly: nobody sets it, and it stands still where the machine sleeps. Delays are measured with it, and how
 * old a record is, so that a clock that is set makes nothing wait for hours and nothing expire that is fresh.
 */
export interface SteadyClock {
  /** Milliseconds since some moment; differences mean something, and only they. */
  now(): EpochMillis;
  /** The moment, on this clock, at which the stream stamped a record with a time. */
  momentOf(arrivedAt: EpochMillis): EpochMillis;
  /** The time with which the stream would stamp a record now. */
  stamp(): EpochMillis;
}

/** gzip (RFC 1952); `decompress` undoes `compress`. */
export interface Compression {
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  /**
   * @param maxBytes Most bytes of the result, so that a small object cannot fill the memory; the adapter's own bound unless given.
   * @throws Error where the bytes are no whole gzip, or have more in them.
   */
  decompress(bytes: Uint8Array, maxBytes?: number): Promise<Uint8Array>;
  /** The same, without a turn for anybody else: for bytes that are few, such as those of a record. */
  decompressNow(bytes: Uint8Array, maxBytes: number): Uint8Array;
}
