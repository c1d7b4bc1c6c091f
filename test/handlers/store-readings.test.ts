import { beforeEach, describe, expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { MemoryMetrics } from '../../adapters/memory/memory-metrics.ts';
import { MemoryQuarantine } from '../../adapters/memory/memory-quarantine.ts';
import { MemorySensorData } from '../../adapters/memory/memory-sensor-data.ts';
import { NodeCompression } from '../../adapters/node/node-compression.ts';
import { StoreUnavailable } from '../../core/errors.ts';
import type { CallOptions, Metrics, Quarantine, SensorDataTable } from '../../core/ports.ts';
import { StoreReadings } from '../../core/store-readings.ts';
import { toKinesisEvent } from '../../handlers/kinesis-records.ts';
import { createStoreReadingsHandler } from '../../handlers/store-readings.ts';
import { CapturingLogger } from '../support/capturing-logger.ts';
import { faultyMetrics, faultyQuarantine, faultyTable } from '../support/faulty-ports.ts';
import { FixedClock } from '../support/fixed-clock.ts';
import { lambdaContext, sampleEvent, sampleSource } from '../support/lambda-sample.ts';
import { bytesOf, noon, sequenceNumber, streamRecord } from '../support/record-factory.ts';
import { Tape } from '../support/tape.ts';

const context = lambdaContext();
const clock = new FixedClock(noon);
/** The first call is refused. */
const outage = () => new Tape([1]);
/** Of the first call's readings the second is not taken. */
const partly = () => new Tape([0, 1, 0, 1]);

let table: MemorySensorData;
let metrics: MemoryMetrics;
let quarantine: MemoryQuarantine;
let log: CapturingLogger;

beforeEach(() => {
  table = new MemorySensorData();
  metrics = new MemoryMetrics(clock);
  quarantine = new MemoryQuarantine();
  log = new CapturingLogger();
});

function handlerOn(ports: { table?: SensorDataTable; metrics?: Metrics; quarantine?: Quarantine } = {}) {
  const all = { table, metrics, quarantine, ...ports };
  return createStoreReadingsHandler(
    new StoreReadings(all.table, all.metrics, all.quarantine, clock, new NodeCompression()),
    clock,
    log,
  );
}

/** An event with these contents, numbered from 1. */
function eventOf(...contents: readonly unknown[]) {
  return toKinesisEvent(
    contents.map((content, n) => streamRecord({ data: bytesOf(content), sequenceNumber: sequenceNumber(n + 1) })),
    sampleSource,
  );
}

const a = { sensorid: 'a', value: 1, timestamp: '2026-01-15T12:00:00Z' };
const b = { sensorid: 'b', value: '22.0' };
/** Twice the same key, something far in the past, something beyond the range of the metric, something that is none. */
const mixed = eventOf(
  a,
  { ...a, value: 2 },
  { ...b, timestamp: '2015-11-02T10:00:00Z' },
  { sensorid: 'c', value: 1e120 },
  'not JSON',
);

async function valuesOf(sensorId: string): Promise<number[]> {
  const { readings } = await table.query({ sensorId, order: 'asc', limit: 100 });
  return readings.map(({ value }) => value);
}

describe('a batch that is stored', () => {
  test('is answered with no failures and logged in numbers', async () => {
    expect(await handlerOn()(mixed, context)).toEqual({ batchItemFailures: [] });
    expect(await valuesOf('a')).toEqual([2]);
    expect(await valuesOf('b')).toEqual([22]);
    expect(log.entries).toEqual([
      {
        level: 'info',
        message: 'stored',
        fields: {
          requestId: 'request-1',
          shardId: 'shardId-000000000000',
          firstSequenceNumber: sequenceNumber(1),
          lastSequenceNumber: sequenceNumber(5),
          records: 5,
          stored: 3,
          quarantined: 1,
          replaced: 1,
          overwritten: 1,
          leftOut: 0,
          flagged: { 'far-past': 1, 'arrival-time': 1 },
          metrics: { published: 1, leftOut: 2 },
          durationMillis: 0,
        },
      },
    ]);
  });

  test('may hold nothing but what is no reading: the sample of Lambda goes to the quarantine', async () => {
    expect(await handlerOn()(sampleEvent, context)).toEqual({ batchItemFailures: [] });

    const { records } = await quarantine.list({ limit: 10 });
    expect(records.map(({ record }) => Buffer.from(record.data).toString())).toEqual([
      'Hello, this is a test.',
      'This is only a test.',
    ]);
  });

  test('may be empty', async () => {
    expect(await handlerOn()({ Records: [] }, context)).toEqual({ batchItemFailures: [] });
  });
});

describe('a batch that is stored in part', () => {
  test('is answered with the first record that is not kept, and logged with the cause', async () => {
    const handler = handlerOn({ table: faultyTable(table, partly()) });
    const response = await handler(eventOf(a, b, { sensorid: 'c', value: 3 }), context);

    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: sequenceNumber(2) }] });
    expect(await valuesOf('c')).toEqual([3]);
    expect(log.entries).toMatchObject([
      {
        level: 'warn',
        message: 'stored in part',
        fields: {
          stored: 2,
          retryFrom: sequenceNumber(2),
          metrics: { published: 1 },
          err: { errors: [new StoreUnavailable('table', 'took 2 of 3 readings')] },
        },
      },
    ]);
  });

  test.each([
    ['the table', () => ({ table: faultyTable(table, outage()) }), 1],
    ['the quarantine', () => ({ quarantine: faultyQuarantine(quarantine, outage()) }), 2],
    ['both', () => ({ table: faultyTable(table, outage()), quarantine: faultyQuarantine(quarantine, outage()) }), 1],
  ])('because %s is down, comes again from there and is whole then', async (_, ports, first) => {
    const handler = handlerOn(ports());
    const event = eventOf(a, 'not JSON');

    expect(await handler(event, context)).toEqual({ batchItemFailures: [{ itemIdentifier: sequenceNumber(first) }] });
    expect(await handler({ Records: event.Records.slice(first - 1) }, context)).toEqual({ batchItemFailures: [] });
    expect(await valuesOf('a')).toEqual([1]);
    expect((await quarantine.list({ limit: 10 })).records).toHaveLength(1);
  });
});

