import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryMetrics } from '../../adapters/memory/memory-metrics.ts';
import { MemoryQuarantine } from '../../adapters/memory/memory-quarantine.ts';
import { MemorySensorData } from '../../adapters/memory/memory-sensor-data.ts';
import { NodeCompression } from '../../adapters/node/node-compression.ts';
import { StoreUnavailable } from '../../core/errors.ts';
import type {
  CallOptions,
  Metrics,
  Quarantine,
  SensorDataTable,
  StoredReading,
  StreamRecord,
} from '../../core/ports.ts';
import { type StoreOutcome, StoreReadings } from '../../core/store-readings.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import { thousandReadings } from '../recorded/kpl/aggregates.ts';
import { FixedClock } from '../support/fixed-clock.ts';
import { bytesOf, noon, records, sequenceNumber, streamRecord } from '../support/record-factory.ts';

interface Ports {
  readonly table: SensorDataTable;
  readonly metrics: Metrics;
  readonly quarantine: Quarantine;
}

const day = 24 * 60 * 60 * 1_000;
const clock = new FixedClock(noon + 1_000);
let table: MemorySensorData;
let metrics: MemoryMetrics;
let quarantine: MemoryQuarantine;

beforeEach(() => {
  table = new MemorySensorData();
  metrics = new MemoryMetrics(clock);
  quarantine = new MemoryQuarantine();
});

/** Stores a batch; `ports` replaces those that are to fail. */
async function store(
  batch: readonly StreamRecord[],
  ports: Partial<Ports> = {},
  options?: CallOptions,
): Promise<StoreOutcome> {
  const all = { table, metrics, quarantine, ...ports };
  return new StoreReadings(all.table, all.metrics, all.quarantine, clock, new NodeCompression()).store(batch, options);
}

/** The n-th record of the shard, with this content. */
function nth(n: number, content: unknown): StreamRecord {
  return streamRecord({ sequenceNumber: sequenceNumber(n), data: bytesOf(content) });
}

function reading(sensorid: string, value: unknown, timestamp: unknown = formatTimestamp(noon)) {
  return { sensorid, value, timestamp };
}

async function valuesOf(sensorId: string): Promise<number[]> {
  const { readings } = await table.query({ sensorId, order: 'asc', limit: 1_000 });
  return readings.map(({ value }) => value);
}

async function quarantined() {
  const { records: kept } = await quarantine.list({ limit: 1_000 });
  return kept;
}

async function publishedSamples(sensorId: string): Promise<number> {
  const minutes = await metrics.statistics({ sensorId, from: 0, to: noon + day });
  return minutes.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
}

/** A table that takes what it is given but for the readings of some sensors, as DynamoDB under throttling. */
function tableWithout(...sensorIds: readonly string[]): SensorDataTable {
  return {
    put: async (readings) => {
      await table.put(readings.filter(({ sensorId }) => !sensorIds.includes(sensorId)));
      return { notTaken: readings.filter(({ sensorId }) => sensorIds.includes(sensorId)) };
    },
    query: (query) => table.query(query),
  };
}

function failingTable(error: Error): SensorDataTable {
  return { put: () => Promise.reject(error), query: (query) => table.query(query) };
}

function failingQuarantine(error: Error): Quarantine {
  return { keep: () => Promise.reject(error), list: (options) => quarantine.list(options) };
}

function failingMetrics(error: Error): Metrics {
  return { publish: () => Promise.reject(error), statistics: (query) => metrics.statistics(query) };
}

const throttled = new StoreUnavailable('table', 'ThrottlingException');
const unreachable = new StoreUnavailable('quarantine', 'SlowDown');

