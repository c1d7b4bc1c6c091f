/**
 * One lane of a shard. With a parallelisation factor above 1 a shard's records are dealt to that many lanes by partition
 * key, so that batches run side by side while the records of a key stay in order (LDG). A lane has at most one batch in
 * flight. Its records wait in one queue; a batch is a run at the front of it, so nothing can be skipped or overtaken.
 */
import type { EventSourceMappingSettings } from '../pipeline.ts';
import type { EpochMillis, ShardPage, StreamRecord } from '../ports.ts';
import { Queue } from '../queue.ts';
import {
  type Attempts,
  backoffMillis,
  decide,
  type Decision,
  expiredCount,
  expiresAt,
  FRESH,
  type GiveUpCondition,
  type InvocationOutcome,
  type MomentOf,
  sameClock,
} from './decision.ts';
import { MAX_PAYLOAD_BYTES } from './payload-limit.ts';
import { payloadBytes } from './payload-size.ts';
import { stateOf, type TumblingWindow, TumblingWindows, type WindowProperties } from './tumbling-window.ts';

/** A run of records, at the front of the queue or right behind the segment before it. */
interface Segment {
  readonly count: number;
  readonly attempts: Attempts;
  readonly notBefore: EpochMillis;
  /** Set where the records are for the failure destination and no longer for the function. */
  readonly giveUp?: GiveUpCondition;
}

/** Work that a lane hands out, one at a time; answer it with `invoked` or `givenUp`. */
export type LaneWork = Invocation | GiveUp;

interface Work {
  readonly records: readonly StreamRecord[];
  readonly attempts: Attempts;
  /** What the event says about its tumbling window, where the settings have one. */
  readonly window?: WindowProperties;
}

/** Without records it closes a tumbling window. */
interface Invocation extends Work {
  readonly type: 'invoke';
}

interface GiveUp extends Work {
  readonly type: 'give-up';
  readonly condition: GiveUpCondition;
}

const FIRST_TRY = { attempts: FRESH, notBefore: -Infinity };

export class Lane {
  readonly #settings: EventSourceMappingSettings;
  readonly #momentOf: MomentOf;
  readonly #queue = new Queue<StreamRecord>();
  /** What the front of the queue has been cut into; empty where no batch is open. */
  #segments: Segment[] = [];
  #work: LaneWork | undefined;
  #queuedBytes = 0;
  /** When the window of the next batch began, or will begin as soon as a record is there. */
  #windowStart: EpochMillis = -Infinity;
  readonly #windows: TumblingWindows | undefined;
  /** Tries of the invocation that closes the tumbling window. */
  #closing: { readonly attempts: Attempts; readonly notBefore: EpochMillis } = FIRST_TRY;

  /** @param window The newest tumbling window of the shard, from the checkpoint. */
  constructor(settings: EventSourceMappingSettings, window?: TumblingWindow, momentOf: MomentOf = sameClock) {
    this.#settings = settings;
    this.#momentOf = momentOf;
    const { tumblingWindowInSeconds: length = 0 } = settings;
    if (length > 0) this.#windows = new TumblingWindows(length, window);
  }

  /** Records that are not settled, the oldest first. */
  get length(): number {
    return this.#queue.length;
  }

  get payloadBytes(): number {
    return this.#queuedBytes;
  }

  get oldest(): StreamRecord | undefined {
    return this.#queue.peek();
  }

  get inFlight(): LaneWork | undefined {
    return this.#work;
  }

  /** Sizes of the batches that the open batch has become, the next one first: what bisection left to do. */
  get segments(): readonly { readonly count: number; readonly attempts: Attempts }[] {
    return this.#segments;
  }

  /** The newest tumbling window of the shard. What it holds belongs to the records in front of `oldest`. */
  get window(): TumblingWindow | undefined {
    return this.#windows?.newest;
  }

  /** Nothing waits, neither a record nor a window that has to be closed. */
  get settled(): boolean {
    return this.#queue.length === 0 && this.#windows?.isOpen !== true;
  }

  /** The shard was read on. Records for this lane are pushed, too. */
  read(page: ShardPage, now: EpochMillis, streamTime: EpochMillis): void {
    this.#windows?.read(page, now, streamTime);
  }

