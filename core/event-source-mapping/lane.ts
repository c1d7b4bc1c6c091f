/**
 * One lane of a shard. With a parallelisation factor above 1 a shard's records are dealt to that many lanes by partition
 * key, so that batches run side by side while the records of a key stay in order (LDG). A lane has at most one batch in
 * flight. Its records wait in one queue; a batch is a run at the front of it, so nothing can be skipped or overtaken.
 */
import type { EventSourceMappingSettings } from '../pipeline.ts';
import type { EpochMillis, StreamRecord } from '../ports.ts';
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
} from './decision.ts';
import { MAX_PAYLOAD_BYTES, payloadBytes } from './payload-size.ts';

/** A run of records, at the front of the queue or right behind the segment before it. */
interface Segment {
  readonly count: number;
  readonly attempts: Attempts;
  readonly notBefore: EpochMillis;
  /** Set where the records are for the failure destination and no longer for the function. */
  readonly giveUp?: GiveUpCondition;
}

/** Work that a lane hands out, one at a time; answer it with `invoked` or `givenUp`. */
export type LaneWork =
  | { readonly type: 'invoke'; readonly records: readonly StreamRecord[]; readonly attempts: Attempts }
  | {
      readonly type: 'give-up';
      readonly records: readonly StreamRecord[];
      readonly attempts: Attempts;
      readonly condition: GiveUpCondition;
    };

export class Lane {
  readonly #settings: EventSourceMappingSettings;
  readonly #queue = new Queue<StreamRecord>();
  /** What the front of the queue has been cut into; empty where no batch is open. */
  #segments: Segment[] = [];
  #work: LaneWork | undefined;
  #queuedBytes = 0;
  /** When the window of the next batch began, or will begin as soon as a record is there. */
  #windowStart: EpochMillis = -Infinity;

  constructor(settings: EventSourceMappingSettings) {
    this.#settings = settings;
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

  push(record: StreamRecord, now: EpochMillis): void {
    if (this.#work === undefined && this.#queue.length === 0) this.#windowStart = this.#windowAt(now);
    this.#queue.push(record);
    this.#queuedBytes += payloadBytes(record);
  }

  /** The next piece of work, if one is due. It is in flight until it is answered. */
  take(now: EpochMillis): LaneWork | undefined {
    if (this.#work !== undefined) return undefined;
    const segment = this.#segments[0] ?? this.#collect(now);
    if (segment === undefined) return undefined;
    const { attempts, giveUp } = segment;
    const records = this.#queue.front(segment.count);
    const expired = giveUp === undefined ? expiredCount(this.#settings, records, now) : 0;
    // What has expired is given up at once, also while its batch waits for the next try.
    if (segment.notBefore > now && expired === 0) return undefined;

    if (giveUp !== undefined) {
      this.#replaceFirst(segment);
      this.#work = { type: 'give-up', records, attempts, condition: giveUp };
    } else if (expired > 0) {
      this.#replaceFirst({ ...segment, count: expired }, { ...segment, count: segment.count - expired });
      this.#work = { type: 'give-up', records: records.slice(0, expired), attempts, condition: 'RecordAgeExceeded' };
    } else if (records.some((record) => payloadBytes(record) > MAX_PAYLOAD_BYTES)) {
      // Kinesis Developer Guide, "Handle large records": what is over Lambda's 6 MB as an event goes to the on-failure
      // destination. It is alone in its batch. Chosen, as no condition is documented: the one of records that were tried.
      this.#replaceFirst(segment);
      this.#work = { type: 'give-up', records, attempts, condition: 'RetryAttemptsExhausted' };
    } else {
      this.#replaceFirst(segment);
      this.#work = { type: 'invoke', records, attempts };
    }
    return this.#work;
  }

  /** When `take` has something, given no new records; `undefined` where only new records or an answer can change that. */
  dueAt(): EpochMillis | undefined {
    if (this.#work !== undefined) return undefined;
    const [segment] = this.#segments;
    const oldest = this.#queue.peek();
    if (oldest === undefined) return undefined;
    const due = segment === undefined ? this.#windowEnd() : segment.notBefore;
    return segment?.giveUp === undefined ? Math.min(due, expiresAt(this.#settings, oldest)) : due;
  }

  /** Answers an invocation; says what follows from it. */
  invoked(outcome: InvocationOutcome, now: EpochMillis): Decision {
    const { records, attempts } = this.#answered('invoke');
    const decision = decide(this.#settings, records, attempts, outcome);
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
    // LDG, "Batching behavior": the next batching window begins as soon as the previous invocation completes.
    this.#windowStart = now;
    return decision;
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
      const expired = expiresAt(this.#settings, oldest) > now ? 0 : this.#expiredInFront(now);
      return expired === 0 ? undefined : { count: expired, attempts: FRESH, notBefore: now };
    }
    let count = 0;
    let bytes = 0;
    for (const record of this.#queue.front(this.#settings.batchSize)) {
      bytes += payloadBytes(record);
      // A record that is too large for any invocation is alone in its batch.
      if (count > 0 && bytes > MAX_PAYLOAD_BYTES) break;
      count += 1;
    }
    return { count, attempts: FRESH, notBefore: now };
  }

  #isFull(): boolean {
    return this.#queue.length >= this.#settings.batchSize || this.#queuedBytes >= MAX_PAYLOAD_BYTES;
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
    return expiredCount(this.#settings, this.#queue.front(this.#settings.batchSize), now);
  }
}