describe('a batch of readings', () => {
  test('goes into the table and into the metric', async () => {
    const outcome = await store([nth(1, reading('kitchen', 21.5)), nth(2, reading('garden', -4))]);

    expect(outcome).toEqual({
      stored: [
        {
          sensorId: 'kitchen',
          value: 21.5,
          timestamp: '2026-01-15T12:00:00.000Z',
          sequenceNumber: sequenceNumber(1),
          arrivedAt: noon,
        },
        {
          sensorId: 'garden',
          value: -4,
          timestamp: '2026-01-15T12:00:00.000Z',
          sequenceNumber: sequenceNumber(2),
          arrivedAt: noon,
        },
      ],
      quarantined: [],
      replaced: [],
      overwritten: { inBatch: 0, inTable: 0 },
      leftOut: 0,
      flagged: {},
      metrics: { published: 2, leftOut: 0 },
    });
    expect((await table.query({ sensorId: 'kitchen', order: 'asc', limit: 1 })).readings).toEqual([outcome.stored[0]]);
    expect(await metrics.statistics({ sensorId: 'garden', from: 0, to: noon })).toEqual([
      { minute: noon, sampleCount: 1, sum: -4, minimum: -4, maximum: -4 },
    ]);
  });

  test.each([26, 500, 10_000])('of %d is stored whole', async (count) => {
    const batch = records(count).map((record, n) => ({ ...record, data: bytesOf(reading('many', n, noon - n)) }));

    const outcome = await store(batch);

    expect(outcome.failure).toBeUndefined();
    expect(outcome.stored).toHaveLength(count);
    expect(table.statistics()).toEqual({ sensors: 1, readings: count });
    expect(await publishedSamples('many')).toBe(count);
  });

  test('that is empty asks nothing of the stores and is no failure', async () => {
    const bug = new Error('nothing to do, and asked all the same');
    const outcome = await store([], {
      table: failingTable(bug),
      metrics: failingMetrics(bug),
      quarantine: failingQuarantine(bug),
    });

    expect(outcome).toEqual({
      stored: [],
      quarantined: [],
      replaced: [],
      overwritten: { inBatch: 0, inTable: 0 },
      leftOut: 0,
      flagged: {},
      metrics: { published: 0, leftOut: 0 },
    });
  });

  test('takes °C and Küche in ids and payloads', async () => {
    await store([nth(1, { ...reading('Küche', 21.5), unit: '°C' }), nth(2, reading('°C', 3))]);

    expect(await valuesOf('Küche')).toEqual([21.5]);
    expect(await valuesOf('°C')).toEqual([3]);
  });

  test('takes "22.0" for the number 22', async () => {
    await store([nth(1, reading('kitchen', '22.0'))]);

    expect(await valuesOf('kitchen')).toEqual([22]);
  });

  test('counts readings whose time is far from their arrival, and keeps them', async () => {
    const outcome = await store([
      nth(1, reading('kitchen', 1, noon - 15 * day)),
      nth(2, reading('kitchen', 2)),
      nth(3, reading('kitchen', 3, noon + day)),
    ]);

    expect(outcome.flagged).toEqual({ 'far-past': 1, 'far-future': 1 });
    expect(await valuesOf('kitchen')).toEqual([1, 2, 3]);
  });

  test('is given to the stores with the time that is left', async () => {
    const inFiveMillis = { remainingMillis: () => 5 };
    const seen: unknown[] = [];
    const watch = async (_: unknown, options?: CallOptions) => {
      seen.push(options);
    };
    const taking: SensorDataTable['put'] = async (readings, options) => {
      await watch(readings, options);
      return { notTaken: [] };
    };

    await store(
      [nth(1, reading('kitchen', 1)), nth(2, 'not JSON')],
      {
        table: { ...failingTable(throttled), put: taking },
        metrics: { ...failingMetrics(throttled), publish: watch },
        quarantine: { ...failingQuarantine(throttled), keep: watch },
      },
      inFiveMillis,
    );

    expect(seen).toEqual([inFiveMillis, inFiveMillis, inFiveMillis]);
  });
});

