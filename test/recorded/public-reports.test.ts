/**
 * What devices sent in public bug reports, put through the running server: over HTTP and as an AWS client. Each case has the report
 * that it comes from and the right value. Other cases of the same kinds are beside the code that decides them.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { encode as encodeCbor } from 'cborg';
import { type RunningServer, startServer } from '../support/running-server.ts';
import { thousandReadings } from './kpl/aggregates.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

interface Receipt {
  readonly accepted?: number;
  readonly replaced?: number;
  readonly rejected?: readonly { readonly index: number; readonly reason: string }[];
  readonly detail?: string;
}
interface Row {
  readonly timestamp: string;
  readonly value: number;
  readonly flags?: readonly string[];
}

async function post(body: string | Uint8Array, type = 'application/json', headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}/readings`, {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body: Buffer.from(body),
  });
  return { status: response.status, ...((await response.json()) as Receipt) };
}

const postJson = (json: unknown) => post(JSON.stringify(json));
const linesOf = (items: readonly unknown[]) => items.map((item) => JSON.stringify(item)).join('\n');

/** PutRecords as an AWS client sends it. */
async function putRecords(records: readonly (string | Uint8Array)[]): Promise<void> {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Kinesis_20131202.PutRecords' },
    body: JSON.stringify({
      StreamName: 'iot-SensorStream',
      Records: records.map((data) => ({ Data: Buffer.from(data).toString('base64'), PartitionKey: 'device' })),
    }),
  });
  expect(await response.json()).toMatchObject({ FailedRecordCount: 0 });
}

async function historyOf(sensor: string): Promise<readonly Row[]> {
  await server.caughtUp();
  const response = await fetch(`${server.url}/sensors/${encodeURIComponent(sensor)}/readings?order=asc&limit=1000`);
  return ((await response.json()) as { readings: Row[] }).readings;
}

async function listOf<T>(path: string, member: string): Promise<readonly T[]> {
  await server.caughtUp();
  return ((await (await fetch(server.url + path)).json()) as Record<string, T[]>)[member] ?? [];
}

/** The reason for which the last record went into the quarantine. */
async function lastReason(): Promise<string> {
  const records = await listOf<{ sequenceNumber: string; reason: string }>('/quarantine?limit=1000', 'records');
  const last = records.reduce((late, next) =>
    BigInt(next.sequenceNumber) > BigInt(late.sequenceNumber) ? next : late,
  );
  return last.reason;
}

const bare = (sensorid: string, count: number) => Array.from({ length: count }, (_, value) => ({ sensorid, value }));

describe('accepted readings do not vanish', () => {
  test.each([
    ['influxdb#2934: no time, one request', 'a1', () => postJson(bare('a1', 3)), 3],
    [
      'influxdb#2934: a time of null',
      'a2',
      () => postJson(bare('a2', 3).map((each) => ({ ...each, timestamp: null }))),
      3,
    ],
    ['influxdb#2934: lines without a time', 'a3', () => post(linesOf(bare('a3', 100)), 'application/x-ndjson'), 100],
    ['influxdb#2934: PutRecords', 'a4', () => putRecords(bare('a4', 50).map((each) => JSON.stringify(each))), 50],
    ['influxdb#2934: at the same time', 'a5', () => Promise.all(bare('a5', 40).map((each) => postJson(each))), 40],
    [
      'influxdb#23804, RedisTimeSeries#492, thingsboard#6754: 200 µs apart',
      'a6',
      () =>
        postJson(
          bare('a6', 50).map((each) => ({
            ...each,
            timestamp: `2026-11-25T10:00:00.${String(each.value * 200).padStart(6, '0')}Z`,
          })),
        ),
      50,
    ],
    [
      'half a millisecond apart, as a number',
      'a7',
      () => postJson(bare('a7', 50).map((each) => ({ ...each, timestamp: 1_795_600_000_000 + each.value / 2 }))),
      50,
    ],
    [
      'a leap second and the second behind it',
      'a8',
      () =>
        postJson([
          { sensorid: 'a8', value: 0, timestamp: '2016-12-31T23:59:60Z' },
          { sensorid: 'a8', value: 1, timestamp: '2017-01-01T00:00:00Z' },
        ]),
      2,
    ],
  ])('%s', async (_, sensor, send, count) => {
    await send();
    expect((await historyOf(sensor)).map(({ value }) => value).sort((a, b) => a - b)).toEqual(
      Array.from({ length: count }, (_, value) => value),
    );
  });

  test('and those of the same sensor and time are told: flights-2k.json, whose dates have slashes', async () => {
    const file = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '../data/flights-2k.json');
    const flights = JSON.parse(await readFile(file, 'utf8')) as { origin: string; delay: number; date: string }[];
    const readings = flights.map(({ origin, delay, date }) => ({ sensorid: origin, value: delay, timestamp: date }));
    const receipt = await post(linesOf(readings), 'application/x-ndjson');
    expect(receipt).toMatchObject({ status: 202, accepted: 2_000, replaced: 2 });
    const origins = [...new Set(flights.map(({ origin }) => origin))];
    let stored = 0;
    for (const origin of origins) stored += (await historyOf(origin)).length;
    expect(stored).toBe(1_998);
  });
});

