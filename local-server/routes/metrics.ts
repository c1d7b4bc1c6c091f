/** `GET /metrics/sensors/{sensorId}`: what CloudWatch would show of the metric `SensorData`. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { InvalidRequest } from '../../core/errors.ts';
import type { Clock, Metrics } from '../../core/ports.ts';
import { readSentTime } from '../../core/sent-time.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import { MetricsQuery, MetricsReply, SensorParams } from '../schemas.ts';

const HOUR = 3_600_000;

export function metricsRoute(metrics: Metrics, clock: Clock): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/metrics/sensors/:sensorId',
      {
        schema: {
          summary: 'Statistics of a sensor by the minute',
          tags: ['metrics'],
          params: SensorParams,
          querystring: MetricsQuery,
          response: { 200: MetricsReply },
        },
      },
      async ({ params: { sensorId }, query }) => {
        const now = clock.now();
        const to = query.to === undefined ? now : instant('to', query.to, now);
        const from = query.from === undefined ? to - HOUR : instant('from', query.from, now);
        if (from > to) throw new InvalidRequest('from', 'is after to');
        const statistics = await metrics.statistics({ sensorId, from, to });
        return {
          sensorId,
          statistics: statistics.map(({ minute, ...values }) => ({
            minute: formatTimestamp(minute),
            ...values,
            average: values.sum / values.sampleCount,
          })),
        };
      },
    );
  };
}

function instant(field: string, text: string, now: number): number {
  const time = readSentTime(text, now);
  if (!time.ok) throw new InvalidRequest(field, time.rule);
  return time.instant;
}