describe('the same key twice in one batch', () => {
  test('is written once: the later sequence number wins', async () => {
    const outcome = await store([
      nth(1, reading('kitchen', 1)),
      nth(2, reading('garden', 9)),
      nth(3, reading('kitchen', 2)),
    ]);

    expect(outcome).toMatchObject({
      replaced: [{ sequenceNumber: sequenceNumber(1) }],
      overwritten: { inBatch: 1, inTable: 0 },
      metrics: { published: 2 },
    });
    expect(await valuesOf('kitchen')).toEqual([2]);
    expect(outcome.stored.map((stored) => stored.sequenceNumber)).toEqual([2, 3].map(sequenceNumber).reverse());
  });

  test('counts what it replaced where the table has it, not each time that the batch comes', async () => {
    const batch = [nth(1, reading('kitchen', 1)), nth(2, reading('kitchen', 2))];
    const refused = await store(batch, { table: failingTable(new StoreUnavailable('table', 'is away')) });
    expect(refused).toMatchObject({ overwritten: { inBatch: 0, inTable: 0 }, failure: {} });
    expect(await store(batch)).toMatchObject({ overwritten: { inBatch: 1, inTable: 0 } });
  });

  test.each([
    ['another offset', '2026-01-15T13:00:00+01:00'],
    ['no milliseconds', '2026-01-15T12:00:00Z'],
    ['zeros', '2026-01-15T12:00:00.000000Z'],
    ['the basic format', '20260115T120000Z'],
    ['epoch milliseconds', noon],
    ['epoch milliseconds as a string', String(noon)],
  ])('is written once when the instant comes in different spelling: %s', async (_, timestamp) => {
    const outcome = await store([
      nth(1, reading('kitchen', 1, '2026-01-15T12:00:00.000Z')),
      nth(2, { sensorid: 'kitchen', value: 2, timestamp }),
    ]);

    expect(outcome.replaced).toHaveLength(1);
    expect(await valuesOf('kitchen')).toEqual([2]);
  });

  // influxdata/influxdb#2934, #23804, thingsboard#6754: of readings of one millisecond only one survived.
  test.each([
    ['that bring no time', undefined],
    ['whose time is null', null],
  ])('of readings %s all are kept, in their order', async (_, timestamp) => {
    const outcome = await store(
      records(50).map((record) => ({
        ...record,
        data: bytesOf({ sensorid: 'n', value: Number(record.sequenceNumber.slice(-3)), timestamp }),
      })),
    );

    expect(outcome).toMatchObject({ replaced: [], flagged: { 'arrival-time': 50 }, metrics: { published: 50 } });
    expect(await valuesOf('n')).toEqual(Array.from({ length: 50 }, (_each, n) => n + 1));
  });

  test('of readings finer than a millisecond all are kept, in their order', async () => {
    const micros = Array.from({ length: 50 }, (_each, n) => String(n * 200).padStart(6, '0'));
    const outcome = await store(
      micros.map((digits, n) => nth(n + 1, reading('n', n, `2026-01-15T12:00:00.${digits}Z`))),
    );

    expect(outcome.replaced).toEqual([]);
    expect(await valuesOf('n')).toEqual(micros.map((_each, n) => n));
  });

  test('of readings in one record that bring no time all are kept, also when the record comes again', async () => {
    const record = nth(
      1,
      [1, 2, 3].map((value) => ({ sensorid: 'n', value })),
    );
    await store([record]);
    await store([record]);

    expect(await valuesOf('n')).toEqual([1, 2, 3]);
  });

  test('a leap second and the second that follows are two', async () => {
    await store([nth(1, reading('n', 1, '2016-12-31T23:59:60Z')), nth(2, reading('n', 2, '2017-01-01T00:00:00Z'))]);

    expect(await valuesOf('n')).toEqual([1, 2]);
  });

  test('counts a value as overwritten where a later batch has another one for its time, and not where it comes again', async () => {
    await store([nth(1, reading('kitchen', 1)), nth(2, reading('garden', 1))]);
    expect((await store([nth(1, reading('kitchen', 1))])).overwritten).toEqual({ inBatch: 0, inTable: 0 });
    const outcome = await store([nth(3, reading('kitchen', 2)), nth(4, reading('garden', 1))]);
    expect(outcome.overwritten).toEqual({ inBatch: 0, inTable: 1 });
  });

  test('counts every record that a later one replaced', async () => {
    const outcome = await store([1, 2, 3, 4].map((n) => nth(n, reading('kitchen', n))));

    expect(outcome.replaced).toHaveLength(3);
    expect(outcome.overwritten).toEqual({ inBatch: 3, inTable: 0 });
    expect(await valuesOf('kitchen')).toEqual([4]);
  });

  test('one that is no reading does not replace one that is', async () => {
    await store([nth(1, reading('kitchen', 1)), nth(2, reading('kitchen', 'abc'))]);

    expect(await valuesOf('kitchen')).toEqual([1]);
  });

  test('two sensors or two instants are two keys', async () => {
    const outcome = await store([nth(1, reading('1', 1)), nth(2, reading('11', 2)), nth(3, reading('1', 3, noon + 1))]);

    expect(outcome).toMatchObject({ replaced: [] });
    expect(await valuesOf('1')).toEqual([1, 3]);
    expect(await valuesOf('11')).toEqual([2]);
  });
});

