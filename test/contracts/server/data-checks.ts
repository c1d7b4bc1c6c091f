/** Readings in, and everything that is kept of them out. */
import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { parseArchiveLine } from '../../../core/archive-line.ts';
import { eventually } from '../../support/eventually.ts';
import {
  at,
  type Checks,
  type ContractServer,
  getJson,
  GIVEN_UP,
  MEASURED,
  type ObjectsPage,
  postJson,
  type QuarantinePage,
  REJECTED,
  SENSOR,
  VALUES,
} from './fixture.ts';

interface History {
  readonly readings: readonly { readonly timestamp: string; readonly value: number }[];
  readonly nextCursor?: string;
}

const historyOf = (server: ContractServer, query = '', sensorId = SENSOR) =>
  getJson<History>(server, `/sensors/${encodeURIComponent(sensorId)}/readings${query}`);

function postLines(server: ContractServer, body: string): Promise<Response> {
  const headers = { 'content-type': 'application/x-ndjson' };
  return fetch(`${server.url}/readings`, { method: 'POST', headers, body });
}

async function writesLines(server: ContractServer, path: string): Promise<void> {
  const measurement = `contract${path.replaceAll('/', '-')}`;
  const write = (body: string) => fetch(`${server.url}${path}?precision=ms`, { method: 'POST', body });
  expect((await write(`${measurement},room=a temp=21.5,open=true ${Date.parse(at(0))}`)).status).toBe(204);
  const refused = await write(`${measurement} temp=1\n${measurement} temp=warm`);
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ error: expect.stringContaining('line 2') });
  const sensorId = `${measurement},room=a.temp`;
  await eventually(async () => (await historyOf(server, '', sensorId)).readings.length === 1);
  expect((await historyOf(server, '', sensorId)).readings[0]).toMatchObject({ timestamp: at(0), value: 21.5 });
}

async function archiveKeys(server: ContractServer, query = ''): Promise<string[]> {
  return (await getJson<ObjectsPage>(server, `/archive${query}`)).objects.map(({ key }) => key);
}

/** Walks through a list page by page, by its last key. */
async function keysByPages<Page extends { readonly more: boolean }>(
  read: (query: string) => Promise<Page>,
  keysOf: (page: Page) => readonly string[],
): Promise<string[]> {
  const keys: string[] = [];
  for (let more = true; more;) {
    const last = keys.at(-1);
    const page = await read(`?limit=1${last === undefined ? '' : `&after=${encodeURIComponent(last)}`}`);
    keys.push(...keysOf(page));
    ({ more } = page);
  }
  return keys;
}

/** `fetch` unpacks what it gets. */
function getPacked(url: string, encoding: string) {
  return new Promise<{ encoding: string | undefined; bytes: number }>((resolve, reject) => {
    request(url, { headers: { 'accept-encoding': encoding } }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.on('end', () => resolve({ encoding: response.headers['content-encoding'], bytes }));
    })
      .on('error', reject)
      .end();
  });
}

