import { afterEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { buildApp } from '../../local-server/app.ts';
import { memoryContainer } from '../../local-server/memory-container.ts';
import { appServices } from '../../local-server/module.ts';
import { catalogue } from '../../local-server/lab/catalogue.ts';
import { MAX_ACTIVE_FAULTS } from '../../local-server/lab/faults.ts';
import { type EventFeed, watchEvents } from '../support/event-feed.ts';
import { eventually } from '../support/eventually.ts';
import { pipeline, type RunningServer, startServer } from '../support/running-server.ts';

let server: RunningServer;
let feed: EventFeed | undefined;
afterEach(async () => {
  await feed?.close();
  feed = undefined;
  await server.close();
});

interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}
async function call<Body>(
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Answer<Body>> {
  const response = await fetch(server.url + path, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Body };
}
interface Fault {
  readonly id: string;
  readonly struck: number;
  readonly remaining?: number;
  readonly detail: string;
  readonly field: string;
}
const inject = async (fault: object) => (await call<Fault>('POST', '/lab/faults', fault)).body;
const activeFaults = async () => (await call<{ faults: Fault[] }>('GET', '/lab/faults')).body.faults;
const removeFaults = () => call('DELETE', '/lab/faults');
const advance = (advanceSeconds: number) => call<{ now: string }>('POST', '/lab/clock', { advanceSeconds });
const put = (readings: object) =>
  call<{ accepted: number; records: { sequenceNumber: string; shardId: string }[] }>('POST', '/readings', readings);
const values = async (sensor: string) =>
  (
    await call<{ readings: { value: number }[] }>('GET', `/sensors/${sensor}/readings?order=asc&limit=1000`)
  ).body.readings.map(({ value }) => value);
const objects = async (path: string) =>
  (await call<{ objects: { key: string }[] }>('GET', path)).body.objects.map(({ key }) => key);
const archivedLines = async () => {
  const texts = await Promise.all(
    (await objects('/archive')).map(async (key) => (await fetch(`${server.url}/archive/${key}`)).text()),
  );
  return texts.flatMap((text) => text.trimEnd().split('\n'));
};
const series = (count: number, sensorid = 's') =>
  Array.from({ length: count }, (_, value) => ({ sensorid, value, timestamp: 1_700_000_000_000 + value }));

/** What each consumer has not done: the archiver, then the one that stores. */
async function behind(): Promise<number[]> {
  const { mappings } = await server.services.monitor.state();
  return mappings.map(({ shards }) => shards.reduce((sum, { recordsBehind }) => sum + (recordsBehind ?? 0), 0));
}
async function oldestAges(): Promise<(number | null)[]> {
  return (await server.services.monitor.state()).mappings.map(({ oldestRecordAgeMillis }) => oldestRecordAgeMillis);
}

interface Invocation {
  readonly mapping: string;
  readonly records: number;
  readonly firstSequenceNumber: string;
  readonly attempts: { readonly invocations: number };
  readonly decision: { readonly type: string; readonly leftCount?: number };
}
const invocationsOf = (mapping: string) =>
  feed!.of<Invocation>('invocation').filter((invocation) => invocation.mapping === mapping);
const storer = 'iot-IoTDDBEventProcessor';
const archiver = 'iot-IoTS3EventProcessor';

describe('faults of the stores', () => {
  test('a throttled table holds up the consumer that stores, and only that one, until it recovers', async () => {
    server = await startServer({ shards: 1 });
    feed = await watchEvents(server.url);
    await inject({ target: 'table', fault: 'throttled' });
    await put(series(8));

    await eventually(() => invocationsOf(storer).some(({ decision }) => decision.type === 'retry'));
    await eventually(async () => (await behind())[0] === 0 && ((await oldestAges())[1] ?? 0) > 0);
    expect((await behind())[1]).toBeGreaterThan(0);
    expect((await oldestAges())[0]).toBe(0);
    expect(await archivedLines()).toHaveLength(8);
    // It took the first half of what it was sent.
    expect((await values('s')).slice(0, 4)).toEqual([0, 1, 2, 3]);

    await removeFaults();
    await server.caughtUp();
    expect(await values('s')).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await oldestAges()).toEqual([0, 0]);
    expect(invocationsOf(archiver).every(({ decision }) => decision.type === 'advance')).toBe(true);
  });

  test('an archive that fails so many times is tried until it takes the batch', async () => {
    server = await startServer({ shards: 1 });
    const { id } = await inject({ target: 'archive', fault: 'unavailable', count: 2 });
    expect(await activeFaults()).toMatchObject([{ id, struck: 0, remaining: 2 }]);
    await put(series(3));
    await server.caughtUp();
    expect(await archivedLines()).toHaveLength(3);
    expect(await activeFaults()).toEqual([]);
    const [archiving] = (await server.services.monitor.state()).mappings;
    expect(archiving).toMatchObject({ retries: 2, bisections: 0 });
  });

  test('a quarantine that fails loses nothing that it has to keep', async () => {
    server = await startServer({ shards: 1 });
    await inject({ target: 'quarantine', fault: 'unavailable', count: 1 });
    await server.services.eventStream.put([{ partitionKey: 's', data: Buffer.from('no JSON') }]);
    await server.caughtUp();
    const { body } = await call<{ records: object[] }>('GET', '/quarantine');
    expect(body.records).toHaveLength(1);
    expect((await server.services.monitor.state()).mappings[1]).toMatchObject({ retries: 1 });
  });

  test('metrics that fail hold up nobody', async () => {
    server = await startServer({ shards: 1 });
    await inject({ target: 'metrics', fault: 'unavailable', count: 1 });
    await put([{ sensorid: 'm', value: 1 }]);
    await server.caughtUp();
    expect(await values('m')).toEqual([1]);
    expect(await activeFaults()).toEqual([]);
    expect((await server.services.monitor.state()).mappings[1]).toMatchObject({ retries: 0, errors: 0 });
    expect((await call<{ statistics: object[] }>('GET', '/metrics/sensors/m')).body.statistics).toEqual([]);
  });
});

