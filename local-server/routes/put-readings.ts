/** `POST /readings`: readings in JSON, NDJSON, SenML, or another format of `core/decoding/`. */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { at } from '../../core/at.ts';
import type { Candidate, PutReadings, StreamFull } from '../../core/put-readings.ts';
import { sendProblem } from '../http/problem-details.ts';
import { unpackBodies } from '../http/unpacked-body.ts';
import { PutReadingsReply, Reading } from '../schemas.ts';
import { Acceptances } from './acceptances.ts';
import { bodyRecords } from './body-records.ts';
import { BodyTooLarge, ndjsonLines } from './ndjson-lines.ts';
import { formatReceipt } from './receipt.ts';
import { Rejections } from './rejections.ts';
import { Replacements } from './replacements.ts';

/** `application/json`, and formats that are JSON, such as `application/senml+json` and `application/cloudevents+json`. */
const wholeTypes = /^application\/(?:[\w.-]+\+)?json(?:;|$)/i;
const lineTypes = /^application\/(?:x-)?(?:ndjson|jsonl|jsonlines|json-lines)(?:;|$)/i;
/** JSON is parsed in one go, and the event loop waits for that; NDJSON streams. */
const MAX_JSON_BYTES = 8 * 1_048_576;
const lineLimits = {
  maxBodyBytes: 64 * 1_048_576,
  /** What Kinesis takes in one record, less its longest key. */
  maxLineBytes: 1_048_576 - 1_024,
};
/** Readings that are checked and put before others get their turn. */
const SLICE = 500;
/** So many without an accepted one among them are no readings at all, but for instance a CSV file. */
const MAX_REJECTED_IN_A_ROW = 10_000;

const description = `One reading, an array of readings, NDJSON with one reading a line, a SenML pack, or the JSON of a well-known
sender. The body may be compressed with gzip, deflate or br. Invalid readings are rejected with a
reason and their index; the rest is accepted. \`rejected\` lists the first 100 of them and \`rejectedCount\` counts all. Readings
with empty \`reasons\` are always listed: send them again. \`records\` lists the first 10,000 accepted readings. Reading stops after
10,000 rejected readings in a row, and where the stream is full (503); \`stoppedAt\` says where. JSON may have 8 MiB, NDJSON 64 MiB.`;

export function putReadingsRoute(putReadings: PutReadings): FastifyPluginAsyncTypebox {
  return async (app) => {
    // The bytes go into the stream as they were sent, so that this route reads bodies itself.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(wholeTypes, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.addContentTypeParser(lineTypes, (_request, body, done) => done(null, body));
    unpackBodies(app);

    app.post(
      '/readings',
      {
        bodyLimit: MAX_JSON_BYTES,
        config: { packedBodies: true },
        // `core/reading.ts` says what a reading is and names every reason; the schema is for the document.
        validatorCompiler: () => () => true,
        schema: {
          summary: 'Put readings into the stream',
          description,
          tags: ['readings'],
          consumes: ['application/json', 'application/x-ndjson', 'application/senml+json'],
          body: Type.Union([Reading, Type.Array(Reading)]),
          response: { 202: PutReadingsReply },
        },
      },
      async (request, reply) => {
        const putSlices = (parts: Slices) => putAll(putReadings, parts);
        if (Buffer.isBuffer(request.body)) {
          const records = bodyRecords(request.body, SLICE);
          if (typeof records === 'string') return sendProblem(reply, { status: 400, detail: records });
          return answer(reply, await putSlices(recordSlices(records, putReadings)));
        }
        const body = request.body as unknown as Readable;
        const lines = ndjsonLines(body.iterator({ destroyOnReturn: false }), lineLimits);
        const totals = await putSlices(lineSlices(lines, putReadings));
        if (totals.failure === undefined && totals.stoppedAt === undefined) return answer(reply, totals);
        await drain(request.raw, body);
        const { accepted, rejections, failure, read } = totals;
        if (failure === undefined) return answer(reply, totals);
        if (!(failure instanceof BodyTooLarge)) throw failure;
        const detail = `The body is larger than 64 MiB. Its first ${read} readings were dealt with: send the rest in another request.`;
        return sendProblem(reply, { status: 413, detail, accepted: accepted.count, ...rejections.told() });
      },
    );
  };
}

