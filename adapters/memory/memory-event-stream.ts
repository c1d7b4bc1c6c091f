/**
 * A Kinesis data stream in memory. It keeps every record that it took, in the order of arrival per shard, until the
 * record is older than the retention or until all records together take more than `retentionBytes`; then the oldest
 * goes first. Where the budget says `refuse`, what a consumer has not read stays until it is too old, and puts are
 * refused instead. A reader whose position was trimmed is told how many records it missed, and `statistics` counts them.
 * The bound covers data, partition keys and the overhead of a record on the heap.
 * A closed shard is listed until the retention since its end is over, as on Kinesis. A reader that is still in it is told how
 * many records it missed, and that it may go on to the children.
 *
 * Records are stamped by the clock, also where it goes backwards: a record keeps the time at which it arrived, order in a
 * shard is that of arrival, and AT_TIMESTAMP starts at the first record, in that order, that arrived at the timestamp or
 * later. Age is that of a steady clock, so that nothing expires because the clock was set. It is looked at from the oldest
 * record on, so that one with a time in the future holds back those behind it; the bound on bytes holds nevertheless.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { InvalidRequest } from '../../core/errors.ts';
import { neverSet } from '../../core/never-set.ts';
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
  SteadyClock,
  StreamEvent,
} from '../../core/ports.ts';
import {
  DEFAULT_MAX_RECORD_KIB,
  hashKeyProblem,
  isHashKey,
  maxRecordBytesOf,
  sizeProblem,
} from '../../core/stream-event.ts';
import { ByteSlabs } from './byte-slabs.ts';
import {
  formatHashKey,
  type HashKeyRange,
  KnownKeys,
  splitRange,
  uniformBoundaries,
  uniformRanges,
} from './hash-key.ts';
import { parseSequenceNumber } from './kinesis-sequence-number.ts';
import { lowerBound } from './lower-bound.ts';
import { mebibytes, MemoryBudget, type StoreAccount } from './memory-budget.ts';
import { OVERHEAD_BYTES, ShardLog, type ShardOrigin, type ShardStatistics } from './shard-log.ts';
import { WriteLimit } from './write-limit.ts';

export interface MemoryEventStreamOptions {
  /** Stamps the records. */
  readonly clock: Clock;
  /** How old they are; by `clock` unless given. */
  readonly steady?: SteadyClock;
  /** How many shards to start with. */
  readonly shards: number;
  /** 24 hours unless given. */
  readonly retentionMillis?: number;
  /** Most memory for the records of all shards; 512 MiB unless given. */
  readonly retentionBytes?: number;
  /** The memory of all stores; without a bound unless given. */
  readonly budget?: MemoryBudget;
  /**
   * How far each consumer is in a shard, `undefined` for one that has done nothing there. No consumers unless given: then
   * every record counts as read.
   */
  readonly readUpTo?: (shardId: string) => readonly (ShardPosition | undefined)[];
  /** Hold each shard to the write limits of Kinesis; off unless given. */
  readonly writeLimits?: boolean;
  /** The largest data and partition key together, 1,024 to 10,240; 1,024 unless given (`MaxRecordSizeInKiB`). */
  readonly maxRecordKib?: number;
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

/** GetRecords. */
const MAX_PAGE = 10_000;
const FIRST_BACKOFF_MILLIS = 100;
/** A full second fills a shard's limits again. */
const LONGEST_BACKOFF_MILLIS = 1_000;

const THROTTLED = 'ProvisionedThroughputExceededException';
/** Consumers need some time to make room. */
const RETRY_AFTER_SECONDS = 10;
/**
 * What a record takes in the other stores when the consumers have read it, beside its bytes: what the records before took on
 * average, but no less than a reading, a minute of the metric and some of the archive. At first each is taken for the only one
 * of its sensor; so many records count like that.
 */
