/** `GET /sensors`: the sensors that have readings, each with its latest. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { SensorReading } from '../../core/reading.ts';
import { sensorIdNotice } from '../../core/sensor-id.ts';
import { sendProblem } from '../http/problem-details.ts';
import { SensorsQuery, SensorsReply } from '../schemas.ts';

/** What knows its sensors. */
export interface SensorDirectory {
  /** The first `limit` of those whose id follows `after`, in id order. The cost must not grow with all sensors. */
  sensors(
    after: string | undefined,
    limit: number,
  ): readonly { readonly sensorId: string; readonly count: number; readonly latest: SensorReading }[];
}

function noticed(sensorId: string) {
  const notice = sensorIdNotice(sensorId);
  return notice === undefined ? {} : { notice };
}

export function sensorsRoute(directory: SensorDirectory | undefined): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/sensors',
      {
        schema: {
          summary: 'Sensors in id order, each with its latest reading',
          tags: ['readings'],
          querystring: SensorsQuery,
          response: { 200: SensorsReply },
        },
      },
      async ({ query: { limit = 100, after } }, reply) => {
        if (directory === undefined) {
          return sendProblem(reply, {
            status: 501,
            detail: 'A deployed table does not list its sensors; ask for one by its id.',
          });
        }
        const sensors = directory.sensors(after, limit + 1);
        return {
          sensors: sensors.slice(0, limit).map(({ sensorId, count, latest: { timestamp, value, unit, flags } }) => ({
            sensorId,
            ...noticed(sensorId),
            count,
            latest: {
              timestamp,
              value,
              ...(unit !== undefined && { unit }),
              ...(flags !== undefined && { flags: [...flags] }),
            },
          })),
          more: sensors.length > limit,
        };
      },
    );
  };
}