type Slices = AsyncIterable<readonly Candidate[]> | Iterable<readonly Candidate[]>;

interface Totals {
  readonly accepted: Acceptances;
  readonly rejections: Rejections;
  readonly replacements: Replacements;
  /** How many readings were looked at. */
  read: number;
  /** The index from which on nothing was looked at, because too many in a row were rejected or the stream is full. */
  stoppedAt?: number;
  full?: StreamFull;
  /** What ended the body before its end; what came before it is in the stream, and its sender must know. */
  failure?: Error;
}

async function putAll(putReadings: PutReadings, parts: Slices): Promise<Totals> {
  const collections = { accepted: new Acceptances(), rejections: new Rejections(), replacements: new Replacements() };
  const totals: Totals = { ...collections, read: 0 };
  let acceptedEnd = 0;
  try {
    for await (const part of parts) {
      const { accepted, rejected, full } = await putReadings.put(part, totals.read);
      for (const reading of accepted) {
        totals.accepted.add(reading);
        totals.replacements.add(at(part, reading.index - totals.read));
      }
      for (const reading of rejected) totals.rejections.add(reading);
      totals.read += part.length;
      const last = accepted.at(-1);
      if (last !== undefined) acceptedEnd = last.index + 1;
      if (full !== undefined) {
        totals.full = full;
        totals.stoppedAt = totals.read;
        break;
      }
      if (totals.read - acceptedEnd >= MAX_REJECTED_IN_A_ROW) {
        totals.stoppedAt = totals.read;
        break;
      }
      await nextTurn();
    }
  } catch (error) {
    totals.failure = error as Error;
  }
  return totals;
}

function answer(reply: FastifyReply, { accepted, rejections, replacements, stoppedAt, full }: Totals): FastifyReply {
  if (full !== undefined) {
    return sendProblem(reply.header('retry-after', String(full.retryAfterSeconds)), {
      status: 503,
      detail: `${full.message} Not accepted: the readings with empty \`reasons\`, and all from index ${stoppedAt ?? 0} on.`,
      ...{ stoppedAt, accepted: accepted.count },
      ...rejections.told(),
    });
  }
  if (stoppedAt !== undefined) {
    const detail = `Reading stopped before index ${stoppedAt}, because ${MAX_REJECTED_IN_A_ROW} readings in a row were rejected. ${accepted.count} readings before were accepted. Correct the rest, and send it from index ${stoppedAt} on.`;
    const status = rejections.retryable > 0 ? 429 : 422;
    if (status === 429) reply.header('retry-after', '1');
    return sendProblem(reply, { status, detail, stoppedAt, accepted: accepted.count, ...rejections.told() });
  }
  if (accepted.count > 0) {
    const receipt = formatReceipt(accepted, rejections, replacements.count);
    return reply.code(202).type('application/json; charset=utf-8').send(receipt);
  }
  if (rejections.count === 0) return sendProblem(reply, { status: 422, detail: 'There is no reading in the body.' });
  if (rejections.retryable > 0) {
    const which = rejections.retryable === rejections.count ? 'the same readings' : 'those with empty `reasons`';
    return sendProblem(reply.header('retry-after', '1'), {
      status: 429,
      detail: `The stream takes no more at the moment; send ${which} again.`,
      ...rejections.told(),
    });
  }
  return sendProblem(reply, {
    status: 422,
    detail: 'None of the readings can be accepted; `rejected` says why.',
    ...rejections.told(),
  });
}

/**
 * Reads on to the end of a body that is refused: cut off, its sender would see a broken pipe and not the reason. What is
 * packed is not unpacked for that.
 */
async function drain(sent: Readable, body: Readable): Promise<void> {
  if (body !== sent && !body.closed) {
    body.destroy();
    await once(body, 'close');
  }
  await nextTurn(); // Until then the iterator still holds the stream paused.
  if (sent.readableEnded || sent.destroyed) return;
  sent.resume();
  await finished(sent);
}

function* recordSlices(
  records: Iterable<readonly Uint8Array[]>,
  putReadings: PutReadings,
): Generator<readonly Candidate[]> {
  const now = putReadings.now();
  for (const slice of records) yield slice.map((data) => putReadings.read(data, now));
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
      yield slice.map((line) => (line === undefined ? tooLong : putReadings.read(line, now)));
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