describe('faults of the functions', () => {
  test('a function that crashes has its batch cut in halves, the left one first, and everything is done', async () => {
    server = await startServer({ shards: 1 });
    feed = await watchEvents(server.url);
    await inject({ target: 'archive-events', fault: 'crash', count: 1 });
    await put(series(4));
    await server.caughtUp();
    await eventually(() => invocationsOf(archiver).length > 0);
    expect(invocationsOf(archiver)[0]).toMatchObject({ records: 4, decision: { type: 'bisect', leftCount: 2 } });
    expect(await archivedLines()).toHaveLength(4);
    expect(await objects('/archive')).toHaveLength(2);
    expect(await values('s')).toEqual([0, 1, 2, 3]);
  });

  test('a slow consumer holds up itself, and goes on when the fault is removed', async () => {
    server = await startServer({ shards: 1 });
    await inject({ target: 'store-readings', fault: 'slow', delayMillis: 100_000 });
    await put(series(2));
    await eventually(async () => (await behind())[0] === 0);
    expect(await behind()).toEqual([0, 2]);
    expect((await server.services.monitor.state()).mappings[1]?.shards[0]?.lanes[0]).toMatchObject({ inFlight: 2 });
    expect(await values('s')).toEqual([]);

    await removeFaults();
    await server.caughtUp();
    expect(await values('s')).toEqual([0, 1]);
  });

  test('a function without concurrency is not run, spends no retry for it, and gets everything when it has some again', async () => {
    server = await startServer({ shards: 1 });
    feed = await watchEvents(server.url);
    const mappingOf = async () => (await server.services.monitor.state()).mappings[1]!;
    // One failure would be the last.
    await call('PATCH', `/lab/mappings/${storer}`, { maximumRetryAttempts: 0, bisectBatchOnFunctionError: false });
    await eventually(async () => (await mappingOf()).state === 'Enabled');
    const { id } = await inject({ target: 'store-readings', fault: 'throttle' });
    await put(series(4));

    await eventually(async () => (await mappingOf()).throttles >= 3);
    expect(await mappingOf()).toMatchObject({
      invocations: 0,
      errors: 0,
      bisections: 0,
      givenUpRecords: 0,
      records: 0,
    });
    const refused = invocationsOf(storer);
    expect(refused.map(({ attempts }) => attempts)).toEqual(
      refused.map((_, refusals) => ({ failures: 0, invocations: 0, refusals })),
    );
    await eventually(async () => (await behind())[0] === 0); // The other consumer is not throttled.
    expect(await values('s')).toEqual([]);

    await call('DELETE', `/lab/faults/${id}`);
    await server.caughtUp();
    expect(await values('s')).toEqual([0, 1, 2, 3]);
    expect(await mappingOf()).toMatchObject({ invocations: 1, errors: 0, givenUpRecords: 0, records: 4 });
  });

  test('a function that stays without concurrency loses its records to the failure destination by their age alone', async () => {
    server = await startServer({ shards: 1 });
    await inject({ target: 'store-readings', fault: 'throttle' });
    await put(series(2));
    await eventually(async () => (await server.services.monitor.state()).mappings[1]!.throttles > 0);
    await advance(pipeline.storeReadings.mapping.maximumRecordAgeInSeconds + 60);
    await eventually(async () => (await objects('/failures')).length > 0);
    const [key] = await objects('/failures');
    const failure = (await call<object>('GET', `/failures/${key}`)).body;
    expect(failure).toMatchObject({
      requestContext: { condition: 'RecordAgeExceeded', approximateInvokeCount: 1 },
      KinesisBatchInfo: { batchSize: 2 },
    });
    expect(failure).not.toHaveProperty('responseContext');
  });

  test('a server closes though a store is slow', async () => {
    server = await startServer({ shards: 1 });
    await inject({ target: 'table', fault: 'slow', delayMillis: 100_000 });
    await put(series(1));
    await eventually(async () => (await activeFaults())[0]?.struck === 1);
    await server.close();
    expect(
      (await server.services.sensorDataTable.query({ sensorId: 's', order: 'asc', limit: 1 })).readings,
    ).toHaveLength(1);
  });
});

