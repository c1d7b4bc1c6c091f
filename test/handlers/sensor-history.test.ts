import { beforeEach, describe, expect, test } from '@jest/globals';
import { MemorySensorData } from '../../adapters/memory/memory-sensor-data.ts';
import { InvalidRequest, StoreUnavailable } from '../../core/errors.ts';
import { SensorHistory } from '../../core/sensor-history.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import {
  createSensorHistoryHandler,
  type SensorHistoryHandler,
  type SensorHistoryRequest,
  type SensorHistoryResponse,
} from '../../handlers/sensor-history.ts';
import { noon, storedReading } from '../support/record-factory.ts';

const clock = { now: () => noon };
let table: MemorySensorData;
let handler: SensorHistoryHandler;

beforeEach(() => {
  table = new MemorySensorData();
  handler = createSensorHistoryHandler(new SensorHistory(table, clock));
});

/** Readings of the seconds after noon, numbered from 1. */
async function put(sensorId: string, count: number): Promise<void> {
  await table.put(
    Array.from({ length: count }, (_, n) => storedReading({ sensorId, value: n + 1, timestamp: at(n + 1) })),
  );
}

function at(second: number): string {
  return formatTimestamp(noon + second * 1_000);
}

/** As a client sends it: JSON, so that what is not given is not there. */
function query(wishes: Partial<SensorHistoryRequest>): Promise<SensorHistoryResponse> {
  const request: SensorHistoryRequest = { operation: 'query', sensorid: 'x', ...wishes };
  return handler(JSON.parse(JSON.stringify(request)));
}

function valuesOf({ Items }: SensorHistoryResponse): number[] {
  return Items.map(({ Value }) => Value);
}

async function refusalOf(event: unknown): Promise<unknown> {
  return handler(event).then(
    () => 'was not refused',
    (error: unknown) => error,
  );
}

describe('the request of 2015, {"operation":"query","sensorid":"x"},', () => {
  test('is answered with the readings, newest first, and how many they are', async () => {
    await put('x', 2);

    expect(await handler({ operation: 'query', sensorid: 'x' })).toEqual({
      Items: [
        { SensorId: 'x', Timestamp: '2026-01-15T12:00:02.000Z', Value: 2 },
        { SensorId: 'x', Timestamp: '2026-01-15T12:00:01.000Z', Value: 1 },
      ],
      Count: 2,
    });
  });

  test('is answered with the 20 newest, however many there are, and where to go on', async () => {
    await put('x', 30);

    const response = await handler({ operation: 'query', sensorid: 'x' });

    expect(response).toMatchObject({ Count: 20, NextToken: expect.any(String) });
    expect(valuesOf(response)).toEqual(Array.from({ length: 20 }, (_, n) => 30 - n));
  });

  test('is answered with nothing for a sensor that is not known', async () => {
    await put('x', 2);

    expect(await query({ sensorid: 'y' })).toEqual({ Items: [], Count: 0 });
  });

  test('takes °C and Küche', async () => {
    await put('Küche °C', 1);

    expect(await query({ sensorid: 'Küche °C' })).toMatchObject({ Items: [{ SensorId: 'Küche °C' }], Count: 1 });
  });

  test('may name the sensor sensorId too', async () => {
    await put('x', 1);

    expect(await handler({ operation: 'query', sensorId: 'x' })).toMatchObject({ Count: 1 });
  });
});

describe('what came later', () => {
  test('from, to, limit and order are heeded', async () => {
    await put('x', 9);

    expect(valuesOf(await query({ from: at(3), to: at(7), limit: 2, order: 'asc' }))).toEqual([3, 4]);
    expect(valuesOf(await query({ from: noon + 8_000, limit: '5' }))).toEqual([9, 8]);
  });

  test('NextToken, sent as cursor, leads page by page to the end', async () => {
    await put('x', 5);
    const pages: number[][] = [];
    let response = await query({ limit: 2 });
    pages.push(valuesOf(response));
    while (response.NextToken !== undefined) {
      response = await query({ limit: 2, cursor: response.NextToken });
      pages.push(valuesOf(response));
    }

    expect(pages).toEqual([[5, 4], [3, 2], [1]]);
  });
});

describe('refuses, with an error that names what to change,', () => {
  test.each([
    ['an operation that is none', { operation: 'scan', sensorid: 'x' }, 'operation', 'is "scan", but must be "query"'],
    ['no operation', { sensorid: 'x' }, 'operation', 'is missing, but must be "query"'],
    ['an operation that is no text', { operation: null }, 'operation', 'is null, but must be "query"'],
    ['no sensor', { operation: 'query' }, 'sensorId', 'must be a string'],
    [
      'two sensors',
      { operation: 'query', sensorid: 'a', sensorId: 'b' },
      'sensorid',
      'must be the same where sensorId is given too',
    ],
    [
      'a bad limit',
      { operation: 'query', sensorid: 'x', limit: 1_001 },
      'limit',
      'must be a whole number from 1 to 1000',
    ],
    [
      'a bad cursor',
      { operation: 'query', sensorid: 'x', cursor: 'garbage' },
      'cursor',
      'is not one that this service gave; leave it out to start at the first page',
    ],
    [
      'a bad date',
      { operation: 'query', sensorid: 'x', from: 'yesterday' },
      'from',
      'must be an ISO 8601 date and time, or seconds, milliseconds, microseconds or nanoseconds since 1970',
    ],
  ])('%s', async (_, event, field, problem) => {
    expect(await refusalOf(event)).toEqual(new InvalidRequest(field, problem));
  });

  test.each([null, undefined, 'query', 7, [], [{ operation: 'query', sensorid: 'x' }]])(
    'an event that is no object: %j',
    async (event) => {
      const error = await refusalOf(event);
      expect(error).toBeInstanceOf(InvalidRequest);
      expect(error).toMatchObject({ name: 'InvalidRequest', field: 'event' });
    },
  );

  test('and a refusal keeps its name, which Lambda tells the caller as errorType', async () => {
    expect(await refusalOf({})).toMatchObject({ name: 'InvalidRequest', field: 'operation' });
  });
});

test('a table that does not answer is told as StoreUnavailable: the same request may succeed later', async () => {
  const failure = new StoreUnavailable('table', 'ThrottlingException');
  const failing = createSensorHistoryHandler(
    new SensorHistory({ put: (readings) => table.put(readings), query: () => Promise.reject(failure) }, clock),
  );

  await expect(failing({ operation: 'query', sensorid: 'x' })).rejects.toBe(failure);
});