describe('a metric call that fails after the store succeeded', () => {
  test('makes nothing come again, and is logged', async () => {
    const response = await handlerOn({ metrics: faultyMetrics(metrics, outage()) })(eventOf(a), context);

    expect(response).toEqual({ batchItemFailures: [] });
    expect(await valuesOf('a')).toEqual([1]);
    expect(log.entries).toMatchObject([
      {
        level: 'warn',
        message: 'metric not published',
        fields: {
          requestId: 'request-1',
          stored: 1,
          metrics: { published: 0, leftOut: 0 },
          err: new StoreUnavailable('metrics', 'refused'),
        },
      },
      { level: 'info', message: 'stored' },
    ]);
  });
});

test.each([
  ['table', () => ({ table: faultyTable(table, new Tape([3])) })],
  ['quarantine', () => ({ quarantine: faultyQuarantine(quarantine, new Tape([3])) })],
])('an error of the program is thrown, and so becomes a function error: %s', async (name, ports) => {
  await expect(handlerOn(ports())(eventOf(a, 'not JSON'), context)).rejects.toThrow(`${name}: a bug of the adapter`);
});

test('the stores are given the time that is left, less what the answer takes', async () => {
  const seen: (CallOptions | undefined)[] = [];
  const watched: { table: SensorDataTable; metrics: Metrics; quarantine: Quarantine } = {
    table: {
      put: async (_, options) => {
        seen.push(options);
        return { notTaken: [] };
      },
      query: (query) => table.query(query),
    },
    metrics: {
      publish: async (_, options) => void seen.push(options),
      statistics: (query) => metrics.statistics(query),
    },
    quarantine: {
      keep: async (_, options) => void seen.push(options),
      list: (options) => quarantine.list(options),
    },
  };

  await handlerOn(watched)(eventOf(a, 'not JSON'), lambdaContext(30_000));

  expect(seen.map((options) => options?.remainingMillis?.())).toEqual([29_000, 29_000, 29_000]);
});

test('payloads are never logged, whether it succeeds or not', async () => {
  const secret = eventOf({ sensorid: 'a', value: 4711.5 }, 'the door code is 4711');
  await handlerOn({ metrics: faultyMetrics(metrics, outage()) })(secret, context);
  await handlerOn({ table: faultyTable(table, outage()), quarantine: faultyQuarantine(quarantine, outage()) })(
    secret,
    context,
  );

  expect(log.entries.map(({ message }) => message)).toEqual(['metric not published', 'stored', 'stored in part']);
  expect(inspect(log.entries, { depth: null })).not.toContain('4711');
});