const LEAST_RECORD_BYTES = 300;
const FIRST_RECORD_BYTES = 1_750;
const FIRST_RECORDS = 5_000;

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
  readonly #steady: SteadyClock;
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
  readonly #budget: MemoryBudget;
  readonly #account: StoreAccount;
  readonly #readUpTo: ((shardId: string) => readonly (ShardPosition | undefined)[]) | undefined;
  #recordsPut = 0;
  readonly #createdAt: EpochMillis;
  #maxRecordBytes: number;

  constructor(options: MemoryEventStreamOptions) {
    const { shards, retentionMillis = 24 * 60 * 60 * 1_000, retentionBytes = 512 * 1_048_576 } = options;
    for (const [field, value] of Object.entries({ shards, retentionMillis, retentionBytes })) {
      if (!(value >= 1)) throw new InvalidRequest(field, `is ${value}, but must be 1 or more`);
    }
    this.#maxRecordBytes = maxRecordBytesOf(options.maxRecordKib ?? DEFAULT_MAX_RECORD_KIB, 'maxRecordKib');
    this.#clock = options.clock;
    this.#steady = options.steady ?? neverSet(options.clock);
    this.#retentionMillis = retentionMillis;
    this.#retentionBytes = retentionBytes;
    this.#writeLimits = options.writeLimits === true ? new Map() : undefined;
    this.#readUpTo = options.readUpTo;
    this.#budget = options.budget ?? MemoryBudget.unlimited();
    this.#account = this.#budget.open('stream', 'records', async (instant) => this.#dropBefore(instant));
    this.#onAppend = options.onAppend ?? (() => undefined);
    this.#place = `in stream ${options.streamName ?? 'events'} under account ${options.accountId ?? '000000000000'}`;
    this.#sleep = options.sleep ?? pause;
    this.#random = options.random ?? Math.random;
    const openedAt = this.#clock.now();
    this.#createdAt = openedAt;
    const created = { openedAt, createdAtSecond: Math.floor(openedAt / 1_000), parentShardIds: [] };
    this.#openShards = uniformRanges(shards).map((range) => this.#openShard({ ...created, range }));
  }

  /**
   * Throttled events are retried while time is left, or until all are taken where no limit is given. In one shard nothing
   * passes an event that waits, so that the events of a partition key keep their order. Where the memory is full, no event
   * waits: all that is left is refused.
   */
  async put(events: readonly StreamEvent[], { remainingMillis }: CallOptions = {}): Promise<readonly PutOutcome[]> {
    const outcomes: PutOutcome[] = [];
    let pending: Pending[] = [];
    events.forEach((event, index) => {
      const checked = this.#check(event, index);
      if (typeof checked !== 'string') pending.push(checked);
      else outcomes[index] = { taken: false, code: 'ValidationException', message: checked, permanent: true };
    });
    for (let longest = FIRST_BACKOFF_MILLIS; ; longest = Math.min(longest * 2, LONGEST_BACKOFF_MILLIS)) {
      const fullness = pending.length === 0 ? undefined : this.#fullness(pending);
      if (fullness !== undefined) {
        for (const { index } of pending) outcomes[index] = fullness;
        return outcomes;
      }
      pending = this.#append(pending, outcomes);
      const left = remainingMillis?.() ?? Infinity;
      if (pending.length === 0 || left <= 0) return outcomes;
      await this.#sleep(Math.min(left, Math.max(1, this.#random() * longest)));
    }
  }

  async listShards(): Promise<readonly Shard[]> {
    const horizon = this.#steady.now() - this.#retentionMillis;
    return Array.from(this.#shards.values(), ({ shard }) => shard).filter(
      ({ closedAt }) => closedAt === undefined || this.#steady.momentOf(closedAt) >= horizon,
    );
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
    this.#trim();
    return log.page(position, limit);
  }

  async backlog(shardId: string, position: ShardPosition): Promise<number> {
    const log = this.#find(shardId);
    this.#trim();
    return log.backlog(position);
  }

  get maxRecordKib(): number {
    return this.#maxRecordBytes / 1_024;
  }

  /** Changes the limit for what is put from now on (UpdateMaxRecordSize). @throws InvalidRequest for an impossible limit. */
  updateMaxRecordKib(kibibytes: number): void {
    this.#maxRecordBytes = maxRecordBytesOf(kibibytes, 'maxRecordKib');
  }

  /**
   * Whether this stream can have given the sequence number to a client: it is that of a record, held or not, or the start
   * or the end of a shard. A stream of an earlier run may have given it too, so that a producer survives a restart.
   */
  hasIssued(sequenceNumber: string): boolean {
    for (const log of this.#shards.values()) if (log.hasIssued(sequenceNumber)) return true;
    const { arrivedAt = Infinity, createdAtSecond = Infinity } = parseSequenceNumber(sequenceNumber) ?? {};
    return arrivedAt < this.#createdAt && createdAtSecond * 1_000 < this.#createdAt;
  }

  /**
   * Closes a shard and opens two over its range, which take what is put from now on (SplitShard).
   * @param newStartingHashKey Decimal; where the second shard starts, the middle of the range unless given.
   * @throws InvalidRequest where there is no such open shard, or Kinesis refuses the hash key.
   */
  splitShard(shardId: string, newStartingHashKey?: string): readonly Shard[] {
    const parent = this.#findOpen('shardId', shardId);
    if (newStartingHashKey !== undefined && !isHashKey(newStartingHashKey)) {
      throw new InvalidRequest('newStartingHashKey', `is ${newStartingHashKey}, but must be a decimal below 2^128`);
    }
    const { range } = parent.origin;
    const ranges = splitRange(range, newStartingHashKey === undefined ? undefined : BigInt(newStartingHashKey));
    if (ranges !== undefined) return this.#replace([parent], ranges);
    throw newStartingHashKey === undefined
      ? new InvalidRequest('shardId', `${shardId} has too few hash keys to be split`)
      : new InvalidRequest(
          'newStartingHashKey',
          `is ${newStartingHashKey}, but must be greater than ${range.start + 1n} and less than ${range.end}`,
        );
  }

  /**
   * Closes two shards whose ranges are neighbours, in either order, and opens one over both (MergeShards).
   * @throws InvalidRequest where one is not open, or they are not neighbours.
   */
  mergeShards(shardId: string, adjacentShardId: string): Shard {
    const parents = [this.#findOpen('shardId', shardId), this.#findOpen('adjacentShardId', adjacentShardId)];
    const [left, right] = parents.map(({ origin }) => origin.range).sort((a, b) => (a.start < b.start ? -1 : 1));
    if (left === undefined || right?.start !== left.end + 1n) {
      throw new InvalidRequest('adjacentShardId', `${adjacentShardId} and ${shardId} are not neighbours`);
    }
    const [child] = this.#replace(parents, [{ start: left.start, end: right.end }]);
    if (child === undefined) throw new Error('the merge opened no shard');
    return child;
  }

  /**
   * Splits and merges until so many open shards share the hash keys evenly (UpdateShardCount, uniform scaling). As on
   * Kinesis, shards may open and close on the way, which stay listed.
   * @returns The open shards. @throws InvalidRequest for more than double or less than half of what is open.
   */
  updateShardCount(target: number): readonly Shard[] {
    const current = this.#openShards.length;
    const [least, most] = [Math.ceil(current / 2), current * 2];
    if (!Number.isInteger(target) || target < least || target > most) {
      throw new InvalidRequest(
        'targetShardCount',
        `is ${target}, but must be a whole number from ${least} to ${most}: half to double of the ${current} open shards`,
      );
    }
    const boundaries = uniformBoundaries(
      target,
      this.#openShards.map(({ origin }) => origin.range),
    );
    for (const boundary of boundaries) this.#cutAt(boundary);
    const kept = new Set(boundaries);
    for (let at = 1; at < this.#openShards.length;) {
      const [left, right] = [this.#openShards[at - 1], this.#openShards[at]];
      if (left === undefined || right === undefined || kept.has(right.origin.range.start)) at += 1;
      else this.mergeShards(left.shard.shardId, right.shard.shardId);
    }
    return this.#openShards.map(({ shard }) => shard);
  }

  /** Every shard, in the order of creation. */
  statistics(): readonly ShardStatistics[] {
    this.#trim();
    return Array.from(this.#shards.values(), (log) => log.statistics());
  }

  #openShard(origin: Omit<ShardOrigin, 'index'>): ShardLog {
    const log = new ShardLog({ ...origin, index: this.#shards.size });
    this.#shards.set(log.shard.shardId, log);
    this.#writeLimits?.set(log, new WriteLimit(this.#clock.now()));
    return log;
  }

  /** Lets a shard start at the boundary where none does. */
  #cutAt(boundary: bigint): void {
    const log = this.#openShards.find(({ origin }) => origin.range.start < boundary && boundary <= origin.range.end);
    if (log === undefined) return;
    const { start, end } = log.origin.range;
    this.#replace(
      [log],
      [
        { start, end: boundary - 1n },
        { start: boundary, end },
      ],
    );
  }

  /** Closes open shards and opens others over the same hash keys in their place. */
  #replace(parents: readonly ShardLog[], ranges: readonly HashKeyRange[]): readonly Shard[] {
    const now = this.#clock.now();
    // Later than all parents, so that the numbers of a partition key go on growing.
    const createdAtSecond = Math.max(
      Math.floor(now / 1_000),
      ...parents.map(({ origin }) => origin.createdAtSecond + 1),
    );
    const parentShardIds = parents.map(({ shard }) => shard.shardId);
    const created = { openedAt: now, createdAtSecond, parentShardIds };
    const children = ranges.map((range) => this.#openShard({ ...created, range }));
    for (const parent of parents) {
      parent.close(now);
      this.#writeLimits?.delete(parent);
    }
    const closed = new Set(parents);
    this.#openShards = [...this.#openShards.filter((log) => !closed.has(log)), ...children].sort((a, b) =>
      a.lastHashKey < b.lastHashKey ? -1 : 1,
    );
    return children.map(({ shard }) => shard);
  }

  #findOpen(field: string, shardId: string): ShardLog {
    const log = this.#shards.get(shardId);
    if (log?.open === true) return log;
    throw new InvalidRequest(
      field,
      log === undefined ? `there is no shard ${shardId}` : `${shardId} is closed already`,
    );
  }

  #find(shardId: string): ShardLog {
    const log = this.#shards.get(shardId);
    if (log === undefined) throw new InvalidRequest('shardId', `there is no shard ${shardId}`);
    return log;
  }

  /** The outcome of events for which there is no room. */
  #fullness(pending: readonly Pending[]): PutOutcome | undefined {
    const held = this.#held();
    const message = this.#budget.refusal(
      this.#costOf(held, held),
      () => this.#costOf(this.#unread(), held),
      () => this.#unreadFullness(pending, held),
    );
    return message === undefined
      ? undefined
      : { taken: false, code: THROTTLED, message, retryAfterSeconds: RETRY_AFTER_SECONDS };
  }

  #unreadFullness(pending: readonly Pending[], held: Held): string | undefined {
    if (this.#budget.onFull !== 'refuse' || this.#readUpTo === undefined) return undefined;
    const coming = pending.reduce((sum, { bytes }) => sum + bytes + OVERHEAD_BYTES, 0);
    if (held.records === 0 || held.bytes + coming <= this.#retentionBytes) return undefined;
    this.#trim(coming);
    const left = this.#held();
    if (left.records === 0 || left.bytes + coming <= this.#retentionBytes) return undefined;
    return `The stream is full of records that a consumer has not read yet: ${mebibytes(this.#retentionBytes)} MiB (--retention-mib). Nothing is dropped; send it again when the consumers have caught up.`;
  }

  /** Memory that the other stores need for what is not read yet. */
  #costOf(unread: Held, held: Held): number {
    const read = Math.max(0, this.#recordsPut - unread.records);
    const stored = this.#budget.usedBytes - held.bytes + FIRST_RECORDS * FIRST_RECORD_BYTES;
    return unread.bytes + unread.records * Math.max(LEAST_RECORD_BYTES, stored / (read + FIRST_RECORDS));
  }

  #held(): Held {
    let [records, bytes] = [0, 0];
    for (const log of this.#shards.values()) {
      records += log.heldRecords;
      bytes += log.heldBytes;
    }
    return { records, bytes };
  }

  /** What some consumer has not read. The bytes are an estimate: the shard's records are taken to be of one size. */
  #unread(): Held {
    let [records, bytes] = [0, 0];
    for (const log of this.#shards.values()) {
      const { heldRecords, heldBytes } = log;
      if (heldRecords === 0) continue;
      const unread = heldRecords - this.#readOf(log);
      records += unread;
      bytes += (heldBytes / heldRecords) * unread;
    }
    return { records, bytes };
  }

  /** How many of the records that a shard holds every consumer has read: those that came first. */
  #readOf(log: ShardLog): number {
    const positions = this.#readUpTo?.(log.shard.shardId) ?? [];
    let least = log.heldRecords;
    for (const position of positions) {
      least = Math.min(least, position === undefined ? 0 : log.heldRecords - log.backlog(position));
    }
    return least;
  }

  /** Appends what the shards take, writes the outcomes, and answers with what was throttled. */
  #append(pending: readonly Pending[], outcomes: PutOutcome[]): Pending[] {
    const now = this.#clock.now();
    const throttled = this.#throttle(pending, now, outcomes);
    const taken = throttled.size === 0 ? pending : pending.filter((event) => !throttled.has(event));
    const data = taken.map((event) => event.data);
    let bytes = 0;
    this.#slabs.copy(data, (at, slab, start) => {
      const event = taken[at];
      if (event === undefined) return;
      outcomes[event.index] = this.#keep(event, slab, start, now);
      bytes += event.bytes + OVERHEAD_BYTES;
    });
    if (taken.length > 0) {
      this.#account.add(taken.length, bytes, now);
      this.#trim();
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
        code: THROTTLED,
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
    const key = this.#knownKeys.get(partitionKey);
    if (typeof key === 'string') return key;
    const bytes = data.length + key.bytes;
    const problem =
      (explicitHashKey === undefined ? undefined : hashKeyProblem(explicitHashKey)) ??
      sizeProblem(bytes, this.#maxRecordBytes);
    if (problem !== undefined) return problem;
    const hashKey = explicitHashKey === undefined ? key.hashKey : formatHashKey(BigInt(explicitHashKey));
    return { index, data, partitionKey: key.partitionKey, hashKey, bytes };
  }

  #shardOf(hashKey: string): ShardLog {
    const index = lowerBound(this.#openShards.length, (at) => (this.#openShards[at]?.lastHashKey ?? '') < hashKey);
    const log = this.#openShards[index];
    if (log === undefined) throw new Error(`no open shard takes the hash key ${hashKey}`);
    return log;
  }

  /**
   * Forgets records that are too old, then the oldest while all together take too much.
   * @param room How many bytes must be free behind that.
   */
  #trim(room = 0): void {
    const horizon = this.#steady.now() - this.#retentionMillis;
    this.#remove(this.#forget((oldest) => this.#steady.momentOf(oldest.oldestArrival) < horizon));
    let excess = this.#held().bytes + room - this.#retentionBytes;
    if (excess <= 0) return;
    const keepsUnread = this.#budget.onFull === 'refuse';
    const releasable = new Map<ShardLog, number>();
    this.#remove(
      this.#forget(
        () => excess > 0,
        (log) => {
          if (keepsUnread && !releasable.has(log)) releasable.set(log, this.#readOf(log));
          return releasable.get(log) !== 0;
        },
        (log, bytes) => {
          excess -= bytes;
          if (keepsUnread) releasable.set(log, (releasable.get(log) ?? 0) - 1);
        },
      ),
    );
  }

  #remove({ records, bytes }: Held): void {
    if (records > 0) this.#account.remove(records, bytes);
  }

  /** For the budget: drops what arrived before an instant, read or not. */
  #dropBefore(instant: EpochMillis): void {
    const { records, bytes } = this.#forget((oldest) => oldest.oldestArrival < instant);
    this.#account.trim(records, bytes);
  }

  /** Forgets the oldest record of the shards that `may` lose one, again and again while it `must` go. */
  #forget(
    must: (oldest: ShardLog) => boolean,
    may: (log: ShardLog) => boolean = () => true,
    forgotten: (log: ShardLog, bytes: number) => void = () => undefined,
  ): Held {
    let [records, bytes] = [0, 0];
    for (let oldest = this.#oldest(may); oldest !== undefined && must(oldest); oldest = this.#oldest(may)) {
      const freed = oldest.trimOldest();
      records += 1;
      bytes += freed;
      forgotten(oldest, freed);
    }
    return { records, bytes };
  }

  /** The shard of the record that came first of those that are held. */
  #oldest(may: (log: ShardLog) => boolean): ShardLog | undefined {
    let [oldest, least]: [ShardLog | undefined, number] = [undefined, Infinity];
    for (const log of this.#shards.values()) {
      const ordinal = log.oldestOrdinal;
      if (ordinal < least && may(log)) [oldest, least] = [log, ordinal];
    }
    return oldest;
  }
}

interface Held {
  readonly records: number;
  readonly bytes: number;
}