export const dataChecks: Readonly<Record<string, Checks>> = {
  'POST /readings': {
    'takes one reading, says where it is, and the table has it': async (server) => {
      const response = await postJson(server, '/readings', {
        sensorid: 'contract-one',
        value: '7.5',
        timestamp: at(0),
      });
      expect(response.status).toBe(202);
      expect(await response.json()).toMatchObject({
        accepted: 1,
        rejected: [],
        records: [
          { sequenceNumber: expect.stringMatching(/^\d+$/), shardId: expect.stringMatching(/^shardId-\d{12}$/) },
        ],
      });
      await eventually(async () => (await historyOf(server, '', 'contract-one')).readings.length === 1);
      expect((await historyOf(server, '', 'contract-one')).readings).toEqual([
        { timestamp: at(0), value: 7.5, flags: ['far-past'] },
      ]);
    },
    'takes the valid ones of an array, and rejects the others with place and reason': async (server) => {
      const readings = [{ sensorid: 'contract-mixed', value: 1 }, null, { sensorid: 'contract-mixed', value: 'abc' }];
      const response = await postJson(server, '/readings', readings);
      expect(response.status).toBe(202);
      expect(await response.json()).toMatchObject({
        accepted: 1,
        rejected: [
          { index: 1, reason: 'body must be a JSON object, but is null' },
          { index: 2, reason: expect.stringContaining('value') },
        ],
      });
    },
    'counts the readings that a later one of the request replaces, and the history has the later one': async (
      server,
    ) => {
      const reading = (value: number, timestamp?: string) => ({ sensorid: 'contract-twice', value, timestamp });
      const readings = [
        reading(1, at(0)),
        reading(2, at(0)),
        reading(2, at(0)),
        reading(3, at(1)),
        reading(4),
        reading(5),
      ];
      const response = await postJson(server, '/readings', readings);
      expect(await response.json()).toMatchObject({ accepted: 6, replaced: 1, rejected: [] });
      await eventually(async () => (await historyOf(server, '', 'contract-twice')).readings.length === 4);
      const values = (await historyOf(server, '?order=asc', 'contract-twice')).readings.map(({ value }) => value);
      expect(values).toEqual([2, 3, 4, 5]);
    },
    'takes NDJSON, and keeps the order of a sensor': async (server) => {
      const values = [5, 4, 3, 2, 1];
      const lines = values.map((value) => JSON.stringify({ sensorid: 'contract-lines', value, timestamp: at(0) }));
      const response = await postLines(server, `${lines.join('\n')}\nno JSON\n`);
      expect(response.status).toBe(202);
      expect(await response.json()).toMatchObject({ accepted: 5, rejected: [{ index: 5 }] });
      // Of the same sensor and time the last one stays.
      await eventually(async () => (await historyOf(server, '', 'contract-lines')).readings[0]?.value === 1);
    },
  },
  'POST /write': { 'takes line protocol, and says which lines are wrong': (server) => writesLines(server, '/write') },
  'POST /api/v2/write': {
    'takes line protocol, and says which lines are wrong': (server) => writesLines(server, '/api/v2/write'),
  },
  'GET /ping': {
    'tells clients of InfluxDB that the server is there': async (server) => {
      expect((await fetch(`${server.url}/ping`)).status).toBe(204);
    },
  },
  'GET /sensors/:sensorId/readings': {
    'has the newest first': async (server) => {
      const { readings } = await historyOf(server);
      expect(readings).toEqual(
        VALUES.map((value, minute) => ({ timestamp: at(minute), value, flags: ['far-past'] })).reverse(),
      );
    },
    'has a range, in the order that is asked for': async (server) => {
      const { readings } = await historyOf(server, `?from=${at(1)}&to=${at(3)}&order=asc`);
      expect(readings.map(({ value }) => value)).toEqual(VALUES.slice(1, 4));
    },
    'leads from page to page': async (server) => {
      const first = await historyOf(server, '?limit=3');
      expect(first.readings).toHaveLength(3);
      const second = await historyOf(server, `?limit=3&cursor=${encodeURIComponent(first.nextCursor ?? '')}`);
      expect([...first.readings, ...second.readings].map(({ value }) => value)).toEqual([...VALUES].reverse());
      expect(second.nextCursor).toBeUndefined();
    },
    'is compressed on request, and only then': async (server) => {
      const sensorid = `contract-${randomUUID()}`;
      const readings = Array.from({ length: 100 }, (_, n) => ({ sensorid, value: n, timestamp: at(n) }));
      expect((await postJson(server, '/readings', readings)).status).toBe(202);
      await eventually(async () => (await historyOf(server, '?limit=100', sensorid)).readings.length === 100);
      const url = `${server.url}/sensors/${sensorid}/readings?limit=100`;
      const plain = await getPacked(url, 'identity');
      const packed = await getPacked(url, 'gzip, deflate, br');
      expect([plain.encoding, packed.encoding]).toEqual([undefined, 'gzip']);
      expect(packed.bytes).toBeLessThan(plain.bytes / 4);
    },
    'has every reading of one millisecond, also of those that brought no time': async (server) => {
      const sensorid = `contract-${randomUUID()}`;
      const micros = [0, 200, 400, 600].map((n) => ({
        sensorid,
        value: n,
        timestamp: `2026-01-01T00:00:00.000${String(n).padStart(3, '0')}Z`,
        unit: 'V',
      }));
      const noTime = [1, 2, 3].map((value) => ({ sensorid, value }));
      expect((await postJson(server, '/readings', [...noTime, ...micros])).status).toBe(202);
      await eventually(async () => (await historyOf(server, '?limit=100', sensorid)).readings.length === 7);
      const first = await historyOf(server, '?limit=5&order=asc', sensorid);
      const second = await historyOf(server, `?limit=5&order=asc&cursor=${first.nextCursor}`, sensorid);
      expect([...first.readings, ...second.readings]).toMatchObject([
        { timestamp: '2026-01-01T00:00:00.000Z', value: 0, unit: 'V', flags: ['far-past'] },
        { timestamp: '2026-01-01T00:00:00.0002Z', value: 200 },
        { timestamp: '2026-01-01T00:00:00.0004Z', value: 400 },
        { timestamp: '2026-01-01T00:00:00.0006Z', value: 600, key: '2026-01-01T00:00:00.000Z6' },
        ...noTime.map(({ value }) => ({
          timestamp: expect.stringMatching(/^[\d-]{10}T[\d:]{8}\.\d{3}Z$/),
          value,
          flags: ['arrival-time'],
          key: expect.stringMatching(/Z#\d{56}$/),
        })),
      ]);
      const millisecond = '?from=2026-01-01T00:00:00.000Z&to=2026-01-01T00:00:00.000Z';
      expect((await historyOf(server, millisecond, sensorid)).readings).toHaveLength(4);
    },
    'is empty for a sensor that sent nothing': async (server) => {
      expect(await historyOf(server, '', 'contract-nobody')).toEqual({ sensorId: 'contract-nobody', readings: [] });
    },
  },
  'GET /sensors': {
    'lists the sensors in order, each with its latest reading': async (server) => {
      const { sensors } = await getJson<{ sensors: { sensorId: string }[] }>(server, '/sensors?limit=1000');
      expect(sensors.find(({ sensorId }) => sensorId === SENSOR)).toEqual({
        sensorId: SENSOR,
        count: VALUES.length,
        latest: { timestamp: at(VALUES.length - 1), value: VALUES.at(-1), flags: ['far-past'] },
      });
      const ids = sensors.map(({ sensorId }) => sensorId);
      expect(ids).toEqual([...ids].sort());
    },
  },
  'GET /archive': {
    'lists keys in order, by prefix, and page by page': async (server) => {
      const keys = await archiveKeys(server);
      expect(keys).toEqual([...keys].sort());
      const [first = ''] = keys;
      expect(first).toMatch(/^\d{4}-\d\d-\d\d\/\d+(-\d+)?\.shardId-\d{12}\.ndjson\.gz$/);
      const [day = ''] = first.split('/');
      expect(await archiveKeys(server, `?prefix=${day}`)).toEqual(expect.arrayContaining([first]));
      expect(await archiveKeys(server, '?prefix=1999')).toEqual([]);
      const paged = await keysByPages(
        (query) => getJson<ObjectsPage>(server, `/archive${query}`),
        ({ objects }) => objects.map(({ key }) => key),
      );
      expect(paged).toEqual(expect.arrayContaining(keys));
    },
  },
  'GET /archive/*': {
    'has every record as it was sent, a line each': async (server) => {
      const keys = await archiveKeys(server, '?limit=1000');
      const texts = await Promise.all(keys.map(async (key) => (await fetch(`${server.url}/archive/${key}`)).text()));
      const lines = texts.flatMap((text) => text.trimEnd().split('\n')).map((line) => parseArchiveLine(line));
      expect(lines).toContainEqual(expect.objectContaining({ raw: REJECTED.toString('base64') }));
      const records = lines.filter(({ partitionKey }) => partitionKey === SENSOR);
      expect(records).toHaveLength(VALUES.length);
      expect(lines.some(({ partitionKey }) => partitionKey === GIVEN_UP)).toBe(true);
    },
    'gives gzip to clients that take it, and NDJSON to others': async (server) => {
      const { objects } = await getJson<ObjectsPage>(server, '/archive?limit=1');
      const { key, size } = objects[0]!;
      const url = `${server.url}/archive/${key}`;
      expect(await getPacked(url, 'gzip')).toEqual({ encoding: 'gzip', bytes: size });
      expect((await getPacked(url, 'identity')).encoding).toBeUndefined();
      expect((await fetch(url)).headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    },
  },
  'GET /failures': {
    'lists what a consumer gave up': async (server) => {
      const { objects, more } = await getJson<ObjectsPage>(server, '/failures');
      expect(objects).toHaveLength(1);
      expect(objects[0]?.key).toMatch(/^aws\/lambda\/[0-9a-f-]{36}\/shardId-\d{12}\/\d{4}\//);
      expect(more).toBe(false);
      expect((await getJson<ObjectsPage>(server, '/failures?prefix=nothing')).objects).toEqual([]);
    },
  },
  'GET /failures/*': {
    'has the whole event, and why it was given up': async (server) => {
      const { objects } = await getJson<ObjectsPage>(server, '/failures');
      const failure = await getJson<{ payload: string }>(server, `/failures/${objects[0]?.key ?? ''}`);
      expect(failure).toMatchObject({
        requestContext: { condition: 'RetryAttemptsExhausted' },
        KinesisBatchInfo: { batchSize: 1 },
      });
      const { Records } = JSON.parse(failure.payload) as { Records: { kinesis: { partitionKey: string } }[] };
      expect(Records.map(({ kinesis }) => kinesis.partitionKey)).toEqual([GIVEN_UP]);
    },
  },
  'GET /quarantine': {
    'lists records that are no readings, with the reason, page by page': async (server) => {
      const { records } = await getJson<QuarantinePage>(server, '/quarantine');
      expect(records).toContainEqual(
        expect.objectContaining({
          reason: expect.stringContaining('UTF-8'),
          raw: REJECTED.toString('base64'),
          partitionKey: 'contract-rejected',
          bytes: REJECTED.length,
        }),
      );
      const paged = await keysByPages(
        (query) => getJson<QuarantinePage>(server, `/quarantine${query}`),
        (page) => page.records.map(({ key }) => key),
      );
      expect(paged).toEqual(expect.arrayContaining(records.map(({ key }) => key)));
    },
  },
  'GET /quarantine/*': {
    'has the bytes of a record, to be saved and not shown': async (server) => {
      const { records } = await getJson<QuarantinePage>(server, '/quarantine');
      const response = await fetch(`${server.url}/quarantine/${records[0]?.key ?? ''}`);
      expect(Buffer.from(await response.arrayBuffer())).toEqual(REJECTED);
      expect(response.headers.get('content-type')).toBe('application/octet-stream');
      expect(response.headers.get('content-disposition')).toBe('attachment');
    },
  },
  'GET /metrics/sensors/:sensorId': {
    'has the statistics of each minute': async (server) => {
      await eventually(async () => {
        const { statistics } = await getJson<{ statistics: object[] }>(server, `/metrics/sensors/${MEASURED}`);
        return statistics.length === 2;
      });
      expect(await getJson(server, `/metrics/sensors/${MEASURED}`)).toEqual({
        sensorId: MEASURED,
        statistics: [3, 1].map((value) => ({
          minute: expect.stringMatching(/:00\.000Z$/),
          ...{ sampleCount: 1, sum: value, minimum: value, maximum: value, average: value },
        })),
      });
    },
    'is empty for a sensor that sent nothing': async (server) => {
      expect(await getJson(server, '/metrics/sensors/contract-nobody')).toEqual({
        sensorId: 'contract-nobody',
        statistics: [],
      });
    },
  },
};
