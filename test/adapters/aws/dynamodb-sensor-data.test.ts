/** What the table makes of an unreliable DynamoDB: dynalite behind the fault proxy, in virtual time. */
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DynamoDbSensorData } from '../../../adapters/aws/dynamodb-sensor-data.ts';
import { InvalidRequest, StoreUnavailable } from '../../../core/errors.ts';
import type { StoredReading } from '../../../core/ports.ts';
import { formatTimestamp } from '../../../core/timestamp.ts';
import { range, uniqueName } from '../../contracts/harness.ts';
import { createSensorDataTable, sensorDataLimits, startDynalite } from '../../support/dynalite.ts';
import { useEngineBehindProxy } from '../../support/engine-behind-proxy.ts';
import {
  calls,
  chosenBy,
  cutAfter,
  cutBefore,
  hangAfter,
  hangBefore,
  internalFailure,
  inTurn,
  pass,
  refuse,
  throttle,
} from '../../support/fault-proxy/actions.ts';
import { jsonAnswer, jsonOf } from '../../support/fault-proxy/answer.ts';
import { leaveUnprocessed, shortPages } from '../../support/fault-proxy/dynamodb-rules.ts';
import type { Action } from '../../support/fault-proxy/fault-proxy.ts';
import { FixedClock } from '../../support/fixed-clock.ts';
import { noon, sequenceNumber, storedReading } from '../../support/record-factory.ts';
import { Tape } from '../../support/tape.ts';

const tableName = 'SensorData';
const batchWrite = calls('dynamodb', 'BatchWriteItem');
const query = calls('dynamodb', 'Query');

const engine = useEngineBehindProxy({
  start: startDynalite,
  limits: [sensorDataLimits],
  createClient: (options) => new DynamoDBClient(options),
  prepare: (client) => createSensorDataTable(client, tableName),
});

/** A table whose pauses pass at once, and the clock that they move. */
function setUp(options: { client?: DynamoDBClient; ttlDays?: number; leastCallMillis?: number } = {}): {
  clock: FixedClock;
  table: DynamoDbSensorData;
} {
  const clock = new FixedClock(noon);
  const table = new DynamoDbSensorData({
    client: engine().client,
    tableName,
    clock,
    monotonic: () => clock.now(),
    random: () => 0.5,
    sleep: async (millis) => clock.advance(millis),
    ...options,
  });
  return { clock, table };
}

/** A reading a minute, each with a sequence number of its own. */
function minutes(sensorId: string, count: number): StoredReading[] {
  return range(count).map((minute) => {
    const timestamp = formatTimestamp(noon + minute * 60_000);
    return storedReading({ sensorId, value: minute, timestamp, sequenceNumber: sequenceNumber(minute) });
  });
}

async function stored(sensorId: string): Promise<readonly StoredReading[]> {
  const { readings } = await setUp().table.query({ sensorId, order: 'asc', limit: 1_000 });
  return readings;
}

const tapes = fc.array(fc.nat(1_000), { maxLength: 80 });

function writeFaults(tape: Tape): Action[] {
  const unprocessed = leaveUnprocessed(() => tape.choose(2) === 1);
  return [unprocessed, unprocessed, throttle, refuse('ThrottlingException'), internalFailure, cutBefore, cutAfter];
}

