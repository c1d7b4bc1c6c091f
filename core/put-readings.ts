/**
 * Use case: readings at the door. What is no reading is refused here, with its reason, while the sender is still there
 * to hear it; what is accepted goes into the stream as it was sent.
 */
import type { CallOptions, Clock, EventStream, StreamEvent } from './ports.ts';
import { decode } from './decoding/decode.ts';
import type { Decoded, DecodingTools } from './decoding/decoded.ts';
import { decodeLine } from './decoding/line-protocol.ts';
import {
  describeReasons,
  parseReading,
  type Reason,
  type ReadingFlag,
  type ReadingResult,
  type SensorReading,
} from './reading.ts';

/** A record as it came: its bytes, and the reading that it is, or why it is none. */
export interface Candidate {
  readonly data: Uint8Array;
  readonly result: ReadingResult;
  /** Where the record holds several readings, or values that are none: all of it. `result` is the first reading then. */
  readonly decoded?: Decoded;
}

export interface AcceptedReading {
  readonly index: number;
  readonly sequenceNumber: string;
  readonly shardId: string;
  /** Of the first reading of the record. That it brought no time its sender knows. */
  readonly flags?: readonly ReadingFlag[];
  /** How many readings the record holds; absent where it is one. */
  readonly readings?: number;
  /** Its values that are no readings; absent where there are none. */
  readonly leftOut?: number;
}

export interface RefusedReading {
  readonly index: number;
  /** Which part of the record; its other parts are accepted. Absent where the record as a whole is refused. */
  readonly part?: number;
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

/** `{` */
const OPENING_BRACE = 0x7b;
/** Of Kinesis, in characters. */
const MAX_KEY = 256;

export class PutReadings {
  readonly #stream: EventStream;
  readonly #clock: Clock;

  readonly #decoding: DecodingTools;

  constructor(stream: EventStream, clock: Clock, decoding: DecodingTools) {
    this.#stream = stream;
    this.#clock = clock;
    this.#decoding = decoding;
  }

  /** What a record holds, by the same decoders that the consumer has. @param now When it arrives. */
  read(data: Uint8Array, now: number): Candidate {
    const contract = data[0] === OPENING_BRACE ? parseReading(data, now) : undefined;
    return contract?.ok === true
      ? { data, result: contract }
      : candidateOf(data, decode(data, { arrivedAt: now }, this.#decoding));
  }

  /** When a candidate without a timestamp is taken to have been read, for `parseReading`. */
  now(): number {
    return this.#clock.now();
  }

  /** The same for a line of line protocol (`decoding/line-protocol.ts`), which needs no recognising. */
  readLine(line: string, now: number): Candidate {
    return candidateOf(Buffer.from(line), decodeLine(line, { arrivedAt: now }));
  }

  /** @param firstIndex Index of the first candidate in what the sender sent, which may come in several calls. */
  async put(candidates: readonly Candidate[], firstIndex = 0, options: CallOptions = {}): Promise<PutReadingsOutcome> {
    const rejected: RefusedReading[] = [];
    /** What is valid, and where among the candidates it is. */
    const events: StreamEvent[] = [];
    const offsets: number[] = [];
    candidates.forEach(({ data, result, decoded }, offset) => {
      if (result.ok) {
        events.push({ partitionKey: decoded?.source?.slice(0, MAX_KEY) ?? result.reading.sensorId, data });
        offsets.push(offset);
      }
      if (decoded !== undefined) rejected.push(...refusedParts(decoded, firstIndex + offset));
      else if (!result.ok) rejected.push(refused(result.reasons, firstIndex + offset));
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
        const flags = result?.ok === true ? toldFlags(result.reading) : undefined;
        const decoded = candidates[offset]?.decoded;
        const plain = { index, sequenceNumber, shardId };
        accepted.push(
          flags === undefined && decoded === undefined
            ? plain
            : { ...plain, ...(flags !== undefined && { flags }), ...(decoded !== undefined && countsOf(decoded)) },
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
    return {
      accepted,
      rejected: rejected.sort((a, b) => a.index - b.index || (a.part ?? 0) - (b.part ?? 0)),
      ...(full !== undefined && { full }),
    };
  }
}

function toldFlags({ flags }: SensorReading): readonly ReadingFlag[] | undefined {
  const told = flags?.filter((flag) => flag !== 'arrival-time');
  return told?.length === 0 ? undefined : told;
}

/** A record of which it is known what it holds. */
function candidateOf(data: Uint8Array, decoded: Decoded): Candidate {
  const { parts, leftOut } = decoded;
  const result = parts.find(({ ok }) => ok) ?? parts[0] ?? { ok: false, reasons: [] };
  return parts.length === 1 && leftOut === 0 ? { data, result } : { data, result, decoded };
}

function countsOf({ parts, leftOut }: Decoded): Pick<AcceptedReading, 'readings' | 'leftOut'> {
  const readings = parts.filter(({ ok }) => ok).length;
  return { ...(readings !== 1 && { readings }), ...(leftOut > 0 && { leftOut }) };
}

function* refusedParts({ parts }: Decoded, index: number): Generator<RefusedReading> {
  for (const [part, result] of parts.entries()) {
    if (!result.ok)
      yield parts.length === 1 ? refused(result.reasons, index) : { ...refused(result.reasons, index), part };
  }
}

function refused(reasons: readonly Reason[], index: number): RefusedReading {
  return { index, reason: describeReasons(reasons), reasons };
}