describe('a poison record', () => {
  const withRetries = (maximumRetryAttempts: number) => ({
    ...pipeline,
    storeReadings: {
      ...pipeline.storeReadings,
      mapping: { ...pipeline.storeReadings.mapping, maximumRetryAttempts },
    },
  });

  test('is found by bisection, given up alone, and leaves its neighbours unharmed', async () => {
    server = await startServer({ shards: 1, pipeline: withRetries(1) });
    feed = await watchEvents(server.url);
    await inject({ target: 'stream', fault: 'poison' });
    await server.caughtUp();

    await eventually(() => feed!.of('gave-up').length > 0);
    const bisections = invocationsOf(storer).filter(({ decision }) => decision.type === 'bisect');
    expect(bisections.map(({ records }) => records)).toEqual([8, 4, 2]);
    expect(await values('lab-poison')).toEqual([0, 1, 2, 4, 5, 6, 7]);
    expect(await archivedLines()).toHaveLength(8);

    const [gaveUp] = feed.of('gave-up');
    expect(gaveUp).toMatchObject({ mapping: storer, condition: 'RetryAttemptsExhausted', records: 1 });
    expect(await objects('/failures')).toEqual([gaveUp!.key]);
    const failure = await call<{ payload: string }>('GET', `/failures/${String(gaveUp!.key)}`);
    const [record] = (JSON.parse(failure.body.payload) as { Records: { kinesis: { data: string } }[] }).Records;
    expect(JSON.parse(Buffer.from(record!.kinesis.data, 'base64').toString())).toMatchObject({ value: 3 });
  });

  test('that is cured goes through with those that waited behind it', async () => {
    server = await startServer({ shards: 1 });
    feed = await watchEvents(server.url);
    const { id } = await inject({ target: 'stream', fault: 'poison', function: 'archive-events', neighbours: 3 });
    await eventually(() =>
      invocationsOf(archiver).some(({ records, decision }) => records === 1 && decision.type === 'retry'),
    );
    // The other consumer does not mind.
    await eventually(async () => (await behind())[1] === 0);
    expect(await values('lab-poison')).toEqual([0, 1, 2, 3]);
    expect((await behind())[0]).toBeGreaterThan(0);

    expect((await call('DELETE', `/lab/faults/${id}`)).status).toBe(200);
    await server.caughtUp();
    expect(await archivedLines()).toHaveLength(4);
    expect(await objects('/failures')).toEqual([]);
  });

  test('with a count is poison so often', async () => {
    server = await startServer({ shards: 1 });
    await inject({ target: 'stream', fault: 'poison', neighbours: 0, count: 2 });
    await server.caughtUp();
    expect(await values('lab-poison')).toEqual([0]);
    expect((await server.services.monitor.state()).mappings[1]).toMatchObject({ errors: 2, retries: 2 });
  });
});

