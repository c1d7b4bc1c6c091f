/** `GET /sensors/{sensorId}/readings`: the history of a sensor. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { StoredReading } from '../../core/ports.ts';
import { placeOf } from '../../core/reading-key.ts';
import type { SensorHistory } from '../../core/sensor-history.ts';
import { HistoryQuery, HistoryReply, SensorParams } from '../schemas.ts';

function told(reading: StoredReading) {
  const { timestamp, value, unit, flags } = reading;
  const key = placeOf(reading);
  return {
    timestamp,
    value,
    ...(unit !== undefined && { unit }),
    ...(flags !== undefined && { flags: [...flags] }),
    ...(key !== timestamp && { key }),
  };
}

export function historyRoute(history: SensorHistory): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/sensors/:sensorId/readings',
      {
        schema: {
          summary: 'History of one sensor, newest first',
          tags: ['readings'],
          params: SensorParams,
          querystring: HistoryQuery,
          response: { 200: HistoryReply },
        },
      },
      async ({ params, query }) => {
        const { sensorId, readings, nextCursor } = await history.read({ ...query, ...params });
        return {
          sensorId,
          readings: readings.map(told),
          ...(nextCursor !== undefined && { nextCursor }),
        };
      },
    );
  };
}
