/**
 * A Kinesis data stream in memory. It keeps every record that it took, in the order of arrival per shard, until the
 * record is older than the retention or until all records together take more than `retentionBytes`; then the oldest of
 * the stream goes first, whether it was read or not. A reader whose position was trimmed is told how many records it
 * missed, and `statistics` counts them. The bound covers data, partition keys and the overhead of a record on the heap.
 * Closed shards stay listed, so that a reader learns that it may go on to their children.
 *
 * Time is that of the clock, also where it goes backwards: a record keeps the time at which it arrived, order in a
 * shard is that of arrival, and AT_TIMESTAMP starts at the first record, in that order, that arrived at the timestamp or
 * later. Age is looked at from the oldest record on, so that one with a time in the future holds back those behind it;
 * the bound on bytes holds nevertheless.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { InvalidRequest } from '../../core/errors.ts';
import type {
  CallOptions,
  Clock,
  EpochMillis,
  EventStream,
  PutOutcome,
  Shard,
  ShardPage,
  ShardPosition,
  ShardReader,
  StreamEvent,
} from '../../core/ports.ts';
import { ByteSlabs } from './byte-slabs.ts';
import { halves, type HashKeyRange, KnownKeys, parseHashKey, uniformRanges } from './hash-key.ts';
import { lowerBound } from './lower-bound.ts';
import { ShardLog, type ShardStatistics } from './shard-log.ts';
import { WriteLimit } from './write-limit.ts';

export interface MemoryEventStreamOptions {
  readonly clock: Clock;
  /** How many shards to start with. */
  readonly shards: number;
  /** 24 hours unless given. */
  readonly retentionMillis?: number;
  /** Most memory for the records of all shards; 512 MiB unless given. */
  readonly retentionBytes?: number;
  /** Hold each shard to the write limits of Kinesis; off unless given. */
  readonly writeLimits?: boolean;
  /** Called after records were appended: once a put, and again for those taken in a retry. Must not throw. */
  readonly onAppend?: () => void;
  /** Name and account as the messages of throttled records carry them. */
  readonly streamName?: string;
  readonly accountId?: string;
  /** Waits between retries of throttled records. */
  readonly sleep?: (millis: number) => Promise<unknown>;
  /** From 0 to below 1, for the jitter of these waits. */
  readonly random?: () => number;
}

/** PutRecord: data and partition key of a record have at most 1 MiB together, the key 1–256 characters. */
const MAX_RECORD_BYTES = 1_048_576;
const MAX_KEY_CHARACTERS = 256;
/** GetRecords. */
const MAX_PAGE = 10_000;
const FIRST_BACKOFF_MILLIS = 100;
/** A full second fills a shard's limits again. */
const LONGEST_BACKOFF_MILLIS = 1_000;

/** An event on its way into a shard. */
interface Pending {
  /** Its place in the call. */
  readonly index: number;
  readonly data: Uint8Array;
  readonly partitionKey: string;
  readonly hashKey: string;
  /** Of data and partition key. */
  readonly bytes: number;
}

export class MemoryEventStream implements EventStream, ShardReader {
  readonly #clock: Clock;
  readonly #retentionMillis: number;
  readonly #retentionBytes: number;
  readonly #writeLimits: Map<ShardLog, WriteLimit> | undefined;
  readonly #onAppend: () => void;
  readonly #place: string;
  readonly #sleep: (millis: number) => Promise<unknown>;
  readonly #random: () => number;
  /** By shard id, in the order of creation. */
  readonly #shards = new Map<string, ShardLog>();
  /** The open shards in the order of their ranges, which cover all hash keys. */
  #openShards: ShardLog[];
  readonly #knownKeys = new KnownKeys();
  readonly #slabs = new ByteSlabs();
  #recordsPut = 0;

