/**
 * One consumer of one shard: reads, deals the records to lanes, hands out batches, and knows how far everything is done.
 * It has no clock and no effect: `next` says what to do now, the caller does it and answers. What is lost with this
 * object (a crash) is delivered again from the checkpoint: at least once, never less.
 */
import type { EventSourceMappingSettings } from '../pipeline.ts';
import type { EpochMillis, ShardPage, ShardPosition, StreamRecord } from '../ports.ts';
import { Queue } from '../queue.ts';
import { compareSequenceNumbers } from '../sequence-number.ts';
import type { Decision, InvocationOutcome, MomentOf } from './decision.ts';
import { compileFilterCriteria, type RecordFilter } from './filter-criteria.ts';
import { Lane, type LaneWork } from './lane.ts';
import { MAX_PAYLOAD_BYTES } from './payload-limit.ts';
import type { ShardConsumerState } from './shard-state.ts';
import type { TumblingWindow } from './tumbling-window.ts';

/** Lambda polls a shard once per second (LDG); GetRecords answers at most 10,000 records. */
export const POLL_INTERVAL_MILLIS = 1_000;
const MAX_READ = 10_000;
/** GetRecords takes five calls per second and shard. */
const GAP_INTERVAL_MILLIS = 200;

export type ShardCommand =
  | { readonly type: 'read'; readonly position: ShardPosition; readonly limit: number }
  | ({ readonly lane: number } & LaneWork);

/** A record that was read and is not behind the checkpoint. */
interface Unfinished {
  readonly sequenceNumber: string;
  /** Where the checkpoint stands once the record is done: behind the filtered records that follow it. */
  doneThrough: string;
}

export class ShardConsumer {
  readonly #settings: EventSourceMappingSettings;
  readonly #lanes: readonly Lane[];
  readonly #filter: RecordFilter;
  /** In the order of the shard. */
  readonly #unfinished = new Queue<Unfinished>();
  #newest: Unfinished | undefined;
  #checkpoint: ShardPosition;
  #readPosition: ShardPosition;
  #reading: { readonly limit: number } | undefined;
  #woken = false;
  #nextReadAt: EpochMillis = 0;
  #endOfShard = false;
  #trimmed = 0;
  #readFailures = 0;
  #lastRead: ShardConsumerState['lastRead'] = 'none';
  #expired = false;
  #filteredOut = 0;
  #millisBehindLatest = 0;

  /**
   * @param checkpoint Where an earlier consumer of this mapping stood, or where the mapping starts.
   * @param window What that consumer had in `window`.
   * @param momentOf Where `now` of the other methods is not the clock with which the stream stamps records.
   */
  constructor(
    settings: EventSourceMappingSettings,
    checkpoint: ShardPosition,
    window?: TumblingWindow,
    momentOf?: MomentOf,
  ) {
    this.#settings = settings;
    this.#filter = compileFilterCriteria(settings.filterCriteria ?? { filters: [] });
    this.#checkpoint = checkpoint;
    this.#readPosition = checkpoint;
    this.#lanes = Array.from({ length: settings.parallelizationFactor }, () => new Lane(settings, window, momentOf));
  }