describe('whatever fails', () => {
  test('every reading is stored in the end, the latest of those with the same key', async () => {
    const choices = fc.array(fc.tuple(fc.nat(1), fc.nat(40)), { minLength: 1, maxLength: 90 });
    await fc.assert(
      fc.asyncProperty(choices, tapes, async (chosen, choicesOfFate) => {
        const sensorIds = range(2).map(() => uniqueName('sensor'));
        const readings = chosen.map(([sensor, minute], index) =>
          storedReading({
            sensorId: sensorIds[sensor]!,
            timestamp: formatTimestamp(noon + minute * 60_000),
            value: index,
            sequenceNumber: sequenceNumber(index),
          }),
        );
        const tape = new Tape(choicesOfFate);
        const hangs = [hangBefore, hangAfter].slice(0, choicesOfFate.length < 6 ? 2 : 0);
        engine().proxy.rules = [chosenBy(tape, batchWrite, [...writeFaults(tape), ...hangs])];
        const { table } = setUp({ client: engine().hasty });
        // In whatever order they are given.
        expect(await table.put(readings.toReversed(), { remainingMillis: () => Infinity })).toEqual({ notTaken: [] });

        for (const sensorId of sensorIds) {
          const latest = new Map(
            readings.filter((each) => each.sensorId === sensorId).map((each) => [each.timestamp, each]),
          );
          const expected = [...latest.values()].sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
          expect(await stored(sensorId)).toEqual(expected);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('what is not told as not taken is durable, and the time that is left is heeded', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 25 }), tapes, fc.nat(1_000), async (count, choicesOfFate, millis) => {
        const sensorId = uniqueName('sensor');
        const readings = minutes(sensorId, count);
        const tape = new Tape(choicesOfFate);
        engine().proxy.rules = [chosenBy(tape, batchWrite, writeFaults(tape))];
        const { clock, table } = setUp();
        const deadline = clock.now() + millis;
        const notTaken = await table.put(readings, { remainingMillis: () => deadline - clock.now() }).then(
          (outcome) => outcome.notTaken,
          (error: unknown) => {
            expect(error).toBeInstanceOf(StoreUnavailable);
            return readings;
          },
        );
        expect(clock.now()).toBeLessThanOrEqual(deadline);
        engine().proxy.rules = [];
        const held = await stored(sensorId);
        for (const reading of readings) if (!notTaken.includes(reading)) expect(held).toContainEqual(reading);
        for (const reading of notTaken) expect(readings).toContain(reading);
      }),
      { numRuns: 20 },
    );
  });
});

describe('writing', () => {
  test('tells the readings of the chunk that failed, and keeps those of the others', async () => {
    const sensorId = uniqueName('chunk');
    const readings = minutes(sensorId, 75);
    const failing: Action = async (call, forward) =>
      call.body.includes(readings[30]!.timestamp) ? throttle(call, forward) : forward();
    engine().proxy.rules = [{ matches: batchWrite, action: failing }];
    const { notTaken } = await setUp().table.put(readings);
    expect(notTaken).toEqual(readings.slice(25, 50));
    expect(await stored(sensorId)).toEqual([...readings.slice(0, 25), ...readings.slice(50)]);
  });

  test('tells all readings of a key of which none was written', async () => {
    const [reading] = minutes(uniqueName('twice'), 1);
    const later = { ...reading!, value: 7, sequenceNumber: sequenceNumber(9) };
    const other = minutes(uniqueName('other'), 1);
    engine().proxy.rules = [
      inTurn(batchWrite, [leaveUnprocessed((index) => index === 0)]),
      { matches: batchWrite, action: throttle },
    ];
    const { notTaken } = await setUp().table.put([reading!, later, ...other]);
    expect(notTaken).toEqual([reading, later]);
  });

  test('throws, with the reason of DynamoDB, where nothing was written', async () => {
    engine().proxy.rules = [{ matches: batchWrite, action: refuse('ThrottlingException') }];
    const { clock, table } = setUp();
    const failed: unknown = await table.put(minutes(uniqueName('none'), 3)).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(StoreUnavailable);
    expect(failed).toMatchObject({
      message: expect.stringContaining('took none of 3 readings (ThrottlingException: '),
      cause: { name: 'ThrottlingException' },
    });
    expect(clock.now()).toBeLessThanOrEqual(noon + 10_000);
  });

  test('throws at once what no retry mends', async () => {
    engine().proxy.rules = [{ matches: batchWrite, action: refuse('ValidationException') }];
    const failed = setUp().table.put(minutes(uniqueName('invalid'), 3));
    await expect(failed).rejects.toMatchObject({ name: 'ValidationException' });
    expect(engine().proxy.calls).toHaveLength(1);
  });

  test('makes one request where no time is left, and tells what it did not hold', async () => {
    // The engine may take longer than the 100 ms that a last request has otherwise.
    const { table } = setUp({ leastCallMillis: 10_000 });
    const readings = minutes(uniqueName('late'), 60);
    const { notTaken } = await table.put(readings, { remainingMillis: () => 0 });
    expect(notTaken).toEqual(readings.slice(25));
    expect(engine().proxy.calls).toHaveLength(1);
  });

  test('leaves the attributes that the file names', async () => {
    const sensorId = uniqueName('item');
    const reading = storedReading({ sensorId, value: 1e20, arrivedAt: noon + 1 });
    await setUp({ ttlDays: 30 }).table.put([reading]);
    const { Item } = await engine().client.send(
      new GetItemCommand({
        TableName: tableName,
        Key: { SensorId: { S: sensorId }, Timestamp: { S: reading.timestamp } },
      }),
    );
    expect(Item).toEqual({
      SensorId: { S: sensorId },
      Timestamp: { S: '2026-01-15T12:00:00.000Z' },
      Value: { N: '100000000000000000000' },
      SequenceNumber: { S: reading.sequenceNumber },
      ArrivedAt: { N: String(noon + 1) },
      ExpiresAt: { N: String(noon / 1_000 + 30 * 86_400) },
    });
  });

  test('keeps numbers from the least to the greatest as they are', async () => {
    const sensorId = uniqueName('numbers');
    const values = [9.99999999999999e125, -9.99999999999999e125, 1e-130, 2 ** 53 + 2, 1e21, 123456789012345680000];
    const readings = minutes(sensorId, values.length).map((each, index) => ({ ...each, value: values[index]! }));
    expect(await setUp().table.put(readings)).toEqual({ notTaken: [] });
    expect(await stored(sensorId)).toEqual(readings);
  });
});

describe('a query', () => {
  test.each(['asc', 'desc'] as const)(
    'stitches short and empty pages, and knows whether more follows (%s)',
    async (order) => {
      const sensorId = uniqueName('pages');
      const readings = minutes(sensorId, 10);
      const { table } = setUp();
      await table.put(readings);
      const inOrder = order === 'asc' ? readings : readings.toReversed();
      const emptyPage: Action = async (call) =>
        jsonAnswer({
          Items: [],
          Count: 0,
          LastEvaluatedKey: (jsonOf(call) as { ExclusiveStartKey: object }).ExclusiveStartKey,
        });
      for (const limit of [1, 4, 9, 10, 11]) {
        engine().proxy.rules = [
          inTurn(query, [shortPages(1), emptyPage, emptyPage]),
          { matches: query, action: shortPages(3) },
        ];
        expect(await table.query({ sensorId, order, limit })).toEqual({
          readings: inOrder.slice(0, limit),
          more: limit < 10,
        });
      }
    },
  );

  test('leaves out readings that expired and are not deleted yet', async () => {
    const sensorId = uniqueName('expired');
    const { clock, table } = setUp({ ttlDays: 1 });
    const readings = minutes(sensorId, 6).map((each, index) => ({ ...each, arrivedAt: noon + index * 1_000 }));
    await table.put(readings);
    clock.set(noon + 86_400_000 + 2_000);
    // Those that arrived in the first three seconds are a day old.
    expect(await table.query({ sensorId, order: 'asc', limit: 2 })).toEqual({
      readings: readings.slice(3, 5),
      more: true,
    });
    expect(await table.query({ sensorId, order: 'asc', limit: 3 })).toEqual({
      readings: readings.slice(3),
      more: false,
    });
    expect(await table.query({ sensorId, order: 'desc', limit: 3 })).toEqual({
      readings: readings.slice(3).toReversed(),
      more: false,
    });
    clock.set(noon + 86_400_000 + 5_000);
    expect(await table.query({ sensorId, order: 'desc', limit: 3 })).toEqual({ readings: [], more: false });
  });

  test('is tried again where it failed, on the same page', async () => {
    const sensorId = uniqueName('retried');
    const readings = minutes(sensorId, 6);
    const { table } = setUp({ client: engine().hasty });
    await table.put(readings, { remainingMillis: () => Infinity });
    engine().proxy.rules = [inTurn(query, [throttle, internalFailure, shortPages(2), cutBefore, hangAfter, pass])];
    expect(await table.query({ sensorId, order: 'asc', limit: 6 })).toEqual({ readings, more: false });
  });

  test('that is never answered ends as StoreUnavailable', async () => {
    engine().proxy.rules = [{ matches: query, action: internalFailure }];
    const { clock, table } = setUp();
    await expect(table.query({ sensorId: 'any', order: 'asc', limit: 1 })).rejects.toThrow(StoreUnavailable);
    expect(clock.now()).toBeLessThanOrEqual(noon + 10_000);
  });

  test('refuses a time that is in another form than the keys', async () => {
    for (const bound of [{ from: '2026-01-15' }, { to: '2026-01-15T12:00:00Z' }, { after: 'noon' }]) {
      const refused = setUp().table.query({ sensorId: 'any', order: 'asc', limit: 1, ...bound });
      await expect(refused).rejects.toThrow(InvalidRequest);
    }
    expect(engine().proxy.calls).toEqual([]);
  });
});
