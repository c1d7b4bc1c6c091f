/**
 * What happens in the server, for those who watch it over server-sent events. Watchers must neither hold up the pipeline nor
 * fill the memory: events are kept in one log of bounded bytes, and a watcher that falls behind its beginning is told
 * what it missed.
 */
import type { Readable } from 'node:stream';
import type { MetricDatum, QuarantinedRecord, StoredReading } from '../../core/ports.ts';
import { describeReasons } from '../../core/reading.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import { EventFeed, type FeedOptions } from './event-feed.ts';
import { EventLog } from './event-log.ts';
import type { EventType } from './event-types.ts';

export const DEFAULT_MAX_WATCHERS = 1_000;

/** Readings in one event: a batch of thousands comes in several. */
const READINGS_PER_EVENT = 500;
export const LOG_BYTES = 8 * 1_048_576;
const HEARTBEAT_MILLIS = 5_000;
/** Events are kept for so long after the last watcher has gone, as it may come back. Before the first comes, none are kept. */
const KEEP_MILLIS = 60_000;
/** A round of sending is followed by a pause, so many times as long: watchers take a tenth of the processor at most. */
const REST_FACTOR = 9;

export interface EventHubOptions {
  /** More are turned away; 1,000 if not given. */
  readonly maxWatchers?: number | undefined;
  /** Bytes of events that are kept. */
  readonly logBytes?: number;
  readonly keepMillis?: number;
  readonly heartbeatMillis?: number;
}

export class EventHub {
  readonly maxWatchers: number;
  readonly #log: EventLog;
  readonly #keepMillis: number;
  readonly #heartbeatMillis: number;
  readonly #feeds = new Set<EventFeed>();
  #onSubscribe: () => void = () => undefined;
  #recording = false;
  #forgetting: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #sending: NodeJS.Timeout | undefined;
  #restUntil = 0;

  constructor({
    maxWatchers = DEFAULT_MAX_WATCHERS,
    logBytes = LOG_BYTES,
    keepMillis = KEEP_MILLIS,
    heartbeatMillis = HEARTBEAT_MILLIS,
  }: EventHubOptions = {}) {
    this.maxWatchers = maxWatchers;
    this.#log = new EventLog(logBytes);
    this.#keepMillis = keepMillis;
    this.#heartbeatMillis = heartbeatMillis;
  }

  /** Whether an event would reach anyone at once. */
  get watched(): boolean {
    return this.#feeds.size > 0;
  }

  get watchers(): number {
    return this.#feeds.size;
  }

  /** Whether events are kept; otherwise they are only counted. */
  get recording(): boolean {
    return this.#recording;
  }

  /** Of the events that are kept. */
  get bytes(): number {
    return this.#log.bytes;
  }

  /** Calls the listener whenever someone begins to watch, who has not heard anything yet. */
  onSubscribe(listener: () => void): void {
    this.#onSubscribe = listener;
  }

  /** Whether there are as many watchers as there may be. */
  get full(): boolean {
    return this.#feeds.size >= this.maxWatchers;
  }

  /** What happens from now on, or from the given event on. Ends when it is destroyed, or the hub is closed. */
  subscribe(options: FeedOptions = {}): Readable {
    const feed: EventFeed = new EventFeed(this.#log, options, {
      onWanted: () => this.#sendSoon(),
      onClose: () => this.#remove(feed),
    });
    this.#feeds.add(feed);
    this.#recording = true;
    clearTimeout(this.#forgetting);
    this.#heartbeat ??= setInterval(() => {
      for (const each of this.#feeds) each.beat();
    }, this.#heartbeatMillis).unref();
    this.#onSubscribe();
    return feed;
  }

  publish(type: EventType, data: unknown): void {
    if (this.#recording) {
      this.#log.append(type, data);
      this.#sendSoon();
    } else {
      this.#log.skip(1);
    }
  }

  archived(key: string, size: number): void {
    this.publish('archived', { key, size });
  }

  stored(readings: readonly StoredReading[]): void {
    // What nobody watches need not be put together.
    if (!this.#recording) {
      this.#log.skip(Math.ceil(readings.length / READINGS_PER_EVENT));
      return;
    }
    for (let start = 0; start < readings.length; start += READINGS_PER_EVENT) {
      const part = readings.slice(start, start + READINGS_PER_EVENT);
      this.publish('stored', {
        readings: part.map(({ arrivedAt, ...reading }) => ({ ...reading, arrivedAt: formatTimestamp(arrivedAt) })),
      });
    }
  }

  quarantined(records: readonly QuarantinedRecord[]): void {
    if (!this.#recording) {
      this.#log.skip(records.length);
      return;
    }
    for (const { record, reasons } of records) {
      const { shardId, sequenceNumber, partitionKey } = record;
      this.publish('quarantined', { shardId, sequenceNumber, partitionKey, reason: describeReasons(reasons) });
    }
  }

  published(data: readonly MetricDatum[]): void {
    if (!this.#recording) {
      this.#log.skip(1);
      return;
    }
    this.publish('metrics', { sensors: new Set(data.map(({ sensorId }) => sensorId)).size });
  }

  /** Ends every feed, so that the server can close. */
  close(): void {
    for (const feed of this.#feeds) feed.end();
  }

  #remove(feed: EventFeed): void {
    if (!this.#feeds.delete(feed) || this.watched) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
    this.#forgetting = setTimeout(() => {
      this.#recording = false;
      this.#log.skip(0);
    }, this.#keepMillis).unref();
  }

  #sendSoon(): void {
    if (this.#sending !== undefined) return;
    this.#sending = setTimeout(() => this.#send(), Math.max(0, this.#restUntil - performance.now())).unref();
  }

  #send(): void {
    this.#sending = undefined;
    const began = performance.now();
    const joined = new Map<string, Buffer>();
    let isMore = false;
    for (const feed of this.#feeds) if (feed.advance(joined)) isMore = true;
    const ended = performance.now();
    this.#restUntil = ended + (ended - began) * REST_FACTOR;
    if (isMore) this.#sendSoon();
  }
}
