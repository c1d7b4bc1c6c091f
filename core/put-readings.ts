/**
 * Use case: readings at the door. What is no reading is refused here, with its reason, while the sender is still there
 * to hear it; what is accepted goes into the stream as it was sent.
 */
import type { CallOptions, Clock, EventStream, StreamEvent } from './ports.ts';
import { describeReasons, type Reason, type ReadingFlag, type ReadingResult } from './reading.ts';

/** One reading as it came: its bytes, and what `parseReading` or `checkReading` says of them. */
export interface Candidate {
  readonly data: Uint8Array;
  readonly result: ReadingResult;
}

export interface AcceptedReading {
  readonly index: number;
  readonly sequenceNumber: string;
  readonly shardId: string;
  readonly flag?: ReadingFlag;
}

export interface RefusedReading {
  readonly index: number;
  /** One sentence. */
  readonly reason: string;
  /** Empty where nothing is wrong with the reading and the stream did not take it: the same reading can be sent again. */
  readonly reasons: readonly Reason[];
}

/** Nothing is wrong with the reading: the stream did not take it this time. */
export function canBeSentAgain({ reasons }: RefusedReading): boolean {
  return reasons.length === 0;
}

export interface PutReadingsOutcome {
  readonly accepted: readonly AcceptedReading[];
  readonly rejected: readonly RefusedReading[];
  /** The stream is full: what was not taken, and what would come behind it, is to be sent again later. */
  readonly full?: StreamFull;
}

export interface StreamFull {
  /** Why, in words. */
  readonly message: string;
  readonly retryAfterSeconds: number;
}

export class PutReadings {
  readonly #stream: EventStream;
  readonly #clock: Clock;

  constructor(stream: EventStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  /** When a candidate without a timestamp is taken to have been read, for `parseReading`. */
  now(): number {
    return this.#clock.now();
  }

  /** @param firstIndex Index of the first candidate in what the sender sent, which may come in several calls. */
  async put(candidates: readonly Candidate[], firstIndex = 0, options: CallOptions = {}): Promise<PutReadingsOutcome> {
    const rejected: RefusedReading[] = [];
    /** What is valid, and where among the candidates it is. */
    const events: StreamEvent[] = [];
    const offsets: number[] = [];
    candidates.forEach(({ data, result }, offset) => {
      if (result.ok) {
        events.push({ partitionKey: result.reading.sensorId, data });
        offsets.push(offset);
      } else {
        const { reasons } = result;
        rejected.push({ index: firstIndex + offset, reason: describeReasons(reasons), reasons });
      }
    });

    const outcomes = events.length === 0 ? [] : await this.#stream.put(events, options);
    const accepted: AcceptedReading[] = [];
    let full: StreamFull | undefined;
    offsets.forEach((offset, position) => {
      const index = firstIndex + offset;
      const outcome = outcomes[position];
      if (outcome?.taken === true) {
        const { sequenceNumber, shardId } = outcome;
        const result = candidates[offset]?.result;
        const flag = result?.ok === true ? result.flag : undefined;
        accepted.push(
          flag === undefined ? { index, sequenceNumber, shardId } : { index, sequenceNumber, shardId, flag },
        );
      } else if (outcome?.permanent === true) {
        const reasons: readonly Reason[] = [
          { field: 'body', rule: 'must be a record that the stream can take', seen: 'not one' },
        ];
        rejected.push({ index, reason: `the stream can never take it (${outcome.code}: ${outcome.message})`, reasons });
      } else {
        if (outcome?.retryAfterSeconds !== undefined) {
          full = { message: outcome.message, retryAfterSeconds: outcome.retryAfterSeconds };
        }
        const why = outcome === undefined ? 'the stream gave no answer for it' : `${outcome.code}: ${outcome.message}`;
        rejected.push({ index, reason: `not taken, send it again (${why})`, reasons: [] });
      }
    });
    return { accepted, rejected: rejected.sort((a, b) => a.index - b.index), ...(full !== undefined && { full }) };
  }
}