describe('the stream', () => {
  test('with a producer that sends twice has every record twice, and the table each reading once', async () => {
    server = await startServer({ shards: 1 });
    await inject({ target: 'stream', fault: 'duplicates', count: 2 });
    const { body } = await put(series(3));
    await server.caughtUp();
    const lines = (await archivedLines()).map(
      (line) => JSON.parse(line) as { sequenceNumber: string; data: { value: number } },
    );
    expect(lines.map(({ data }) => data.value)).toEqual([0, 1, 2, 0, 1]);
    expect(new Set(lines.map(({ sequenceNumber }) => sequenceNumber)).size).toBe(5);
    // The producer knows the numbers of the second time.
    expect(body.records.map(({ sequenceNumber }) => sequenceNumber)).toEqual(
      [3, 4, 2].map((index) => lines[index]!.sequenceNumber),
    );
    expect(await values('s')).toEqual([0, 1, 2]);
  });

  test('takes what comes after a split into two shards, and keeps the order of each device', async () => {
    server = await startServer({ shards: 1 });
    const devices = Array.from({ length: 20 }, (_, device) => `d${device}`);
    const round = (value: number) => devices.map((sensorid) => ({ sensorid, value, timestamp: 1_700_000_000_000 }));
    await put(round(1));
    const { body } = await call<{ shards: { shardId: string; parentShardIds: string[] }[] }>(
      'POST',
      '/lab/shards/shardId-000000000000/split',
    );
    expect(body.shards).toMatchObject([
      { parentShardIds: ['shardId-000000000000'] },
      { parentShardIds: ['shardId-000000000000'] },
    ]);
    const { records } = (await put(round(2))).body;
    expect(new Set(records.map(({ shardId }) => shardId))).toEqual(new Set(body.shards.map(({ shardId }) => shardId)));
    await eventually(async () =>
      (await server.services.monitor.state()).mappings.every(({ shards }) => shards.length === 3),
    );
    await server.caughtUp();
    for (const device of devices) expect(await values(device)).toEqual([2]);

    expect((await call('POST', '/lab/shards/shardId-000000000000/split')).status).toBe(400);
    expect((await call('POST', '/lab/shards/nowhere/split')).status).toBe(400);
  });
});

describe('a merge', () => {
  test('lets one shard take what two took, and keeps the order of each device', async () => {
    server = await startServer({ shards: 2 });
    const [left, right] = ['shardId-000000000000', 'shardId-000000000001'];
    const devices = Array.from({ length: 20 }, (_, device) => `d${device}`);
    const round = (value: number) => devices.map((sensorid) => ({ sensorid, value, timestamp: 1_700_000_000_000 }));
    await put(round(1));
    const { body } = await call<{ shard: { shardId: string; parentShardIds: string[] } }>(
      'POST',
      `/lab/shards/${left}/merge`,
      { adjacentShardId: right },
    );
    expect(body.shard).toMatchObject({ shardId: 'shardId-000000000002', parentShardIds: [left, right] });
    const { records } = (await put(round(2))).body;
    expect(new Set(records.map(({ shardId }) => shardId))).toEqual(new Set([body.shard.shardId]));
    await eventually(async () =>
      (await server.services.monitor.state()).mappings.every(({ shards }) => shards.length === 3),
    );
    await server.caughtUp();
    for (const device of devices) expect(await values(device)).toEqual([2]);

    for (const [shard, adjacentShardId] of [
      [left, right],
      [body.shard.shardId, body.shard.shardId],
      ['nowhere', left],
    ]) {
      expect((await call('POST', `/lab/shards/${shard}/merge`, { adjacentShardId })).status).toBe(400);
    }
    expect((await call('POST', `/lab/shards/${body.shard.shardId}/merge`, {})).status).toBe(400);
  });
});

