/**
 * Function 3, `<stack>-IoTAPI`: invoked with `{"operation": "query", "sensorid": "…"}`, answers the 20 newest readings,
 * newest first, in the shape of 2015. It also takes `from`, `to`, `limit`, `order` and `cursor`, and answers `NextToken`
 * where more follow. Bad input and a table that does not answer become function errors named after what to do.
 */
import { InvalidRequest } from '../core/errors.ts';
import type { ReadingFlag } from '../core/reading.ts';
import type { SensorHistory } from '../core/sensor-history.ts';

export interface SensorHistoryRequest {
  readonly operation: 'query';
  readonly sensorid: string;
  readonly from?: string | number;
  readonly to?: string | number;
  readonly limit?: number | string;
  readonly order?: 'asc' | 'desc';
  readonly cursor?: string;
}

export interface SensorHistoryResponse {
  readonly Items: readonly {
    readonly SensorId: string;
    readonly Timestamp: string;
    readonly Value: number;
    /** Only where one was sent. */
    readonly Unit?: string;
    /** Only where there are some (`ReadingFlag`). */
    readonly Flags?: readonly ReadingFlag[];
  }[];
  readonly Count: number;
  readonly NextToken?: string;
}

export type SensorHistoryHandler = (event: unknown) => Promise<SensorHistoryResponse>;

export function createSensorHistoryHandler(useCase: SensorHistory): SensorHistoryHandler {
  return async (event) => {
    const { operation, sensorid, sensorId, ...rest } = checkObject(event);
    if (operation !== 'query') {
      throw new InvalidRequest(
        'operation',
        `is ${operation === undefined ? 'missing' : JSON.stringify(operation)}, but must be "query"`,
      );
    }
    if (sensorid !== undefined && sensorId !== undefined && sensorid !== sensorId) {
      throw new InvalidRequest('sensorid', 'must be the same where sensorId is given too');
    }
    const { readings, nextCursor } = await useCase.read({ ...rest, sensorId: sensorid ?? sensorId });
    return {
      Items: readings.map(({ sensorId, timestamp, value, unit, flags }) => ({
        SensorId: sensorId,
        Timestamp: timestamp,
        Value: value,
        ...(unit !== undefined && { Unit: unit }),
        ...(flags !== undefined && { Flags: flags }),
      })),
      Count: readings.length,
      ...(nextCursor !== undefined && { NextToken: nextCursor }),
    };
  };
}

type RawRequest = Partial<Record<keyof SensorHistoryRequest | 'sensorId', unknown>>;

function checkObject(event: unknown): RawRequest {
  if (typeof event === 'object' && event !== null && !Array.isArray(event)) return event;
  throw new InvalidRequest('event', 'must be an object such as {"operation": "query", "sensorid": "…"}');
}