describe('times mean what the device meant', () => {
  test.each([
    ['thingsboard#1754: seconds', 1_795_628_730, '2026-11-25T17:45:30.000Z'],
    ['thingsboard#6351: seconds as text', '1795628730', '2026-11-25T17:45:30.000Z'],
    ['wetterdienst#543: digits of a date and time', '20251125174500', '2025-11-25T17:45:00.000Z'],
    ['a date of digits', '20261125', '2026-11-25T00:00:00.000Z'],
    ['before 1970', '1958-03-01', '1958-03-01T00:00:00.000Z'],
  ])('%s', async (name, timestamp, stored) => {
    expect(await postJson({ sensorid: name, value: 1, timestamp })).toMatchObject({ accepted: 1 });
    await putRecords([JSON.stringify({ sensorid: `${name}, by Kinesis`, value: 1, timestamp })]);
    expect(await historyOf(name)).toMatchObject([{ timestamp: stored }]);
    expect(await historyOf(`${name}, by Kinesis`)).toMatchObject([{ timestamp: stored }]);
  });

  test.each([
    ['traccar#5029: YYMMDDhhmmss', '251125174500'],
    ['wetterdienst#543: YYYYMMDDhh', '2026112510'],
    ['digits of a date and time as a number', 20_251_125_174_500],
    ['digits of a date as a number', 20_261_125],
    ['Excel', 45_986.739_583],
    ['meshtastic/firmware#3103: milliseconds since the start', 123_456],
    ['meshtastic/firmware#1637: seconds since 2001', 785_785_500],
    ['bifravst/firmware#28', 64_698_438_051_149],
    ['bifravst/firmware#28', 129_396_873_948_100],
  ])('%s is rejected with what each unit would mean', async (_, timestamp) => {
    const { status, rejected } = await postJson({ sensorid: 'wrong', value: 1, timestamp });
    expect(status).toBe(422);
    expect(rejected?.[0]?.reason).toMatch(
      /^timestamp must be a number of a time from 2000 to a year ahead \(it is .* in milliseconds/,
    );
    expect(rejected?.[0]?.reason).toContain(String(timestamp));
  });

  test.each([
    ['aioecowitt#419', 'ts', 1_795_500_000_000, '2026-11-24T06:00:00.000Z'],
    ['daq-tools/kotori#26', 'time', '2026-11-20T10:00:00Z', '2026-11-20T10:00:00.000Z'],
    ['openobserve#6257', 'Timestamp', '2026-11-20T10:00:00Z', '2026-11-20T10:00:00.000Z'],
    ['fluent-bit', 'date', 1_795_600_000.123456, '2026-11-25T09:46:40.123456Z'],
  ])('%s: a time under the name %s %s counts', async (report, name, sent, stored) => {
    const sensorid = `${report}-${name}`;
    await postJson({ sensorid, value: 1, [name]: sent });
    expect(await historyOf(sensorid)).toMatchObject([{ timestamp: stored }]);
  });

  test('influxdb#23024: a backlog with `ts` keeps its times', async () => {
    await postJson(bare('backlog', 60).map((each) => ({ ...each, ts: 1_795_500_000_000 + each.value * 60_000 })));
    expect(await historyOf('backlog')).toHaveLength(60);
  });

  test.each([
    ['grafana#18763: seconds', 'from=1795600000&to=1795600060', 2],
    ['grafana#2452: digits', 'from=20261125094640&to=20261125094740', 2],
    ['milliseconds', 'from=1795600000001&to=1795600060000', 1],
  ])('and those of a query too: %s', async (_, range, count) => {
    await postJson([
      { sensorid: 'asked', value: 1, timestamp: 1_795_600_000 },
      { sensorid: 'asked', value: 2, timestamp: 1_795_600_060 },
    ]);
    await server.caughtUp();
    expect(await listOf(`/sensors/asked/readings?${range}`, 'readings')).toHaveLength(count);
  });

  test('eclipse-kura/kura#2563: a clock that is years ahead does not become the latest', async () => {
    await postJson({ sensorid: 'ahead', value: 1, timestamp: new Date().toISOString() });
    await postJson({ sensorid: 'ahead', value: 2, timestamp: '2036-02-07T06:28:16Z' });
    const sensors = await listOf<{ sensorId: string; latest: Row }>('/sensors?limit=1000', 'sensors');
    expect(sensors.find(({ sensorId }) => sensorId === 'ahead')?.latest).toMatchObject({ value: 1 });
    expect((await historyOf('ahead')).at(-1)).toMatchObject({ value: 2, flags: ['far-future'] });
  });
});

describe('values and ids are what was sent', () => {
  test.each(['9007199254740993', '8121069193333309404', '18446744073709551615', '"0.1234567890123456789"'])(
    'telegraf#7555, #9520: %s is flagged as inexact',
    async (sent) => {
      const timestamp = new Date().toISOString();
      await post(`{"sensorid":${JSON.stringify(sent)},"value":${sent},"timestamp":"${timestamp}"}`);
      expect(await historyOf(sent)).toMatchObject([{ flags: ['inexact'] }]);
    },
  );

  test.each(['1e-400', '"1e-400"', '1e-131'])('%s is rejected, not 0', async (sent) => {
    const { rejected } = await post(`{"sensorid":"small","value":${sent}}`);
    expect(rejected?.[0]?.reason).toMatch(/^value must be 0 or from 1e-130 .*1e-/);
  });

  test.each(['.', '..'])(
    'WebThingsIO/addon-list#554: the id %s, for which no URL can ask, is rejected',
    async (sensorid) => {
      expect((await postJson({ sensorid, value: 1 })).rejected?.[0]?.reason).toMatch(/^sensorid .* URL/);
    },
  );

  test('ESPEasy#2329, bmspace#14: ids that look like another one are kept, and marked', async () => {
    const ids = ['kitchen', 'kitchen ', ' kitchen', '\ufeffkitchen', 'kit\u200bchen', 'Küche', 'Ku\u0308che'];
    await postJson(ids.map((sensorid) => ({ sensorid, value: 1 })));
    const sensors = await listOf<{ sensorId: string; notice?: string }>('/sensors?limit=1000', 'sensors');
    const ours = sensors.filter(({ sensorId }) => ids.includes(sensorId));
    expect(ours).toHaveLength(7);
    expect(ours.filter(({ notice }) => notice === undefined).map(({ sensorId }) => sensorId)).toEqual([
      'Küche',
      'kitchen',
    ]);
  });
});

describe('what real senders put into a body', () => {
  const two = [
    { sensorid: 'two', value: 1, timestamp: 1_795_600_000 },
    { sensorid: 'two', value: 2, timestamp: 1_795_600_060 },
  ];

  test.each([
    ['fluent-bit#6401: gzip, JSON', gzipSync(JSON.stringify(two)), 'application/json', 'gzip'],
    ['telegraf#4472: gzip, lines', gzipSync(linesOf(two)), 'application/x-ndjson', 'gzip'],
    ['fluent-bit#8715: lines under application/json', linesOf(two), 'application/json', undefined],
    ['cJSON#184: a byte order mark', `\ufeff${JSON.stringify(two)}`, 'application/json', undefined],
    ['blank lines', `\n   \n${linesOf(two)}\n   \n`, 'application/x-ndjson', undefined],
  ])('%s', async (_, body, type, encoding) => {
    const receipt = await post(body, type, encoding === undefined ? {} : { 'content-encoding': encoding });
    expect(receipt).toMatchObject({ status: 202, accepted: 2, rejected: [] });
  });

  test('libhoney-py#163, openmct#2298: of an array only the element with NaN is rejected', async () => {
    const receipt = await post(
      '[{"sensorid":"n1","value":1},{"sensorid":"n2","value":NaN},{"sensorid":"n3","value":3}]',
    );
    expect(receipt).toMatchObject({ status: 202, accepted: 2, rejected: [{ index: 1 }] });
  });

  test('thingsboard#6754: a million numbers that are no readings are rejected in few words', async () => {
    const response = await fetch(`${server.url}/readings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `[${'1.25,'.repeat(1_390_000)}1]`,
    });
    const text = await response.text();
    expect(response.status).toBe(422);
    expect(text.length).toBeLessThan(100_000);
    expect(JSON.parse(text)).toMatchObject({ stoppedAt: 10_000, rejectedCount: 10_000 });
  });

  const one = { sensorid: 'packed', value: 1 };
  test.each<[string, Uint8Array, RegExp]>([
    ['zlib', deflateSync(JSON.stringify(one)), /zlib/],
    ['CBOR', encodeCbor(one), /CBOR/],
    [
      'MessagePack',
      Uint8Array.of(0x82, 0xa8, ...Buffer.from('sensorid'), 0xa1, 0x61, 0xa5, ...Buffer.from('value'), 1),
      /MessagePack/,
    ],
    ['Avro', Buffer.concat([Buffer.from('Obj\x01'), Buffer.alloc(40)]), /Avro/],
    ['UTF-16', Buffer.from(`\ufeff${JSON.stringify(one)}`, 'utf16le'), /UTF-16/],
  ])('amazon-kinesis-streams-for-fluent-bit#26, vector#5918: a record of %s is named', async (_, record, word) => {
    await putRecords([record]);
    expect(await lastReason()).toMatch(word);
  });

  test('amazon-kinesis-producer#245, lifion-kinesis#325: an aggregate is its 1,000 readings', async () => {
    await putRecords([thousandReadings]);
    let stored = 0;
    for (let device = 0; device < 5; device++) stored += (await historyOf(`device-${device}`)).length;
    expect(stored).toBe(1_000);
  });

  test('a gzip record of Kinesis is its readings', async () => {
    await putRecords([gzipSync(linesOf(two.map((each) => ({ ...each, sensorid: 'two-packed' }))))]);
    expect(await historyOf('two-packed')).toHaveLength(2);
  });

  test.each(['limit=5&limit=6', 'frm=2026-01-01', 'From=2026-01-01', 'page=2', 'offset=10'])(
    'a query with %s is rejected by name',
    async (query) => {
      const response = await fetch(`${server.url}/sensors/two/readings?${query}`);
      expect(response.status).toBe(400);
      expect(((await response.json()) as { detail: string }).detail).toContain(query.split('=')[0]);
    },
  );
});
