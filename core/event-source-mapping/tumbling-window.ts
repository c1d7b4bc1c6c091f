/**
 * Tumbling windows of one shard: which window a record belongs to, which state its invocation gets, and when the window is
 * over. It has no clock and no effect. "LDG" is the page "Implementing stateful Kinesis Data Streams processing in Lambda";
 * "blog" is "Using AWS Lambda for streaming analytics" (AWS Compute Blog, 2020); "types" are the comments in AWS's own
 * aws-lambda-java-events (KinesisTimeWindowEvent, TimeWindowEventResponse).
 *
 * - LDG: the time at which a record came into the stream decides its window. Chosen: windows begin at multiples of their length
 *   since 1970; both examples of the LDG fit (07:04–07:06 for 120 s, 17:00–17:05 for 300 s).
 * - The first invocation of a window gets an empty state (blog), each further one what the one before returned.
 * - LDG: a response without `state` is a failed invocation. The final one is excepted: AWS's own example returns none (blog).
 *   Chosen: a `state` that is not an object is none, as the types know objects only.
 * - Chosen: the state of a partial response is taken. It must hold what is in front of the reported record, because the
 *   checkpoint moves there. Where nothing of the batch is done, the state is not taken: retries get the state from before.
 * - LDG: a window is over when its shard ends, and when no new record came for up to two minutes. Chosen: when the end of the
 *   window has passed, the tip of the shard was read, and the last record is two minutes old. It is over at once when a record of
 *   a later window was read, also one that the filters leave out: no record of this window follows.
 * - The final invocation has no records. LDG: the shard waits until it succeeds. Chosen: so it is retried without limit, also
 *   where `maximumRetryAttempts` is set.
 * - Types and LDG: when the state is larger than 1 MB an invocation says `isWindowTerminatedEarly`, and the next ones continue the
 *   same window with an empty state. Chosen: it has no records, it is not the final one (that comes once, blog), its response
 *   must have a `state` too, which is dropped, and it also comes when the next record has no room beside the state.
 * - Chosen: a window opens with the first records that succeed. One without any (nothing came, nothing passed the filters, all
 *   was given up) has no final invocation.
 * - Chosen: a shard's windows never go back. A record that is late counts to the open window, or to the one that follows the
 *   last closed one.
 */
import type { EpochMillis, ShardPage } from '../ports.ts';
import { MAX_PAYLOAD_BYTES } from './payload-limit.ts';

/** A JSON object, which is the function's own. */
export type WindowState = Readonly<Record<string, unknown>>;

export interface WindowSpan {
  readonly start: EpochMillis;
  /** The first moment that is not in the window. */
  readonly end: EpochMillis;
}

/** The newest window of a shard. It is part of the checkpoint. */
export interface TumblingWindow extends WindowSpan {
  /** What the records in front of the checkpoint came to; absent once the window is closed. */
  readonly state?: WindowState;
}

/** What an invocation is told about its window. */
export interface WindowProperties extends WindowSpan {
  readonly state: WindowState;
  readonly isFinalInvokeForWindow: boolean;
  readonly isWindowTerminatedEarly: boolean;
}

/** Chosen: 1 MB is 1 MiB of UTF-8 JSON, as the 6 MB of an invocation are 6 MiB. */
export const MAX_STATE_BYTES = 1_048_576;
const IDLE_MILLIS = 120_000;
/** For records and state, without the names, times, shard and ARN around them. */
const ROOM_BYTES = MAX_PAYLOAD_BYTES - 1_000;
const EMPTY: WindowState = {};
const EMPTY_BYTES = 2;
/** A record that takes more does not fit into any invocation of a window. */
const MAX_RECORD_BYTES = ROOM_BYTES - EMPTY_BYTES;

/**
 * The state in a response; `undefined` where there is none.
 * Chosen: a state that no event can hold counts as none.
 */
export function stateOf(response: unknown): WindowState | undefined {
  if (!isObject(response) || !isObject(response.state)) return undefined;
  return bytesOf(response.state) > ROOM_BYTES ? undefined : response.state;
}

