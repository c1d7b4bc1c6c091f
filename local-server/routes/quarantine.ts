/** `GET /quarantine`: what was refused, whole, with the reason. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Quarantine, QuarantinedRecord } from '../../core/ports.ts';
import { formatQuarantineKey } from '../../core/quarantine-key.ts';
import { describeReasons } from '../../core/reading.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import { ListQuery, QuarantineReply } from '../schemas.ts';

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
          ...(prefix !== undefined && { prefix }),
          ...(after !== undefined && { after }),
        });
        return { records: records.map(encode), more };
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
    raw: Buffer.from(data).toString('base64'),
  };
}