  push(record: StreamRecord, now: EpochMillis): void {
    if (this.#work === undefined && this.#queue.length === 0) this.#windowStart = this.#windowAt(now);
    this.#queue.push(record);
    this.#queuedBytes += payloadBytes(record);
  }

  /** The next piece of work, if one is due. It is in flight until it is answered. */
  take(now: EpochMillis): LaneWork | undefined {
    if (this.#work !== undefined) return undefined;
    const closing = this.#closingWindow();
    if (closing !== undefined && this.#closing.notBefore <= now) {
      this.#work = { type: 'invoke', records: [], attempts: this.#closing.attempts, window: closing };
    } else {
      const segment = this.#segments[0] ?? this.#collect(now);
      if (segment !== undefined) this.#work = this.#workOn(segment, now, closing !== undefined);
    }
    return this.#work;
  }

  #workOn(segment: Segment, now: EpochMillis, windowWaits: boolean): LaneWork | undefined {
    const { attempts, giveUp } = segment;
    const records = this.#queue.front(segment.count);
    const expired = giveUp === undefined ? expiredCount(this.#settings, records, now, this.#momentOf) : 0;
    // What has expired is given up at once, also while its batch, or its window, waits for the next try.
    const waits = segment.notBefore > now || (windowWaits && giveUp === undefined);
    if (waits && expired === 0) return undefined;

    const window = this.#windowOf(records);
    const cut = (count: number) => {
      this.#replaceFirst({ ...segment, count }, { ...segment, count: segment.count - count });
      return { records: records.slice(0, count), attempts, ...(window !== undefined && { window }) };
    };
    if (giveUp !== undefined) return { type: 'give-up', condition: giveUp, ...cut(segment.count) };
    if (expired > 0) return { type: 'give-up', condition: 'RecordAgeExceeded', ...cut(expired) };
    const fitting = this.#fitting(records);
    // Kinesis Developer Guide, "Handle large records": what is over Lambda's 6 MB as an event goes to the on-failure
    // destination. It is alone in its batch. Chosen, as no condition is documented: the one of records that were tried.
    if (fitting === 0) return { type: 'give-up', condition: 'RetryAttemptsExhausted', ...cut(1) };
    // Less than all only where the state of the window has grown since the batch was cut.
    return { type: 'invoke', ...cut(fitting) };
  }

  /** When `take` has something, given no new records; `undefined` where only new records or an answer can change that. */
  dueAt(): EpochMillis | undefined {
    if (this.#work !== undefined) return undefined;
    const closing = this.#closingWindow() === undefined ? Infinity : this.#closing.notBefore;
    const [segment] = this.#segments;
    const oldest = this.#queue.peek();
    if (oldest === undefined) return closing === Infinity ? undefined : closing;
    const due = segment === undefined ? this.#windowEnd() : segment.notBefore;
    if (segment?.giveUp !== undefined) return Math.min(due, closing);
    return Math.min(closing === Infinity ? due : closing, expiresAt(this.#settings, oldest, this.#momentOf));
  }

  /** Answers an invocation; says what follows from it. */
  invoked(outcome: InvocationOutcome, now: EpochMillis): Decision {
    const { records, attempts, window } = this.#answered('invoke');
    const decision = decide(this.#settings, records, attempts, outcome, window);
    // LDG, "Batching behavior": the next batching window begins as soon as the previous invocation completes.
    this.#windowStart = now;
    if (window !== undefined && records.length === 0) this.#closeWindow(window, decision, now);
    else this.#settle(records, decision, now);
    if (window !== undefined && outcome.type === 'response' && decision.done > 0) {
      this.#windows?.aggregated(window, stateOf(outcome.payload) ?? {});
    }
    return decision;
  }

  #settle(records: readonly StreamRecord[], decision: Decision, now: EpochMillis): void {
    this.#drop(decision.done);
    const count = records.length - decision.done;
    switch (decision.type) {
      case 'advance':
        this.#replaceFirst();
        break;
      case 'retry':
        this.#replaceFirst({ count, attempts: decision.attempts, notBefore: now + decision.delayMillis });
        break;
      case 'bisect': {
        const half = { attempts: decision.attempts, notBefore: now };
        this.#replaceFirst({ ...half, count: decision.leftCount }, { ...half, count: count - decision.leftCount });
        break;
      }
      case 'give-up':
        this.#replaceFirst({ count, attempts: decision.attempts, notBefore: now, giveUp: decision.condition });
        break;
    }
  }

  #closeWindow(window: WindowProperties, decision: Decision, now: EpochMillis): void {
    if (decision.type === 'retry') {
      this.#closing = { attempts: decision.attempts, notBefore: now + decision.delayMillis };
    } else {
      this.#closing = FIRST_TRY;
      this.#windows?.closed(window);
    }
  }

  /** Answers a `give-up`: the lane goes on behind records that the failure destination holds, and only behind those. */
  givenUp(kept: boolean, now: EpochMillis): void {
    const { records, attempts, condition } = this.#answered('give-up');
    if (kept) {
      this.#drop(records.length);
      this.#replaceFirst();
    } else {
      // Chosen: Lambda drops what its destination does not take; here it is tried again, as no reading may be lost.
      const refused = { ...attempts, refusals: attempts.refusals + 1 };
      const notBefore = now + backoffMillis(refused.refusals);
      this.#replaceFirst({ count: records.length, attempts: refused, notBefore, giveUp: condition });
    }
  }

  /**
   * Answers an invocation that was not made, as the stream holds the first of its records no more. LDG: without a maximum age
   * records are retried until they expire in the stream. What Lambda reads again for a retry is not there any more then, so it
   * reaches neither the function nor the failure destination. The others are tried as they would have been.
   */
  trimmed(count: number, now: EpochMillis): void {
    const { records, attempts } = this.#answered('invoke');
    this.#drop(count);
    this.#replaceFirst({ count: records.length - count, attempts, notBefore: now });
  }

  get #windowMillis(): number {
    return this.#settings.maximumBatchingWindowInSeconds * 1_000;
  }

  /** When the batch that is being collected goes out. */
  #windowEnd(): EpochMillis {
    return this.#windowStart + (this.#isFull() ? 0 : this.#windowMillis);
  }

  /** LDG: a batch goes out when it is full, when its window is over, or when it reaches 6 MB. */
  #collect(now: EpochMillis): Segment | undefined {
    const oldest = this.#queue.peek();
    if (oldest === undefined) return undefined;
    if (this.#windowEnd() > now) {
      // The window goes on for those behind it.
      const expired = expiresAt(this.#settings, oldest, this.#momentOf) > now ? 0 : this.#expiredInFront(now);
      return expired === 0 ? undefined : { count: expired, attempts: FRESH, notBefore: now };
    }
    // A record that is too large for any invocation is alone in its batch.
    return { count: Math.max(1, this.#fitting(this.#front())), attempts: FRESH, notBefore: now };
  }

  /** The records of the next batch, apart from their size: never those of two tumbling windows. */
  #front(): readonly StreamRecord[] {
    const records = this.#queue.front(this.#settings.batchSize);
    const window = this.#windowOf(records);
    const next = window === undefined ? -1 : records.findIndex(({ arrivedAt }) => arrivedAt >= window.end);
    return next === -1 ? records : records.slice(0, next);
  }

  /** How many of the records one event can hold. */
  #fitting(records: readonly StreamRecord[]): number {
    const window = this.#windowOf(records);
    const room = window === undefined ? MAX_PAYLOAD_BYTES : (this.#windows?.roomBytes(window) ?? 0);
    let bytes = 0;
    const tooMuch = records.findIndex((record) => (bytes += payloadBytes(record)) > room);
    return tooMuch === -1 ? records.length : tooMuch;
  }

  #windowOf([first]: readonly StreamRecord[]): WindowProperties | undefined {
    if (this.#windows === undefined || first === undefined) return undefined;
    return this.#windows.propertiesOf(this.#windows.spanOf(first.arrivedAt));
  }

  /** What has to be told about the tumbling window before the next record is handed out. */
  #closingWindow(): WindowProperties | undefined {
    const oldest = this.#queue.peek();
    if (oldest === undefined) return this.#windows?.closing();
    const bytes = this.#segments[0]?.giveUp === undefined ? payloadBytes(oldest) : 0;
    return this.#windows?.closing({ arrivedAt: oldest.arrivedAt, bytes });
  }

  #isFull(): boolean {
    const oldest = this.#queue.peek();
    return (
      this.#queue.length >= this.#settings.batchSize ||
      this.#queuedBytes >= MAX_PAYLOAD_BYTES ||
      // No record comes any more that belongs to the same tumbling window.
      (oldest !== undefined && this.#windows?.isOver(this.#windows.spanOf(oldest.arrivedAt)) === true)
    );
  }

  #replaceFirst(...segments: Segment[]): void {
    this.#segments = [...segments.filter(({ count }) => count > 0), ...this.#segments.slice(1)];
  }

  #answered<Type extends LaneWork['type']>(type: Type): Extract<LaneWork, { type: Type }> {
    const work = this.#work;
    if (work?.type !== type) throw new Error(`no ${type} is in flight in this lane`);
    this.#work = undefined;
    return work as Extract<LaneWork, { type: Type }>;
  }

  #drop(count: number): void {
    for (const record of this.#queue.front(count)) this.#queuedBytes -= payloadBytes(record);
    this.#queue.drop(count);
  }

  /**
   * The beginning of the window in which a record came that found the lane idle. Chosen: a window that ended empty is
   * followed by the next one at once, so that a record waits for at most one window and often for less.
   */
  #windowAt(now: EpochMillis): EpochMillis {
    const idle = now - this.#windowStart;
    return this.#windowMillis === 0 || idle === Infinity ? now : now - (idle % this.#windowMillis);
  }

  #expiredInFront(now: EpochMillis): number {
    return expiredCount(this.#settings, this.#front(), now, this.#momentOf);
  }
}