describe('the clock', () => {
  test('moved over midnight files what comes then under the next day', async () => {
    server = await startServer({ shards: 1 });
    feed = await watchEvents(server.url);
    const today = new Date().toISOString().slice(0, 10);
    await put(series(1));
    await server.caughtUp();
    const midnight = Date.parse(`${today}T00:00:00Z`) + 24 * 60 * 60 * 1_000;
    const { body } = await advance((midnight - Date.now()) / 1_000 + 60);
    const tomorrow = new Date(midnight).toISOString().slice(0, 10);
    expect(body.now.slice(0, 10)).toBe(tomorrow);
    await put(series(1));
    await server.caughtUp();
    expect((await objects('/archive')).map((key) => key.slice(0, 10))).toEqual([today, tomorrow]);
    await eventually(() => feed!.of('clock').length === 1);
    expect(feed.of('clock')[0]).toMatchObject({ offsetMillis: expect.any(Number), now: expect.any(String) });
  });

  test('moved over the record age has what is stuck go to the failure destination, at once', async () => {
    server = await startServer({ shards: 1 });
    feed = await watchEvents(server.url);
    await inject({ target: 'table', fault: 'unavailable' });
    await put(series(3));
    await eventually(() => invocationsOf(storer).some(({ decision }) => decision.type === 'retry'));
    await advance(pipeline.storeReadings.mapping.maximumRecordAgeInSeconds + 60);
    await server.caughtUp();
    await eventually(() => feed!.of('gave-up').length > 0);
    expect(feed.of('gave-up')).toMatchObject([{ mapping: storer, condition: 'RecordAgeExceeded', records: 3 }]);
    expect(await objects('/failures')).toHaveLength(1);
    expect(await archivedLines()).toHaveLength(3);
    expect(await values('s')).toEqual([]);
  });

  test('ends faults whose time is over', async () => {
    server = await startServer({ shards: 1 });
    feed = await watchEvents(server.url);
    await inject({ target: 'table', fault: 'unavailable', seconds: 3_600 });
    await put(series(1));
    await eventually(() =>
      feed!.of<{ faults: Fault[] }>('faults').some(({ faults }) => faults[0]?.struck !== undefined),
    );
    expect(await activeFaults()).toMatchObject([{ endsAt: expect.any(String) }]);
    await advance(3_601);
    expect(await activeFaults()).toEqual([]);
    await server.caughtUp();
    expect(await values('s')).toEqual([0]);
    await eventually(() => feed!.of<{ faults: Fault[] }>('faults').at(-1)?.faults.length === 0);
  });

  test('cannot be moved back', async () => {
    server = await startServer({ shards: 1 });
    for (const seconds of [-1, 0, 1e12]) expect((await advance(seconds)).status).toBe(400);
    expect((await call('GET', '/lab/clock')).body).toMatchObject({ offsetMillis: 0 });
  });
});