describe('what can never be a reading', () => {
  test.each([
    ['not JSON', 'not JSON', 'body'],
    ['null', null, 'body'],
    ['an empty array', [], 'body'],
    ['no sensor id', { value: 1 }, 'sensorid'],
    ['an empty sensor id', reading('', 1), 'sensorid'],
    ['no value', { sensorid: 'kitchen' }, 'value'],
    ['a value of "abc"', reading('kitchen', 'abc'), 'value'],
    ['a value of null', reading('kitchen', null), 'value'],
    ['a bad date', reading('kitchen', 1, '2026-02-30T00:00:00Z'), 'timestamp'],
    ['no date', reading('kitchen', 1, 'yesterday'), 'timestamp'],
  ])('goes to the quarantine with its reason and does not fail the batch: %s', async (_, content, field) => {
    const bad = nth(2, content);
    const outcome = await store([nth(1, reading('before', 1)), bad, nth(3, reading('after', 1))]);

    expect(outcome.failure).toBeUndefined();
    expect(outcome.quarantined).toEqual([
      { record: bad, reasons: [expect.objectContaining({ field })], quarantinedAt: clock.now() },
    ]);
    expect(await quarantined()).toEqual(outcome.quarantined);
    expect(await valuesOf('before')).toEqual([1]);
    expect(await valuesOf('after')).toEqual([1]);
  });

  test('is there once after a retry', async () => {
    await store([nth(1, 'not JSON')]);
    clock.advance(60_000);
    await store([nth(1, 'not JSON')]);

    expect(await quarantined()).toHaveLength(1);
  });
});

