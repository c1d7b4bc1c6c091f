/** `POST /readings`: one reading, an array of them, or NDJSON. */
import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { AcceptedReading, Candidate, PutReadings, RefusedReading } from '../../core/put-readings.ts';
import { checkReading, parseReading } from '../../core/reading.ts';
import { sendProblem } from '../http/problem-details.ts';
import { PutReadingsReply, Reading } from '../schemas.ts';
import { jsonElements } from './json-elements.ts';
import { BodyTooLarge, ndjsonLines } from './ndjson-lines.ts';
import { formatReceipt } from './receipt.ts';

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
    return reply.code(202).type('application/json; charset=utf-8').send(formatReceipt(accepted, rejected));
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
function readJson(body: Buffer, now: number): readonly Candidate[] | string {
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch (error) {
    return `The body is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (!Array.isArray(json)) return [{ data: body, result: parseReading(body, now) }];
  const elements = jsonElements(body);
  // Text may stand for bytes that are no UTF-8, which no reading may have: then each element is looked at by its bytes.
  if (!isUtf8(body)) return elements.map((data) => ({ data, result: parseReading(data, now) }));
  return elements.map((data, index) => ({ data, result: checkReading(json[index], now) }));
}

function* slices<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += SLICE) yield items.slice(start, start + SLICE);
}

/** What follows a failure is lost to it, but not what came in front of it. */
async function* lineSlices(
  chunks: AsyncIterable<readonly (Uint8Array | undefined)[]>,
  putReadings: PutReadings,
): AsyncGenerator<readonly Candidate[]> {
  for await (const lines of chunks) {
    for (const slice of slices(lines)) {
      const now = putReadings.now();
      yield slice.map((line) => (line === undefined ? tooLong : { data: line, result: parseReading(line, now) }));
    }
  }
}

const tooLong: Candidate = {
  data: new Uint8Array(),
  result: {
    ok: false,
    reasons: [{ field: 'body', rule: `must have at most ${lineLimits.maxLineBytes} bytes`, seen: 'longer' }],
  },
};
