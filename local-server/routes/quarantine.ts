/** `GET /quarantine`: rejected records with the reason; `GET /quarantine/{key}`: the bytes of one. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Quarantine, QuarantinedRecord } from '../../core/ports.ts';
import { formatQuarantineKey } from '../../core/quarantine-key.ts';
import { describeReasons } from '../../core/reading.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import { sendProblem } from '../http/problem-details.ts';
import { ListQuery, ObjectParams, QuarantineReply } from '../schemas.ts';

/** Most bytes of records that a page reads. */
const MAX_PAGE_BYTES = 8 * 1_048_576;
/** Of a longer record a page shows the beginning. */
const PREVIEW_BYTES = 4_096;

export function quarantineRoute(quarantine: Quarantine): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/quarantine',
      {
        schema: {
          summary: 'Records that are no readings',
          tags: ['quarantine'],
          querystring: ListQuery,
          response: { 200: QuarantineReply },
        },
      },
      async ({ query: { limit = 100, prefix, after } }) => {
        const { records, more } = await quarantine.list({
          limit,
          maxBytes: MAX_PAGE_BYTES,
          ...(prefix !== undefined && { prefix }),
          ...(after !== undefined && { after }),
        });
        return { records: records.map(encode), more };
      },
    );

    app.get(
      '/quarantine/*',
      {
        schema: {
          summary: 'The bytes of one record',
          tags: ['quarantine'],
          params: ObjectParams,
          produces: ['application/octet-stream'],
        },
      },
      async ({ params }, reply) => {
        const key = params['*'];
        const { records } = await quarantine.list({ prefix: key, limit: 1 });
        const [found] = records;
        if (found === undefined || formatQuarantineKey(found.record, found.copy) !== key) {
          const detail = `There is no record ${key}; GET /quarantine lists what there is.`;
          return sendProblem(reply, { status: 404, detail });
        }
        // A device sent these bytes: a browser must save them, and never run them as a page of this server.
        return reply
          .headers({ 'content-disposition': 'attachment', 'x-content-type-options': 'nosniff' })
          .type('application/octet-stream')
          .send(Buffer.from(found.record.data));
      },
    );
  };
}

function encode({ record, reasons, quarantinedAt, copy }: QuarantinedRecord) {
  const { shardId, sequenceNumber, partitionKey, arrivedAt, data } = record;
  return {
    key: formatQuarantineKey(record, copy),
    reason: describeReasons(reasons),
    reasons: [...reasons],
    shardId,
    sequenceNumber,
    partitionKey,
    arrivedAt: formatTimestamp(arrivedAt),
    quarantinedAt: formatTimestamp(quarantinedAt),
    bytes: data.length,
    raw: Buffer.from(data.subarray(0, PREVIEW_BYTES)).toString('base64'),
  };
}