describe('the door of the lab', () => {
  test('names what can be injected, with the rule and where AWS documents it', async () => {
    server = await startServer({ shards: 1 });
    const { body } = await call<{ catalogue: { source: string }[] }>('GET', '/lab/faults');
    expect(body.catalogue).toEqual(catalogue);
    for (const { source } of body.catalogue) expect(source).toMatch(/^https:\/\/docs\.aws\.amazon\.com\//);
  });

  test.each([
    [{ target: 'metrics', fault: 'slow' }, 'there is no slow for metrics'],
    [{ target: 'table', fault: 'throttled', delayMillis: 5 }, 'delayMillis'],
    [{ target: 'table', fault: 'throttled', function: 'archive-events' }, 'function'],
    [{ target: 'table', fault: 'throttled', neighbours: 5 }, 'neighbours'],
    [{ target: 'table', fault: 'throttled', count: 0 }, 'count'],
    [{ target: 'moon', fault: 'slow' }, 'target'],
    [{}, 'target'],
  ])('refuses the fault %j with a reason', async (fault, reason) => {
    server = await startServer({ shards: 1 });
    const { status, body } = await call<Fault>('POST', '/lab/faults', fault);
    expect(status).toBe(400);
    expect(body.detail).toContain(reason);
    expect(await activeFaults()).toEqual([]);
  });

  test('takes a hundred faults at a time, and says what to do then', async () => {
    server = await startServer({ shards: 1 });
    const fault = { target: 'table', fault: 'slow' };
    for (let n = 0; n < MAX_ACTIVE_FAULTS; n += 1) await inject(fault);
    const refused = await call<Fault>('POST', '/lab/faults', { target: 'stream', fault: 'poison' });
    expect(refused.status).toBe(400);
    expect(refused.body.detail).toContain('100 faults are active');
    expect(refused.body.detail).toContain('DELETE /lab/faults');
    expect((await server.services.monitor.state()).stream.shards).toMatchObject([{ recordsPut: 0 }]);

    const [first] = await activeFaults();
    await call('DELETE', `/lab/faults/${first!.id}`);
    expect((await call('POST', '/lab/faults', fault)).status).toBe(201);
    // What is over makes room by itself.
    await removeFaults();
    for (let n = 0; n < MAX_ACTIVE_FAULTS; n += 1) await inject({ ...fault, seconds: 60 });
    await advance(61);
    expect((await call('POST', '/lab/faults', fault)).status).toBe(201);
  });

  test('knows no fault that is not at work', async () => {
    server = await startServer({ shards: 1 });
    expect((await call('DELETE', '/lab/faults/17')).status).toBe(404);
  });

  test('refuses what a page from elsewhere has a browser send', async () => {
    server = await startServer({ shards: 1 });
    const split = (origin: string) => call('POST', '/lab/shards/shardId-000000000000/split', undefined, { origin });
    expect((await split('https://evil.example')).status).toBe(403);
    expect((await split(server.url)).status).toBe(200);
  });

  /** Another server on this machine that takes itself for one on `host`; answers the status and the detail. */
  const elsewhere = async (host: string, changed: object = {}) => {
    server = await startServer({ shards: 1 });
    const log = pino({ level: 'silent' });
    const options = { stack: 'iot', shards: 1, retentionHours: 1, retentionMiB: 1, writeLimits: false, log };
    const services = appServices(memoryContainer(options));
    const app = await buildApp({ ...services, ...changed }, { host, retentionHours: 1, logger: log });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const ask = async (method: string, path: string) => {
      const body = method === 'POST' && { body: JSON.stringify(payloads[path] ?? {}) };
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url + path, { method, ...(body && { ...body, headers }) });
      return { status: response.status, ...((await response.json()) as { detail?: string }) };
    };
    return { app, ask };
  };
  const routes = [
    ['GET', '/lab/faults'],
    ['POST', '/lab/faults'],
    ['DELETE', '/lab/faults'],
    ['DELETE', '/lab/faults/1'],
    ['POST', '/lab/shards/shardId-000000000000/split'],
    ['POST', '/lab/shards/shardId-000000000000/merge'],
    ['GET', '/lab/clock'],
    ['POST', '/lab/clock'],
    ['GET', '/lab/fleet'],
    ['POST', '/lab/fleet'],
    ['DELETE', '/lab/fleet'],
  ] as const;
  const payloads: Record<string, object> = {
    '/lab/faults': { target: 'table', fault: 'slow' },
    '/lab/clock': { advanceSeconds: 1 },
    '/lab/shards/shardId-000000000000/merge': { adjacentShardId: 'shardId-000000000001' },
    '/lab/fleet': {},
  };

  test('is closed where other machines can reach the server', async () => {
    const { app, ask } = await elsewhere('0.0.0.0');
    for (const [method, path] of routes) {
      expect([path, await ask(method, path)]).toMatchObject([
        path,
        { status: 403, detail: expect.stringContaining('reached from other machines') },
      ]);
    }
    await app.close();
  });

  test('has no faults, no clock and no split for a deployed stack', async () => {
    const { app, ask } = await elsewhere('127.0.0.1', { lab: undefined, sensorDirectory: undefined });
    for (const [method, path] of routes.slice(0, 8)) {
      expect([path, await ask(method, path)]).toMatchObject([path, { status: 501 }]);
    }
    expect(await ask('GET', '/lab/fleet')).toMatchObject({ status: 200, running: false });
    expect(await ask('GET', '/sensors')).toMatchObject({ status: 501 });
    await app.close();
  });
});
