/**
 * What happens in the server, for those who watch it over server-sent events. A watcher that reads more slowly than
 * things happen must neither hold up the pipeline nor fill the memory: each has a bounded queue, and what does not fit
 * is left out, counted, and told with the event `missed`.
 */
import { Readable } from 'node:stream';
import type { MetricDatum, QuarantinedRecord, StoredReading } from '../../core/ports.ts';
import { describeReasons } from '../../core/reading.ts';
import { formatTimestamp } from '../../core/timestamp.ts';

/** Events that wait for one watcher. */
const QUEUE_LENGTH = 1_000;
/** Readings in one event: a batch of thousands comes in several. */
const READINGS_PER_EVENT = 500;
const HEARTBEAT_MILLIS = 15_000;

export class EventHub {
  readonly #feeds = new Set<EventFeed>();
  #onSubscribe: () => void = () => undefined;

  /** Whether an event would reach anyone: what nobody watches need not be put together. */
  get watched(): boolean {
    return this.#feeds.size > 0;
  }

  /** Calls the listener whenever someone begins to watch, who has not heard anything yet. */
  onSubscribe(listener: () => void): void {
    this.#onSubscribe = listener;
  }

  subscribe(): Readable {
    const feed = new EventFeed(() => this.#feeds.delete(feed));
    this.#feeds.add(feed);
    this.#onSubscribe();
    return feed;
  }

  publish(type: string, data: unknown): void {
    if (!this.watched) return;
    const message = `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const feed of this.#feeds) feed.send(message);
  }

  archived(key: string, size: number): void {
    this.publish('archived', { key, size });
  }

  stored(readings: readonly StoredReading[]): void {
    for (let start = 0; this.watched && start < readings.length; start += READINGS_PER_EVENT) {
      const part = readings.slice(start, start + READINGS_PER_EVENT);
      this.publish('stored', {
        readings: part.map(({ arrivedAt, ...reading }) => ({ ...reading, arrivedAt: formatTimestamp(arrivedAt) })),
      });
    }
  }

  quarantined(records: readonly QuarantinedRecord[]): void {
    for (const { record, reasons } of this.watched ? records : []) {
      const { shardId, sequenceNumber, partitionKey } = record;
      this.publish('quarantined', { shardId, sequenceNumber, partitionKey, reason: describeReasons(reasons) });
    }
  }

  published(data: readonly MetricDatum[]): void {
    if (this.watched) this.publish('metrics', { sensors: new Set(data.map(({ sensorId }) => sensorId)).size });
  }

  /** Ends every feed, so that the server can close. */
  close(): void {
    for (const feed of this.#feeds) feed.end();
  }
}

class EventFeed extends Readable {
  readonly #onClose: () => void;
  readonly #heartbeat: NodeJS.Timeout;
  #queue: string[] = ['retry: 1000\n\n'];
  #missed = 0;
  #wanted = false;

  constructor(onClose: () => void) {
    super();
    this.#onClose = onClose;
    // A comment now and then tells proxies and the browser that the connection lives.
    this.#heartbeat = setInterval(() => this.send(': alive\n\n'), HEARTBEAT_MILLIS).unref();
  }

  send(message: string): void {
    if (this.#queue.length >= QUEUE_LENGTH) this.#missed += 1;
    else this.#queue.push(message);
    if (this.#wanted) this.#flush();
  }

  end(): void {
    this.#flush();
    this.push(null);
  }

  override _read(): void {
    this.#wanted = true;
    this.#flush();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearInterval(this.#heartbeat);
    this.#onClose();
    callback(error);
  }

  #flush(): void {
    if (this.#missed > 0 && this.#queue.length < QUEUE_LENGTH) {
      this.#queue.push(`event: missed\ndata: ${JSON.stringify({ count: this.#missed })}\n\n`);
      this.#missed = 0;
    }
    if (this.#queue.length === 0) return;
    const text = this.#queue.join('');
    this.#queue = [];
    // False means that the watcher has enough for now; `_read` says when it wants more.
    this.#wanted = this.push(text);
  }
}
