/**
 * The latest events, bounded in bytes. All watchers read from here, each at its own place: one that is slow costs no memory
 * of its own, and one that comes back goes on where it was, as long as what followed is still here.
 */
import { formatEventId, newInstance } from './event-id.ts';
import type { EventType } from './event-types.ts';

/** An event as it is sent. */
export interface LoggedEvent {
  readonly type: EventType;
  readonly block: Buffer;
  /** Where in the block the JSON begins, which goes on until the two line feeds at its end. */
  readonly jsonAt: number;
}

/** What a watcher is sent next. */
export interface Excerpt {
  /** How many events after its position are no longer here. */
  readonly missed: number;
  readonly blocks: readonly Buffer[];
  /** Number of the last event that was looked at: where to go on. */
  readonly position: number;
}

/** @returns What of an event a watcher is sent; undefined for nothing. */
export type Filter = (event: LoggedEvent) => Buffer | undefined;

/** Charged for each event on top of its bytes, so that many small events are bounded too. */
const OVERHEAD_BYTES = 200;
/** An excerpt ends after so many bytes to send, and so many to look at, but has one event at least. */
const EXCERPT_BYTES = 64 * 1_024;
const EXAMINED_BYTES = 512 * 1_024;

export class EventLog {
  readonly instance = newInstance();
  readonly #capacity: number;
  /** From `#head` on; what is in front of it was dropped. */
  #events: (LoggedEvent | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  #last = 0;

  /** @param capacity Bytes. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Number of the latest event, whether or not it is kept. */
  get last(): number {
    return this.#last;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get #length(): number {
    return this.#events.length - this.#head;
  }

  append(type: EventType, data: unknown): void {
    this.#last += 1;
    const front = `id: ${this.idOf(this.#last)}\nevent: ${type}\ndata: `;
    const block = Buffer.from(`${front}${JSON.stringify(data)}\n\n`);
    this.#events.push({ type, block, jsonAt: front.length });
    this.#bytes += block.length + OVERHEAD_BYTES;
    while (this.#bytes > this.#capacity) this.#dropFirst();
  }

  /** Counts events that nobody wants: they are not kept, nor are those before them. */
  skip(count: number): void {
    this.#last += count;
    this.#events = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  idOf(number: number): string {
    return formatEventId({ instance: this.instance, number });
  }

  /** What follows an event, as far as one excerpt goes; everything if no filter is given. */
  after(position: number, filter: Filter = ({ block }) => block): Excerpt {
    const first = this.#last - this.#length + 1;
    const missed = Math.max(0, first - 1 - position);
    let at = position + missed;
    const blocks: Buffer[] = [];
    let found = 0;
    let examined = 0;
    while (at < this.#last && found < EXCERPT_BYTES && examined < EXAMINED_BYTES) {
      at += 1;
      const event = this.#events[this.#head + at - first];
      if (event === undefined) break;
      examined += event.block.length;
      const block = filter(event);
      if (block === undefined) continue;
      found += block.length;
      blocks.push(block);
    }
    return { missed, blocks, position: at };
  }

  #dropFirst(): void {
    this.#bytes -= (this.#events[this.#head]?.block.length ?? 0) + OVERHEAD_BYTES;
    this.#events[this.#head] = undefined;
    this.#head += 1;
    if (this.#head > 1_024 && this.#head > this.#length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
  }
}
