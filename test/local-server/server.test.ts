import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer, request } from 'node:http';
import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { parseArchiveLine } from '../../core/archive-line.ts';
import { StoreUnavailable } from '../../core/errors.ts';
import { noon } from '../support/record-factory.ts';
import { watchEvents } from '../support/event-feed.ts';
import { eventually } from '../support/eventually.ts';
import { pipeline, type RunningServer, startServer } from '../support/running-server.ts';

let server: RunningServer;
afterEach(() => server.close());

const getJson = async <Body>(path: string) => (await (await fetch(server.url + path)).json()) as Body;

async function putReading(reading: object): Promise<Response> {
  return fetch(`${server.url}/readings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(reading),
  });
}

async function putRaw(data: Uint8Array): Promise<void> {
  const client = new KinesisClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });
  await client.send(new PutRecordCommand({ StreamName: 'iot-SensorStream', PartitionKey: 'raw', Data: data }));
  client.destroy();
}

describe('what cannot be a reading', () => {
  test('comes in through Kinesis, is archived whole, and is kept in quarantine with its reason', async () => {
    server = await startServer();
    await putRaw(Buffer.from([0xff, 0x00]));
    await server.caughtUp();

    const { records } = await getJson<{ records: { reason: string; raw: string }[] }>('/quarantine');
    expect(records).toMatchObject([{ reason: expect.stringContaining('UTF-8'), raw: '/wA=' }]);
    const { objects } = await getJson<{ objects: { key: string }[] }>('/archive');
    const object = await fetch(`${server.url}/archive/${objects[0]?.key ?? ''}`);
    expect(object.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(parseArchiveLine((await object.text()).trimEnd())).toMatchObject({ partitionKey: 'raw', raw: '/wA=' });
  });
});

test('a large record is listed by its beginning, and read whole by its key; pages are bounded in bytes', async () => {
  server = await startServer();
  const large = Buffer.alloc(1_000_000, 'x');
  for (let n = 0; n < 10; n += 1) await putRaw(large);
  await server.caughtUp();

  const first = await fetch(`${server.url}/quarantine`);
  const text = await first.text();
  expect(text.length).toBeLessThan(100_000);
  const page = JSON.parse(text) as { records: { key: string; bytes: number; raw: string }[]; more: boolean };
  expect(page.more).toBe(true);
  expect(page.records).toHaveLength(8);
  const { key, bytes, raw } = page.records[7]!;
  expect(bytes).toBe(large.length);
  expect(Buffer.from(raw, 'base64')).toEqual(large.subarray(0, 4_096));
  const rest = await getJson<{ records: object[]; more: boolean }>(`/quarantine?after=${encodeURIComponent(key)}`);
  expect(rest).toMatchObject({ records: [{}, {}], more: false });

  const whole = await fetch(`${server.url}/quarantine/${key}`);
  expect(whole.headers.get('content-type')).toBe('application/octet-stream');
  expect(whole.headers.get('content-disposition')).toBe('attachment');
  expect(Buffer.from(await whole.arrayBuffer()).equals(large)).toBe(true);
  expect((await fetch(`${server.url}/quarantine/${key.slice(0, -1)}`)).status).toBe(404);
});

test('the state of the pipeline tells the load of the process', async () => {
  server = await startServer();
  const { process: load } = await getJson<{ process: Record<string, unknown> }>('/pipeline');
  expect(load).toMatchObject({
    rssBytes: expect.any(Number),
    heapUsedBytes: expect.any(Number),
    heapLimitBytes: expect.any(Number),
    eventLoopDelayMillis: { p50: expect.any(Number), p99: expect.any(Number), max: expect.any(Number) },
  });
});

test('the archive gives gzip to clients that take it, and NDJSON to those that do not', async () => {
  server = await startServer();
  await putReading({ sensorid: 'a', value: 1 });
  await server.caughtUp();
  const { objects } = await getJson<{ objects: { key: string; size: number }[] }>('/archive');
  const { key, size } = objects[0]!;
  const lengths = await Promise.all(
    ['gzip', 'identity'].map(
      (encoding) =>
        new Promise<{ encoding: string | undefined; bytes: number }>((resolve, reject) => {
          request(`${server.url}/archive/${key}`, { headers: { 'accept-encoding': encoding } }, (response) => {
            let bytes = 0;
            response.on('data', (chunk: Buffer) => (bytes += chunk.length));
            response.on('end', () => resolve({ encoding: response.headers['content-encoding'], bytes }));
          })
            .on('error', reject)
            .end();
        }),
    ),
  );
  expect(lengths[0]).toEqual({ encoding: 'gzip', bytes: size });
  expect(lengths[1]?.encoding).toBeUndefined();
  const missing = await fetch(`${server.url}/archive/2026-01-01/1.ndjson.gz`);
  expect(missing.status).toBe(404);
});

test('a sensor has statistics by the minute', async () => {
  server = await startServer();
  const now = new Date().toISOString();
  await putReading([{ sensorid: 'm', value: 1, timestamp: now }]);
  await putReading([{ sensorid: 'm', value: 3, timestamp: new Date(Date.parse(now) - 60_000).toISOString() }]);
  await server.caughtUp();
  const { statistics } = await getJson<{ statistics: { average: number }[] }>('/metrics/sensors/m');
  expect(statistics.map(({ average }) => average)).toEqual([3, 1]);
});

describe('the consumers', () => {
  test('are independent: with the table down, the archive goes on, and the readings come when it is back', async () => {
    server = await startServer();
    const { sensorDataTable } = server.services;
    const put = sensorDataTable.put.bind(sensorDataTable);
    sensorDataTable.put = () => Promise.reject(new StoreUnavailable('table', 'down for this test'));
    await putReading({ sensorid: 'a', value: 1 });

    await eventually(async () => (await getJson<{ objects: unknown[] }>('/archive')).objects.length === 1);
    const { mappings } = await server.services.monitor.state();
    expect(
      mappings.map(({ shards }) => shards.reduce((sum, { recordsBehind }) => sum + (recordsBehind ?? 0), 0)),
    ).toEqual([0, 1]);
    expect((await getJson<{ readings: unknown[] }>('/sensors/a/readings')).readings).toEqual([]);

    sensorDataTable.put = put;
    await server.caughtUp();
    expect((await getJson<{ readings: unknown[] }>('/sensors/a/readings')).readings).toHaveLength(1);
  });

  test('give up what fails for good, and keep it whole with the failure destination', async () => {
    server = await startServer({
      pipeline: {
        ...pipeline,
        storeReadings: {
          ...pipeline.storeReadings,
          mapping: { ...pipeline.storeReadings.mapping, maximumRetryAttempts: 0 },
        },
      },
    });
    server.services.sensorDataTable.put = () => Promise.reject(new TypeError('a bug'));
    await putReading({ sensorid: 'a', value: 1 });
    await server.caughtUp();

    const { objects } = await getJson<{ objects: { key: string }[] }>('/failures');
    expect(objects).toMatchObject([
      { key: expect.stringMatching(/^aws\/lambda\/[0-9a-f-]{36}\/shardId-\d{12}\/\d{4}\//) },
    ]);
    const failure = await getJson<{ payload: string }>(`/failures/${objects[0]?.key ?? ''}`);
    expect(failure).toMatchObject({
      version: '1.0',
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 1 },
      responseContext: { functionError: 'Unhandled' },
      KinesisBatchInfo: { batchSize: 1 },
    });
    const event = JSON.parse(failure.payload) as { Records: { kinesis: { data: string } }[] };
    expect(JSON.parse(Buffer.from(event.Records[0]!.kinesis.data, 'base64').toString())).toEqual({
      sensorid: 'a',
      value: 1,
    });
  });

  test('follow a shard that is split: the parent first, then the children', async () => {
    server = await startServer({ shards: 1 });
    const readings = (from: number) =>
      Array.from({ length: 50 }, (_, n) => ({ sensorid: `s${n}`, value: from + n, timestamp: noon }));
    await putReading(readings(0));
    server.services.lab!.split('shardId-000000000000');
    await putReading(readings(100));
    await eventually(async () =>
      (await server.services.monitor.state()).mappings.every(({ shards }) => shards.length === 3),
    );
    await server.caughtUp();
    const values = await Promise.all(
      readings(0).map(
        async ({ sensorid }) =>
          (await getJson<{ readings: { value: number }[] }>(`/sensors/${sensorid}/readings`)).readings,
      ),
    );
    expect(values.map(([reading]) => reading?.value)).toEqual(readings(100).map(({ value }) => value));
  });
});

describe('GET /events', () => {
  test('tells what is stored, archived and quarantined', async () => {
    server = await startServer();
    const controller = new AbortController();
    const response = await fetch(`${server.url}/events`, { signal: controller.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    let seen = '';
    const reading = (async () => {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) seen += chunk;
    })().catch(() => undefined);

    await putReading({ sensorid: 'watched', value: 1 });
    await putRaw(Buffer.from('no JSON'));
    await eventually(() =>
      ['stored', 'archived', 'quarantined', 'pipeline'].every((type) => seen.includes(`event: ${type}\n`)),
    );
    expect(seen).toContain('"sensorId":"watched"');
    controller.abort();
    await reading;
  });

  test('tells a new watcher where the pipeline stands, and goes on telling while a consumer is behind', async () => {
    server = await startServer({ shards: 1 });
    server.services.sensorDataTable.put = () => Promise.reject(new StoreUnavailable('table', 'down for this test'));
    await putReading({ sensorid: 'a', value: 1 });
    const feed = await watchEvents(server.url);
    const ages = () =>
      feed
        .of<{ mappings: { oldestRecordAgeMillis: number }[] }>('pipeline')
        .map(({ mappings }) => mappings[1]?.oldestRecordAgeMillis);
    await eventually(() => ages().length >= 3);
    expect(ages()).toEqual(ages().sort((a, b) => (a ?? 0) - (b ?? 0)));
    await feed.close();
  });

  test('ends when the server closes', async () => {
    server = await startServer();
    const response = await fetch(`${server.url}/events`);
    await server.close();
    await expect(response.text()).resolves.toContain('retry: 1000');
  });
});

describe('the door', () => {
  test('answers problem details for what is not there', async () => {
    server = await startServer();
    const response = await fetch(`${server.url}/nowhere`);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
    expect(await response.json()).toMatchObject({ status: 404, detail: expect.stringContaining('/docs') });
  });

  test('refuses names that are not this machine, against DNS rebinding', async () => {
    server = await startServer();
    const status = await new Promise((resolve, reject) => {
      request(`${server.url}/health`, { headers: { host: 'evil.example:3000' } }, (response) =>
        resolve(response.statusCode),
      )
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
  });

  test('serves the page with a strict policy, and the OpenAPI document', async () => {
    server = await startServer();
    const page = await fetch(server.url);
    const policy = page.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toContain('unsafe');
    const parts = [...(await page.text()).matchAll(/(?:href|src)="(\/console[^"]+)"/g)].map(([, path]) => path!);
    expect(parts).toEqual(['/console.css', '/console.js']);
    for (const path of parts) {
      const part = await fetch(server.url + path);
      expect(part.headers.get('content-encoding')).toBe('gzip');
      expect((await part.text()).length).toBeGreaterThan(1_000);
    }
    const document = await getJson<{ openapi: string; paths: Record<string, unknown> }>('/docs/json');
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/readings',
        '/sensors',
        '/sensors/{sensorId}/readings',
        '/archive',
        '/quarantine',
        '/pipeline',
        '/events',
        '/scoreboard',
        '/lab/fleet',
        '/lab/faults',
        '/lab/faults/{id}',
        '/lab/shards/{shardId}/split',
        '/lab/clock',
      ]),
    );
  });

  test('says who it is, and that it is well', async () => {
    server = await startServer({ stack: 'lab' });
    expect(await getJson('/health')).toMatchObject({ status: 'ok', stack: 'lab', adapters: 'memory' });
  });
});

test('with write limits on, what the stream does not take is answered with how to go on', async () => {
  server = await startServer({ shards: 1, writeLimits: true });
  const readings = Array.from({ length: 1_500 }, (_, n) => ({ sensorid: 's', value: n, timestamp: noon + n }));
  // Everything is taken in the end: the stream's own retries see to that.
  const response = await putReading(readings);
  expect(response.status).toBe(202);
  expect(((await response.json()) as { accepted: number }).accepted).toBe(1_500);
});

test('the port is free again after closing', async () => {
  server = await startServer();
  const { port } = new URL(server.url);
  await server.close();
  await new Promise<void>((resolve, reject) => {
    const other = createServer().on('error', reject);
    other.listen(Number(port), '127.0.0.1', () => other.close(() => resolve()));
  });
});