describe('a record with several readings', () => {
  const batch = { sensorid: 'a', unit: 'V', readings: [1, 2, 3].map((value) => ({ value, timestamp: noon + value })) };

  test('is stored reading by reading, each with its part and unit', async () => {
    const put: StoredReading[] = [];
    const recording: SensorDataTable = {
      put: async (readings) => {
        put.push(...readings);
        return { notTaken: [] };
      },
      query: (query) => table.query(query),
    };

    const outcome = await store([nth(1, batch), nth(2, reading('b', 5))], { table: recording });

    expect(put.map(({ sensorId, value, unit, part, sequenceNumber: of }) => [sensorId, value, unit, part, of])).toEqual(
      [
        ['a', 1, 'V', 0, sequenceNumber(1)],
        ['a', 2, 'V', 1, sequenceNumber(1)],
        ['a', 3, 'V', 2, sequenceNumber(1)],
        ['b', 5, undefined, undefined, sequenceNumber(2)],
      ],
    );
    expect(outcome).toMatchObject({ quarantined: [], leftOut: 0 });
  });

  test.each([
    ['gzip', gzipSync(bytesOf(batch)), 3],
    ['a KPL aggregate', thousandReadings, 1_000],
  ])('is unpacked: %s', async (_name, data, expected) => {
    const { stored, quarantined } = await store([streamRecord({ data })]);

    expect([stored.length, quarantined.length]).toEqual([expected, 0]);
  });

  test('with a bad part: the good ones are stored, and the record is kept whole with the index of the bad one', async () => {
    const record = nth(1, [reading('a', 1), { sensorid: 'a', value: null }, reading('b', 3)]);

    const outcome = await store([record]);

    expect(outcome.stored.map(({ sensorId }) => sensorId)).toEqual(['a', 'b']);
    expect(outcome.quarantined).toEqual([
      expect.objectContaining({ record, reasons: [expect.objectContaining({ part: 1, field: 'value' })] }),
    ]);
    expect(outcome.failure).toBeUndefined();
  });

  test('that are not all taken comes again as a whole', async () => {
    const record = nth(2, [reading('a', 1), reading('b', 2)]);

    const { failure: first } = await store([nth(1, reading('a', 7)), record], { table: tableWithout('b') });

    expect(first?.sequenceNumber).toBe(sequenceNumber(2));
  });

  test('with texts and booleans beside them: they are counted', async () => {
    expect(await store([nth(1, { sensorid: 'a', temp: 20, door: 'open', on: true })])).toMatchObject({
      leftOut: 2,
      stored: [expect.objectContaining({ sensorId: 'a.temp', value: 20 })],
      quarantined: [],
    });
  });
});

describe('a store that does not take something now', () => {
  test('the table takes only part of a batch: the lowest sequence number that is not kept is reported', async () => {
    const batch = [
      nth(1, reading('a', 1)),
      nth(2, reading('b', 2)),
      nth(3, reading('c', 3)),
      nth(4, 'not JSON'),
      nth(5, reading('d', 5)),
    ];
    const outcome = await store(batch, { table: tableWithout('d', 'b') });

    expect(outcome.failure).toEqual({
      sequenceNumber: sequenceNumber(2),
      causes: [new StoreUnavailable('table', 'took 2 of 4 readings')],
    });
    // The rest is finished all the same.
    expect(outcome.stored.map(({ sensorId }) => sensorId)).toEqual(['a', 'c']);
    expect(await quarantined()).toHaveLength(1);

    expect((await store(batch.slice(1))).failure).toBeUndefined();
    expect(table.statistics()).toEqual({ sensors: 4, readings: 4 });
  });

  test('a collapsed duplicate is not kept: its first record is reported, since that is in no store either', async () => {
    const outcome = await store(
      [
        nth(1, reading('a', 1)),
        nth(2, reading('b', 1)),
        nth(3, reading('c', 1)),
        nth(4, reading('b', 2)),
        nth(5, reading('b', 3)),
      ],
      { table: tableWithout('b', 'c') },
    );

    expect(outcome.failure?.sequenceNumber).toBe(sequenceNumber(2));
  });

  test('sequence numbers are compared as numbers, not as text', async () => {
    const outcome = await store(
      [
        streamRecord({ sequenceNumber: '9', data: bytesOf(reading('a', 1)) }),
        streamRecord({ sequenceNumber: '10', data: bytesOf(reading('b', 1)) }),
      ],
      { table: tableWithout('a', 'b') },
    );

    expect(outcome.failure?.sequenceNumber).toBe('9');
  });

  test('the table fails: nothing of it counts as stored, and the quarantine is written all the same', async () => {
    const outcome = await store([nth(1, 'not JSON'), nth(2, reading('a', 1)), nth(3, reading('b', 1))], {
      table: failingTable(throttled),
    });

    expect(outcome).toMatchObject({
      stored: [],
      metrics: { published: 0 },
      failure: { sequenceNumber: sequenceNumber(2), causes: [throttled] },
    });
    expect(await quarantined()).toHaveLength(1);
  });

  test('the quarantine fails: its first record is reported, and the readings are stored all the same', async () => {
    const outcome = await store([nth(1, reading('a', 1)), nth(2, 'not JSON'), nth(3, 'nor this')], {
      quarantine: failingQuarantine(unreachable),
    });

    expect(outcome).toMatchObject({
      quarantined: [],
      failure: { sequenceNumber: sequenceNumber(2), causes: [unreachable] },
    });
    expect(await valuesOf('a')).toEqual([1]);
  });

  test.each([
    ['a reading comes first', [reading('a', 1), 'not JSON']],
    ['a refused record comes first', ['not JSON', reading('a', 1)]],
  ])('both fail: the lowest of both is reported, with both causes (%s)', async (_, contents) => {
    const outcome = await store(
      contents.map((content, n) => nth(n + 5, content)),
      { table: failingTable(throttled), quarantine: failingQuarantine(unreachable) },
    );

    expect(outcome.failure).toEqual({ sequenceNumber: sequenceNumber(5), causes: [throttled, unreachable] });
  });

  test.each([
    ['table', { table: failingTable(new TypeError('a bug')) }],
    ['quarantine', { quarantine: failingQuarantine(new TypeError('a bug')) }],
  ])('an error of the program is none of these and is thrown: %s', async (_, ports) => {
    await expect(store([nth(1, reading('a', 1)), nth(2, 'not JSON')], ports)).rejects.toThrow(TypeError);
  });
});