  constructor(options: MemoryEventStreamOptions) {
    const { shards, retentionMillis = 24 * 60 * 60 * 1_000, retentionBytes = 512 * 1_048_576 } = options;
    for (const [field, value] of Object.entries({ shards, retentionMillis, retentionBytes })) {
      if (!(value >= 1)) throw new InvalidRequest(field, `is ${value}, but must be 1 or more`);
    }
    this.#clock = options.clock;
    this.#retentionMillis = retentionMillis;
    this.#retentionBytes = retentionBytes;
    this.#writeLimits = options.writeLimits === true ? new Map() : undefined;
    this.#onAppend = options.onAppend ?? (() => undefined);
    this.#place = `in stream ${options.streamName ?? 'events'} under account ${options.accountId ?? '000000000000'}`;
    this.#sleep = options.sleep ?? pause;
    this.#random = options.random ?? Math.random;
    const createdAtSecond = Math.floor(this.#clock.now() / 1_000);
    this.#openShards = uniformRanges(shards).map((range) => this.#openShard(range, createdAtSecond, []));
  }

  /**
   * Throttled events are retried until the deadline, or until all are taken where there is none. In one shard nothing
   * passes an event that waits, so that the events of a partition key keep their order.
   */
  async put(events: readonly StreamEvent[], { deadline = Infinity }: CallOptions = {}): Promise<readonly PutOutcome[]> {
    const outcomes: PutOutcome[] = [];
    let pending: Pending[] = [];
    events.forEach((event, index) => {
      const checked = this.#check(event, index);
      if (typeof checked !== 'string') pending.push(checked);
      else outcomes[index] = { taken: false, code: 'ValidationException', message: checked };
    });
    for (let longest = FIRST_BACKOFF_MILLIS; ; longest = Math.min(longest * 2, LONGEST_BACKOFF_MILLIS)) {
      pending = this.#append(pending, outcomes);
      const left = deadline - this.#clock.now();
      if (pending.length === 0 || left <= 0) return outcomes;
      await this.#sleep(Math.min(left, Math.max(1, this.#random() * longest)));
    }
  }

  async listShards(): Promise<readonly Shard[]> {
    return Array.from(this.#shards.values(), ({ shard }) => shard);
  }

  /**
   * The records are those that the stream holds: a reader must not change their bytes. Positions other than
   * AFTER_SEQUENCE_NUMBER name no record that could be missed, so that `trimmed` is 0 for them.
   */
  async read(shardId: string, position: ShardPosition, limit: number): Promise<ShardPage> {
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
      throw new InvalidRequest('limit', `is ${limit}, but must be a whole number from 1 to ${MAX_PAGE}`);
    }
    const log = this.#find(shardId);
    this.#trim(this.#clock.now());
    return log.page(position, limit);
  }

  async backlog(shardId: string, position: ShardPosition): Promise<number> {
    const log = this.#find(shardId);
    this.#trim(this.#clock.now());
    return log.backlog(position);
  }

  /** Closes a shard and opens two over the halves of its range, which take what is put from now on (SplitShard). */
  splitShard(shardId: string): readonly Shard[] {
    const parent = this.#find(shardId);
    const ranges = halves(parent.origin.range);
    if (!parent.open) throw new InvalidRequest('shardId', `${shardId} is closed already`);
    if (ranges === undefined) throw new InvalidRequest('shardId', `${shardId} has a single hash key`);

    const second = Math.max(Math.floor(this.#clock.now() / 1_000), parent.origin.createdAtSecond + 1);
    const children = ranges.map((range) => this.#openShard(range, second, [shardId]));
    parent.close();
    this.#writeLimits?.delete(parent);
    this.#openShards = this.#openShards.flatMap((log) => (log === parent ? children : log));
    return children.map(({ shard }) => shard);
  }

  /** Every shard, in the order of creation. */
  statistics(): readonly ShardStatistics[] {
    this.#trim(this.#clock.now());
    return Array.from(this.#shards.values(), (log) => log.statistics());
  }

  #openShard(range: HashKeyRange, createdAtSecond: number, parentShardIds: readonly string[]): ShardLog {
    const log = new ShardLog({ index: this.#shards.size, range, createdAtSecond, parentShardIds });
    this.#shards.set(log.shard.shardId, log);
    this.#writeLimits?.set(log, new WriteLimit(this.#clock.now()));
    return log;
  }

  #find(shardId: string): ShardLog {
    const log = this.#shards.get(shardId);
    if (log === undefined) throw new InvalidRequest('shardId', `there is no shard ${shardId}`);
    return log;
  }

  /** Appends what the shards take, writes the outcomes, and answers with what was throttled. */
  #append(pending: readonly Pending[], outcomes: PutOutcome[]): Pending[] {
    const now = this.#clock.now();
    const throttled = this.#throttle(pending, now, outcomes);
    const taken = throttled.size === 0 ? pending : pending.filter((event) => !throttled.has(event));
    const data = taken.map((event) => event.data);
    this.#slabs.copy(data, (at, slab, start) => {
      const event = taken[at];
      if (event !== undefined) outcomes[event.index] = this.#keep(event, slab, start, now);
    });
    if (taken.length > 0) {
      this.#trim(now);
      this.#onAppend();
    }
    return [...throttled];
  }

  /** What is over the limits of its shard, and what follows it there. */
  #throttle(pending: readonly Pending[], now: EpochMillis, outcomes: PutOutcome[]): ReadonlySet<Pending> {
    const throttled = new Set<Pending>();
    if (this.#writeLimits === undefined) return throttled;
    const full = new Set<ShardLog>();
    for (const event of pending) {
      const log = this.#shardOf(event.hashKey);
      if (!full.has(log) && this.#writeLimits.get(log)?.take(event.bytes, now) !== false) continue;
      full.add(log);
      throttled.add(event);
      outcomes[event.index] = {
        taken: false,
        code: 'ProvisionedThroughputExceededException',
        message: `Rate exceeded for shard ${log.shard.shardId} ${this.#place}.`,
      };
    }
    return throttled;
  }

  #keep(
    { partitionKey, hashKey, data, bytes }: Pending,
    slab: Buffer,
    start: number,
    arrivedAt: EpochMillis,
  ): PutOutcome {
    const log = this.#shardOf(hashKey);
    const record = { partitionKey, slab, start, length: data.length, arrivedAt, ordinal: this.#recordsPut };
    this.#recordsPut += 1;
    return { taken: true, shardId: log.shard.shardId, sequenceNumber: log.append(record, bytes) };
  }

  /** Where an event goes and what it takes, or in words why the stream cannot take it. */
  #check({ partitionKey, explicitHashKey, data }: StreamEvent, index: number): Pending | string {
    // Only keys that could break the limit are counted.
    const characters = partitionKey.length > MAX_KEY_CHARACTERS ? Array.from(partitionKey).length : partitionKey.length;
    if (characters < 1 || characters > MAX_KEY_CHARACTERS) {
      return `The partition key must have 1 to ${MAX_KEY_CHARACTERS} characters, but has ${characters}.`;
    }
    const key = this.#knownKeys.get(partitionKey);
    const bytes = data.length + key.bytes;
    if (bytes > MAX_RECORD_BYTES) {
      return `Data and partition key must have at most ${MAX_RECORD_BYTES} bytes together, but have ${bytes}.`;
    }
    const hashKey = explicitHashKey === undefined ? key.hashKey : parseHashKey(explicitHashKey);
    if (hashKey !== undefined) return { index, data, partitionKey: key.partitionKey, hashKey, bytes };
    return `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${explicitHashKey}`;
  }

  #shardOf(hashKey: string): ShardLog {
    const index = lowerBound(this.#openShards.length, (at) => (this.#openShards[at]?.lastHashKey ?? '') < hashKey);
    const log = this.#openShards[index];
    if (log === undefined) throw new Error(`no open shard takes the hash key ${hashKey}`);
    return log;
  }

  /** Forgets the oldest records of the stream while they are too old or all together take too much. */
  #trim(now: EpochMillis): void {
    const horizon = now - this.#retentionMillis;
    let held = 0;
    for (const log of this.#shards.values()) held += log.heldBytes;
    for (let oldest = this.#oldest(); oldest !== undefined; oldest = this.#oldest()) {
      if (held <= this.#retentionBytes && oldest.oldestArrival >= horizon) return;
      held -= oldest.trimOldest();
    }
  }

  /** The shard of the record that came first of those that are held. */
  #oldest(): ShardLog | undefined {
    let [oldest, least]: [ShardLog | undefined, number] = [undefined, Infinity];
    for (const log of this.#shards.values()) {
      const ordinal = log.oldestOrdinal;
      if (ordinal < least) [oldest, least] = [log, ordinal];
    }
    return oldest;
  }
}