  /** What can be done now. Each command is in flight until it is answered by the method named after it. */
  next(now: EpochMillis): ShardCommand[] {
    const commands: ShardCommand[] = [];
    this.#lanes.forEach((lane, index) => {
      const work = lane.take(now);
      if (work !== undefined) commands.push({ lane: index, ...work });
    });
    if (this.#wantsMore() && this.#nextReadAt <= now) {
      this.#reading = { limit: this.#room() };
      this.#woken = false;
      commands.push({ type: 'read', position: this.#readPosition, ...this.#reading });
    }
    return commands;
  }

  /** When to call `next` again if nothing is answered before. */
  dueAt(): EpochMillis | undefined {
    const due = this.#lanes.map((lane) => lane.dueAt()).filter((at) => at !== undefined);
    if (this.#wantsMore()) due.push(this.#nextReadAt);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** New records are known to be there: read now rather than at the next poll. */
  wake(): void {
    this.#woken = true;
    this.#nextReadAt = 0;
  }

  /**
   * Answers a `read`.
   * @param streamTime What the stream would write on a record now.
   * @returns how many of the records no filter let through.
   */
  read(page: ShardPage, now: EpochMillis, streamTime = now): number {
    const [limit, filteredOut] = [this.#reading?.limit, this.#filteredOut];
    this.#lastRead = 'done';
    this.#reading = undefined;
    this.#trimmed += page.trimmed;
    this.#endOfShard = page.endOfShard;
    this.#expired ||= page.expired === true;
    this.#millisBehindLatest = page.millisBehindLatest;
    for (const lane of this.#lanes) lane.read(page, now, streamTime);
    for (const record of page.records) {
      if (this.#filter(record)) this.#await(record, now);
      else this.#passOver(record);
    }
    const last = page.records.at(-1);
    if (last !== undefined) {
      this.#readPosition = { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: last.sequenceNumber };
    }
    // A full page, or a wake-up during the read, means that more is there now. An empty page in front of the tip is one of
    // Kinesis's gaps, through which a reader goes step by step. At the tip nothing is gained by asking again at once.
    const full = limit !== undefined && page.records.length >= limit;
    const behind = page.millisBehindLatest > 0;
    if (full || this.#woken || (behind && last !== undefined)) this.#nextReadAt = now;
    else this.#nextReadAt = now + (behind ? GAP_INTERVAL_MILLIS : POLL_INTERVAL_MILLIS);
    return this.#filteredOut - filteredOut;
  }

  /** Answers a `read` that failed. */
  readFailed(now: EpochMillis): void {
    this.#reading = undefined;
    this.#readFailures += 1;
    this.#lastRead = 'failed';
    this.#nextReadAt = now + POLL_INTERVAL_MILLIS;
  }

  /** Answers an `invoke`. */
  invoked(lane: number, outcome: InvocationOutcome, now: EpochMillis): Decision {
    const decision = this.#lane(lane).invoked(outcome, now);
    this.#moveCheckpoint();
    return decision;
  }

  /** Answers a `give-up`: whether the failure destination holds the records. */
  givenUp(lane: number, kept: boolean, now: EpochMillis): void {
    this.#lane(lane).givenUp(kept, now);
    this.#moveCheckpoint();
  }

  /** Answers an `invoke` that was not made: the stream holds so many of its records no more. */
  trimmed(lane: number, count: number, now: EpochMillis): void {
    this.#lane(lane).trimmed(count, now);
    this.#moveCheckpoint();
  }

  /** Everything up to here is done, and nothing behind it is forgotten by starting again from here. */
  get checkpoint(): ShardPosition {
    return this.#checkpoint;
  }

  /** The newest tumbling window, with what the records in front of the checkpoint came to. To be kept with the checkpoint. */
  get window(): TumblingWindow | undefined {
    return this.#lanes[0]?.window;
  }

  /** The shard was closed and everything in it is done: its children may be read. */
  get finished(): boolean {
    return this.#endOfShard && this.#lanes.every(({ settled }) => settled);
  }

  state(): ShardConsumerState {
    const arrivals = this.#lanes.map(({ oldest }) => oldest?.arrivedAt).filter((at) => at !== undefined);
    const { window } = this;
    return {
      checkpoint: this.#checkpoint,
      ...(arrivals.length > 0 && { oldestArrival: Math.min(...arrivals) }),
      unfinished: this.#unfinished.length,
      trimmed: this.#trimmed,
      readFailures: this.#readFailures,
      lastRead: this.#lastRead,
      expired: this.#expired,
      filteredOut: this.#filteredOut,
      millisBehindLatest: this.#millisBehindLatest,
      finished: this.finished,
      ...(window?.state !== undefined && { openWindow: { start: window.start, end: window.end } }),
      lanes: this.#lanes.map((lane) => ({
        waiting: lane.length,
        inFlight: lane.inFlight?.records.length ?? 0,
        pieces: lane.segments.map(({ count, attempts }) => ({ count, attempts })),
      })),
    };
  }

  #wantsMore(): boolean {
    return this.#reading === undefined && !this.#endOfShard && this.#room() > 0;
  }

  /**
   * One batch per lane in flight and one more read ahead. Where a lane is stuck, reading goes on for those that have less than
   * a batch, until this shard holds as much as one call of GetRecords brings at most: so a hot key does not starve the others
   * (docs/adr/0014-a-hot-key-leaves-room-for-others.md). Then the shard waits: memory stays bounded.
   */
  #room(): number {
    const bytes = this.#lanes.reduce((sum, lane) => sum + lane.payloadBytes, 0);
    if (bytes >= (this.#lanes.length + 1) * MAX_PAYLOAD_BYTES) return 0;
    const { batchSize } = this.#settings;
    const held = this.#unfinished.length;
    const share = (this.#lanes.length + 1) * batchSize;
    if (held < share) return Math.min(share - held, MAX_READ);
    const hungry = this.#lanes.filter((lane) => lane.length < batchSize).length;
    return this.#lanes.length === 1 ? 0 : Math.max(0, Math.min(hungry * batchSize, MAX_READ - held));
  }

  #await(record: StreamRecord, now: EpochMillis): void {
    const { sequenceNumber } = record;
    this.#newest = { sequenceNumber, doneThrough: sequenceNumber };
    this.#unfinished.push(this.#newest);
    this.#laneOf(record).push(record, now);
  }

  /**
   * LDG: the iterator advances past a record that the filters do not let through. It is kept nowhere, so that any number of
   * them can be read while a batch is collected.
   */
  #passOver({ sequenceNumber }: StreamRecord): void {
    this.#filteredOut += 1;
    if (this.#unfinished.length > 0 && this.#newest !== undefined) this.#newest.doneThrough = sequenceNumber;
    else this.#checkpoint = { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber };
  }

  /** The checkpoint stands in front of the oldest record that any lane has not done. */
  #moveCheckpoint(): void {
    const open = this.#lanes.map(({ oldest }) => oldest?.sequenceNumber).filter((number) => number !== undefined);
    const oldest = open.length === 0 ? undefined : open.reduce((a, b) => (compareSequenceNumbers(b, a) < 0 ? b : a));
    let done: string | undefined;
    let head = this.#unfinished.peek();
    while (head !== undefined && (oldest === undefined || compareSequenceNumbers(head.sequenceNumber, oldest) < 0)) {
      done = head.doneThrough;
      this.#unfinished.drop(1);
      head = this.#unfinished.peek();
    }
    if (done !== undefined) this.#checkpoint = { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: done };
  }

  #laneOf({ partitionKey }: StreamRecord): Lane {
    return this.#lane(this.#lanes.length === 1 ? 0 : hash(partitionKey) % this.#lanes.length);
  }

  #lane(index: number): Lane {
    const lane = this.#lanes[index];
    if (lane === undefined) throw new RangeError(`lane ${index} of ${this.#lanes.length}`);
    return lane;
  }
}

/** FNV-1a: any fixed spread of keys over lanes will do, AWS documents none. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return value;
}
