/** `GET /sensors/{sensorId}/readings`: the history of a sensor. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { SensorHistory } from '../../core/sensor-history.ts';
import { HistoryQuery, HistoryReply, SensorParams } from '../schemas.ts';

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
          readings: readings.map(({ timestamp, value }) => ({ timestamp, value })),
          ...(nextCursor !== undefined && { nextCursor }),
        };
      },
    );
  };
}
