/** What one watcher is sent: a place in the log, and a filter. It takes no more than its client reads. */
import { Readable } from 'node:stream';
import { type EventFilter, everything } from './event-filter.ts';
import { parseEventId } from './event-id.ts';
import type { EventLog } from './event-log.ts';
import type { feedEventTypes } from './event-types.ts';

export interface FeedOptions {
  /** Everything if not given. */
  readonly filter?: EventFilter;
  /** The last event that the client has; only what follows is sent. Without it, only what happens from now on. */
  readonly lastEventId?: string | undefined;
}

interface FeedHooks {
  /** The client has read what it was sent, and takes more. */
  readonly onWanted: () => void;
  readonly onClose: () => void;
}

/** Clients that lose the connection come back after so long. */
const RETRY_MILLIS = 1_000;
/** A client that has read nothing for so many heartbeats is dropped. */
const STALLED_BEATS = 6;

const reasons = {
  slow: 'This client read more slowly than events happened.',
  old: 'The server no longer has all events since the last one that this client has.',
  restarted: 'The server was started again since the last event that this client has; what was missed cannot be told.',
  unknown: 'This server gave no event that id; what was missed cannot be told.',
} as const;
type Reason = keyof typeof reasons;

export class EventFeed extends Readable {
  readonly #log: EventLog;
  readonly #filter: EventFilter;
  readonly #hooks: FeedHooks;
  #position: number;
  /** Why events are missed, should some be. */
  #reason: Reason = 'slow';
  #wanted = false;
  #beatsWithoutReading = 0;
  #ended = false;

  constructor(log: EventLog, { filter = everything, lastEventId }: FeedOptions, hooks: FeedHooks) {
    super();
    this.#log = log;
    this.#filter = filter;
    this.#hooks = hooks;
    this.#position = log.last;
    const notice = lastEventId === undefined || lastEventId === '' ? '' : this.#resume(lastEventId);
    // A notice brings its id itself: a connection that is cut in front of it must not look as if it had been read.
    const id = notice === '' ? `id: ${log.idOf(this.#position)}\n` : '';
    this.push(`retry: ${RETRY_MILLIS}\n${id}\n${notice}`);
  }

  /**
   * Sends what there is, if the client takes it.
   * @param joined What feeds at the same place with the same filter were sent before this one, to be shared.
   * @returns Whether there is more, and the client takes it.
   */
  advance(joined = new Map<string, Buffer>()): boolean {
    if (!this.#wanted || this.#ended || this.#position >= this.#log.last) return false;
    const from = this.#position;
    const { missed, blocks, position } = this.#log.after(from, this.#filter.apply);
    this.#position = position;
    if (missed > 0) this.#wanted = this.push(this.#missed(missed, this.#reason, from + missed));
    this.#reason = 'slow';
    if (blocks.length > 0) {
      const key = `${from + missed} ${this.#filter.key}`;
      const chunk = joined.get(key) ?? Buffer.concat(blocks);
      joined.set(key, chunk);
      // False means that the client has enough for now; `_read` says when it takes more.
      this.#wanted = this.push(chunk);
    }
    return this.#wanted && this.#position < this.#log.last;
  }

  /**
   * Called every few seconds. Tells the client, and what is between, that the connection lives and how far it has come; or
   * ends the feed of a client that does not read.
   */
  beat(): void {
    if (this.#ended) {
      this.destroy(); // It did not even read that the feed ends.
    } else if (this.#wanted) {
      this.#beatsWithoutReading = 0;
      this.#wanted = this.push(this.#block('alive', {}, this.#position));
    } else if ((this.#beatsWithoutReading += 1) >= STALLED_BEATS) {
      this.push(this.#block('dropped', { reason: 'This client has stopped reading.' }, this.#position));
      this.#end();
    }
  }

  /** Sends what the client still takes, and ends. */
  end(): void {
    this.#wanted = true;
    while (this.advance());
    this.#end();
  }

  override _read(): void {
    this.#wanted = true;
    this.#beatsWithoutReading = 0;
    if (this.#position < this.#log.last) this.#hooks.onWanted();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#hooks.onClose();
    callback(error);
  }

  #end(): void {
    if (!this.#ended) this.push(null);
    this.#ended = true;
  }

  /** Goes back to where the client was. @returns What to say where that cannot be. */
  #resume(lastEventId: string): string {
    const { last, instance } = this.#log;
    const id = parseEventId(lastEventId);
    if (id !== undefined && id.instance !== instance) return this.#missed(null, 'restarted', last);
    if (id === undefined || id.number > last) return this.#missed(null, 'unknown', last);
    this.#position = id.number;
    this.#reason = 'old';
    return '';
  }

  #missed(count: number | null, reason: Reason, position: number): string {
    // Of events that are gone, nobody can tell whether the filter would have let them through.
    const what = count === null || this.#filter === everything ? { count } : { count: null, atMost: count };
    return this.#block('missed', { ...what, reason, detail: reasons[reason] }, position);
  }

  #block(type: keyof typeof feedEventTypes, data: unknown, position: number): string {
    return `id: ${this.#log.idOf(position)}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  }
}