export class TumblingWindows {
  readonly #lengthMillis: number;
  #newest: TumblingWindow | undefined;
  #stateBytes = EMPTY_BYTES;
  /** The latest arrival of all records that were read. */
  #seenThrough: EpochMillis = -Infinity;
  /** Up to here no record can be missing that was not read. */
  #quietThrough: EpochMillis = -Infinity;
  #lastRecordAt: EpochMillis | undefined;
  #shardEnded = false;

  /** @param newest From the checkpoint. */
  constructor(lengthInSeconds: number, newest?: TumblingWindow) {
    this.#lengthMillis = lengthInSeconds * 1_000;
    this.#set(newest);
  }

  get newest(): TumblingWindow | undefined {
    return this.#newest;
  }

  get isOpen(): boolean {
    return this.#newest?.state !== undefined;
  }

  /** The window to which a record counts that is the next one in its shard. */
  spanOf(arrivedAt: EpochMillis): WindowSpan {
    const newest = this.#newest;
    if (newest?.state !== undefined && arrivedAt < newest.end) return newest;
    const at = Math.max(arrivedAt, newest?.end ?? -Infinity);
    const start = Math.floor(at / this.#lengthMillis) * this.#lengthMillis;
    return { start, end: start + this.#lengthMillis };
  }

  /** What the next invocation with records of a window is told. */
  propertiesOf({ start, end }: WindowSpan): WindowProperties {
    const state = end === this.#newest?.end ? (this.#newest.state ?? EMPTY) : EMPTY;
    return { start, end, state, isFinalInvokeForWindow: false, isWindowTerminatedEarly: false };
  }

  /** How much room is left for records beside the state. */
  roomBytes({ end }: WindowSpan): number {
    return ROOM_BYTES - (end === this.#newest?.end ? this.#stateBytes : EMPTY_BYTES);
  }

  /** Whether all records of a window were read. */
  isOver({ end }: WindowSpan): boolean {
    return this.#shardEnded || this.#seenThrough >= end || this.#quietThrough >= end;
  }

  /**
   * The invocation that has to come before the next record, if there is one.
   * @param next The oldest record that is not done, and its bytes.
   */
  closing(next?: { readonly arrivedAt: EpochMillis; readonly bytes: number }): WindowProperties | undefined {
    const open = this.#newest;
    if (open?.state === undefined) return undefined;
    const properties = this.propertiesOf(open);
    const tooLarge = this.#stateBytes > MAX_STATE_BYTES;
    if (tooLarge || (next !== undefined && next.arrivedAt < open.end && this.#isInTheWayOf(next.bytes))) {
      return { ...properties, isWindowTerminatedEarly: true };
    }
    const over = next === undefined ? this.isOver(open) : next.arrivedAt >= open.end;
    return over ? { ...properties, isFinalInvokeForWindow: true } : undefined;
  }

  /** Records of a window succeeded. */
  aggregated({ start, end }: WindowSpan, state: WindowState): void {
    this.#set({ start, end, state });
  }

  /** A final or early invocation succeeded. */
  closed({ start, end, isFinalInvokeForWindow }: WindowProperties): void {
    this.#set(isFinalInvokeForWindow ? { start, end } : { start, end, state: EMPTY });
  }

  /**
   * The shard was read on; what the filters leave out counts too.
   * @param streamTime What the stream would write on a record now: windows are made of the times of records.
   */
  read({ records, millisBehindLatest, endOfShard }: ShardPage, now: EpochMillis, streamTime: EpochMillis): void {
    for (const { arrivedAt } of records) this.#seenThrough = Math.max(this.#seenThrough, arrivedAt);
    if (records.length > 0) this.#lastRecordAt = now;
    this.#lastRecordAt ??= now;
    const atTip = records.length === 0 && millisBehindLatest === 0;
    if (atTip && now - this.#lastRecordAt >= IDLE_MILLIS) this.#quietThrough = streamTime;
    this.#shardEnded = endOfShard;
  }

  #isInTheWayOf(bytes: number): boolean {
    return bytes <= MAX_RECORD_BYTES && bytes > ROOM_BYTES - this.#stateBytes;
  }

  #set(window: TumblingWindow | undefined): void {
    this.#newest = window;
    this.#stateBytes = window?.state === undefined ? EMPTY_BYTES : bytesOf(window.state);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const utf8 = new TextEncoder();

function bytesOf(state: WindowState): number {
  return utf8.encode(JSON.stringify(state)).length;
}
