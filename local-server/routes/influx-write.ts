/**
 * Where clients of InfluxDB write: `POST /write` of version 1 and `POST /api/v2/write`, so that Telegraf and Home Assistant need nothing
 * but the address (https://docs.influxdata.com/influxdb/v2/api/v2/#operation/PostWrite,
 * https://docs.influxdata.com/influxdb/v1/tools/api/#write-http-endpoint). Each line is a record of the stream. 204 comes once the
 * stream has taken every line; what is wrong with others is said with their numbers, and the good ones are taken all the same.
 *
 * Errors have the forms of both versions. Clients look for the words `partial write` and `unable to parse` in them: what has
 * these is not sent again.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { inNanoseconds, isLine, linesOf, type NumberedLine, precisions } from '../../core/decoding/line-protocol.ts';
import type { Candidate, PutReadings, PutReadingsOutcome, RefusedReading } from '../../core/put-readings.ts';
import { canBeSentAgain } from '../../core/put-readings.ts';
import { unpackBodies } from '../http/unpacked-body.ts';

/** InfluxDB 1 takes 25 MB in one request. */
const MAX_BYTES = 25_000_000;
/** Lines that are put before others get their turn. */
const SLICE = 500;
const MAX_TOLD = 20;

const Text = (description: string) => Type.Optional(Type.String({ description }));
const ignored = 'Taken and not used: there is one stream.';
const WriteQuery = Type.Object({
  precision: Text(`Unit of the timestamps: ${precisions.join(', ')}; ns if not given.`),
  db: Text(ignored),
  rp: Text(ignored),
  consistency: Text(ignored),
  u: Text(ignored),
  p: Text('Not looked at. Send a token in the Authorization header.'),
  org: Text(ignored),
  orgID: Text(ignored),
  bucket: Text(ignored),
});

export function influxWriteRoute(putReadings: PutReadings): FastifyPluginAsyncTypebox {
  return async (app) => {
    // Clients name any content type, or none.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    unpackBodies(app);

    for (const url of ['/write', '/api/v2/write']) {
      app.post(
        url,
        {
          bodyLimit: MAX_BYTES,
          config: { packedBodies: true, influxClients: true },
          schema: {
            summary: 'Put readings into the stream in line protocol, as clients of InfluxDB do',
            description:
              'Each field with a number is a reading of the sensor `measurement,tags.field`. Fields with text or a boolean are left out.',
            tags: ['readings'],
            querystring: WriteQuery,
            response: { 204: Type.Null({ description: 'The stream has every line.' }) },
          },
        },
        async ({ body, query: { precision = 'ns' } }, reply) => {
          if (!precisions.includes(precision)) {
            return refuse(
              reply,
              400,
              `precision must be one of ${precisions.join(', ')}, but is ${JSON.stringify(precision)}`,
            );
          }
          const text = textOf(body);
          if (text === undefined) return refuse(reply, 400, 'unable to parse the body: it is not UTF-8');
          const lines = linesOf(text).filter((line) => isLine(line.text));
          return answer(reply, await putLines(putReadings, lines, precision));
        },
      );
    }

    // Clients ask whether the server is there before they write.
    app.get(
      '/ping',
      { config: { influxClients: true }, schema: { summary: 'Answers clients of InfluxDB', tags: ['readings'] } },
      async (_request, reply) => reply.code(204).send(),
    );
  };
}

interface Written {
  readonly accepted: number;
  readonly leftOut: number;
  readonly refused: readonly (RefusedReading & { readonly line: number })[];
  readonly full?: PutReadingsOutcome['full'];
}

async function putLines(putReadings: PutReadings, lines: readonly NumberedLine[], precision: string): Promise<Written> {
  const refused: Written['refused'][number][] = [];
  let [accepted, leftOut] = [0, 0];
  const now = putReadings.now();
  for (let start = 0; start < lines.length; start += SLICE) {
    const slice = lines.slice(start, start + SLICE);
    const read = slice.map(({ text }) => putReadings.readLine(inNanoseconds(text.trimEnd(), precision), now));
    const candidates: Candidate[] = [];
    const numbers: number[] = [];
    read.forEach((candidate, at) => {
      leftOut += candidate.decoded?.leftOut ?? 0;
      // A line with texts and booleans only holds nothing for the stream, and nothing is wrong with it.
      if (candidate.decoded?.parts.length === 0) return;
      candidates.push(candidate);
      numbers.push(slice[at]?.number ?? 0);
    });
    const outcome = await putReadings.put(candidates);
    accepted += outcome.accepted.reduce((sum, { readings = 1 }) => sum + readings, 0);
    for (const refusal of outcome.rejected) refused.push({ ...refusal, line: numbers[refusal.index] ?? 0 });
    if (outcome.full !== undefined) return { accepted, leftOut, refused, full: outcome.full };
  }
  return { accepted, leftOut, refused };
}

function answer(reply: FastifyReply, { accepted, leftOut, refused, full }: Written): FastifyReply {
  if (leftOut > 0) void reply.header('x-left-out-fields', String(leftOut));
  if (full !== undefined) {
    return refuse(reply.header('retry-after', String(full.retryAfterSeconds)), 503, full.message);
  }
  if (refused.length === 0) return reply.code(204).send();
  if (refused.some(canBeSentAgain)) {
    return refuse(
      reply.header('retry-after', '1'),
      429,
      `the stream takes no more at the moment; send the lines again. ${told(refused)}`,
    );
  }
  return refuse(
    reply,
    400,
    `partial write: unable to parse ${refused.length} of the fields or lines: ${told(refused)}; ${accepted} readings were written`,
  );
}

function told(refused: Written['refused']): string {
  const first = refused.slice(0, MAX_TOLD).map(({ line, reason }) => `line ${line}: ${reason}`);
  return first.join('; ') + (refused.length > MAX_TOLD ? `; and ${refused.length - MAX_TOLD} more` : '');
}

/** `error` is what clients of version 1 read; `code` and `message` are for those of version 2. */
function refuse(reply: FastifyReply, status: number, message: string): FastifyReply {
  const code = status === 400 ? 'invalid' : status === 429 ? 'too many requests' : 'unavailable';
  return reply
    .code(status)
    .type('application/json')
    .send(JSON.stringify({ error: message, code, message }));
}

function textOf(body: unknown): string | undefined {
  if (!(body instanceof Uint8Array)) return '';
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}