describe('the metric', () => {
  const failure = new StoreUnavailable('metrics', 'Throttling');

  test('that fails after the store succeeded is told, and makes nothing come again', async () => {
    const outcome = await store([nth(1, reading('a', 1))], { metrics: failingMetrics(failure) });

    expect(outcome.metrics).toEqual({ published: 0, leftOut: 0, failure });
    expect(outcome.failure).toBeUndefined();
    expect(await valuesOf('a')).toEqual([1]);
  });

  test('counts only readings in front of the first failure: the others come again', async () => {
    const batch = ['a', 'b', 'c', 'd'].map((sensorId, n) => nth(n + 1, reading(sensorId, 1)));
    const outcome = await store(batch, { table: tableWithout('c') });

    expect(outcome.stored.map(({ sensorId }) => sensorId)).toEqual(['a', 'b', 'd']);
    expect(outcome.metrics).toEqual({ published: 2, leftOut: 0 });

    await store(batch.slice(2));
    expect(await Promise.all(['a', 'b', 'c', 'd'].map(publishedSamples))).toEqual([1, 1, 1, 1]);
  });

  test('is not published for what is not stored', async () => {
    const outcome = await store([nth(1, reading('a', 1)), nth(2, reading('b', 1))], { table: tableWithout('b') });

    expect(outcome.metrics.published).toBe(1);
    expect(await publishedSamples('b')).toBe(0);
  });

  test("leaves out values outside of CloudWatch's window or range, counts them, and the table has them", async () => {
    const outcome = await store([
      nth(1, reading('a', 1)),
      nth(2, reading('a', 2, noon - 15 * day)),
      nth(3, reading('a', 3, noon + day)),
      nth(4, reading('b', 1e120)),
    ]);

    expect(outcome.metrics).toEqual({ published: 1, leftOut: 3 });
    expect(await valuesOf('a')).toEqual([2, 1, 3]);
    expect(await valuesOf('b')).toEqual([1e120]);
  });

  test('is not called where everything is left out', async () => {
    const outcome = await store([nth(1, reading('b', 1e120))], { metrics: failingMetrics(failure) });

    expect(outcome.metrics).toEqual({ published: 0, leftOut: 1 });
  });
});

test('writing twice is writing once', async () => {
  const batch = [nth(1, reading('a', 1)), nth(2, reading('a', 2)), nth(3, reading('a', 3, noon + 1))];
  const once = await store(batch);
  const held = await table.query({ sensorId: 'a', order: 'asc', limit: 10 });
  const twice = await store(batch);

  expect(twice).toEqual(once);
  expect(await table.query({ sensorId: 'a', order: 'asc', limit: 10 })).toEqual(held);
  expect(held.readings.map(({ value }: StoredReading) => value)).toEqual([2, 3]);
});
