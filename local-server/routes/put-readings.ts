/** `POST /readings`: one reading, an array of them, or NDJSON. */
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { AcceptedReading, Candidate, PutReadings, RefusedReading } from '../../core/put-readings.ts';
import { checkReading, parseReading } from '../../core/reading.ts';
import { sendProblem } from '../problem-details.ts';
import { PutReadingsReply, Reading } from '../schemas.ts';
import { BodyTooLarge, ndjsonLines } from './ndjson-lines.ts';

/** JSON is parsed in one go, and the event loop waits for that; NDJSON streams. */
const MAX_JSON_BYTES = 8 * 1_048_576;
const lineLimits = {
  maxBodyBytes: 64 * 1_048_576,
  /** What Kinesis takes in one record, less its longest key. */
  maxLineBytes: 1_048_576 - 1_024,
};
/** Readings that are checked and put before others get their turn. */
const SLICE = 500;

const description = `One reading, an array of readings, or NDJSON with one reading a line. What is no reading is refused with
its reason and its position, the rest is accepted. JSON may have 8 MiB, NDJSON 64 MiB.`;

export function putReadingsRoute(putReadings: PutReadings): FastifyPluginAsyncTypebox {
  return async (app) => {
    // The bytes go into the stream as they were sent, so that this route reads bodies itself.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.addContentTypeParser('application/x-ndjson', (_request, body, done) => done(null, body));

    app.post(
      '/readings',
      {
        bodyLimit: MAX_JSON_BYTES,
        // `core/reading.ts` says what a reading is and names every reason; the schema is for the document.
        validatorCompiler: () => () => true,
        schema: {
          summary: 'Put readings into the stream',
          description,
          tags: ['readings'],
          consumes: ['application/json', 'application/x-ndjson'],
          body: Type.Union([Reading, Type.Array(Reading)]),
          response: { 202: PutReadingsReply },
        },
      },
      async (request, reply) => {
        if (Buffer.isBuffer(request.body)) {
          const candidates = readJson(request.body, putReadings.now());
          if (typeof candidates === 'string') return sendProblem(reply, { status: 400, detail: candidates });
          return answer(reply, await putSlices(putReadings, slices(candidates)));
        }
        const lines = ndjsonLines(request.raw.iterator({ destroyOnReturn: false }), lineLimits);
        const totals = await putSlices(putReadings, lineSlices(lines, putReadings));
        if (totals.failure === undefined) return answer(reply, totals);
        await drain(request.raw);
        const { accepted, rejected, failure } = totals;
        if (!(failure instanceof BodyTooLarge)) throw failure;
        const taken = accepted.length + rejected.length;
        const detail = `The body is larger than 64 MiB. Its first ${taken} readings were dealt with: send the rest in another request.`;
        return sendProblem(reply, { status: 413, detail, accepted: accepted.length, rejected });
      },
    );
  };
}

interface Totals {
  readonly accepted: AcceptedReading[];
  readonly rejected: RefusedReading[];
  /** What ended the body before its end; what came before it is in the stream, and its sender must know. */
  failure?: Error;
}

async function putSlices(
  putReadings: PutReadings,
  parts: AsyncIterable<readonly Candidate[]> | Iterable<readonly Candidate[]>,
): Promise<Totals> {
  const totals: Totals = { accepted: [], rejected: [] };
  let index = 0;
  try {
    for await (const part of parts) {
      const { accepted, rejected } = await putReadings.put(part, index);
      totals.accepted.push(...accepted);
      totals.rejected.push(...rejected);
      index += part.length;
      await nextTurn();
    }
  } catch (error) {
    totals.failure = error as Error;
  }
  return totals;
}

function answer(reply: FastifyReply, { accepted, rejected }: Totals): FastifyReply {
  if (accepted.length > 0) {
    const records = accepted.map(({ sequenceNumber, shardId, flag }) => ({ sequenceNumber, shardId, flag }));
    return reply.code(202).send({ accepted: accepted.length, rejected, records });
  }
  if (rejected.length === 0) return sendProblem(reply, { status: 422, detail: 'There is no reading in the body.' });
  if (rejected.every(({ reasons }) => reasons.length === 0)) {
    return sendProblem(reply.header('retry-after', '1'), {
      status: 429,
      detail: 'The stream takes no more at the moment; send the same readings again.',
      rejected,
    });
  }
  return sendProblem(reply, { status: 422, detail: 'None of this is a reading; `rejected` says why.', rejected });
}

/** Reads on to the end of a body that is refused: cut off, its sender would see a broken pipe and not the reason. */
async function drain(body: Readable): Promise<void> {
  await nextTurn(); // Until then the iterator still holds the stream paused.
  body.resume();
  await finished(body);
}

/** What a JSON body holds, or what is wrong with it. */
function readJson(body: Buffer, now: number): Iterable<Candidate> | string {
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch (error) {
    return `The body is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (!Array.isArray(json)) return [{ data: body, result: parseReading(body, now) }];
  return elements(json, now);
}

function* elements(json: readonly unknown[], now: number): Generator<Candidate> {
  for (const element of json) {
    yield { data: Buffer.from(JSON.stringify(element)), result: checkReading(element, now) };
  }
}

function* slices(candidates: Iterable<Candidate>): Generator<readonly Candidate[]> {
  let slice: Candidate[] = [];
  for (const candidate of candidates) {
    slice.push(candidate);
    if (slice.length === SLICE) {
      yield slice;
      slice = [];
    }
  }
  if (slice.length > 0) yield slice;
}

async function* lineSlices(
  lines: AsyncIterable<Uint8Array | undefined>,
  putReadings: PutReadings,
): AsyncGenerator<readonly Candidate[]> {
  let slice: Candidate[] = [];
  let failure: Error | undefined;
  try {
    for await (const line of lines) {
      slice.push(line === undefined ? tooLong : { data: line, result: parseReading(line, putReadings.now()) });
      if (slice.length === SLICE) {
        yield slice;
        slice = [];
      }
    }
  } catch (error) {
    failure = error as Error;
  }
  // Also what came in front of a failure is dealt with.
  if (slice.length > 0) yield slice;
  if (failure !== undefined) throw failure;
}

const tooLong: Candidate = {
  data: new Uint8Array(),
  result: {
    ok: false,
    reasons: [{ field: 'body', rule: `must have at most ${lineLimits.maxLineBytes} bytes`, seen: 'longer' }],
  },
};
