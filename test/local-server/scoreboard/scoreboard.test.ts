import { afterEach, describe, expect, test } from '@jest/globals';
import { parseArchiveKey } from '../../../core/archive-key.ts';
import { Latency } from '../../../local-server/scoreboard/latency.ts';
import type { FleetState } from '../../../local-server/lab/fleet.ts';
import type { Score } from '../../../local-server/scoreboard/scoreboard.ts';
import { type EventFeed, watchEvents } from '../../support/event-feed.ts';
import { eventually } from '../../support/eventually.ts';
import { pipeline, type RunningServer, startServer } from '../../support/running-server.ts';

let server: RunningServer;
let feed: EventFeed | undefined;
afterEach(async () => {
  await feed?.close();
  feed = undefined;
  await server.close();
});

async function call<Body>(method: string, path: string, body?: object): Promise<Body> {
  const response = await fetch(server.url + path, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return (await response.json()) as Body;
}
const score = () => call<Score>('GET', '/scoreboard');
const fleet = () => call<FleetState>('GET', '/lab/fleet');
const start = (options: object = {}) =>
  call<FleetState & { detail: string }>('POST', '/lab/fleet', {
    rate: 2_000,
    durationSeconds: 0.25,
    seed: 7,
    ...options,
  });
const ended = () => eventually(async () => !(await fleet()).running);
const settled = () => eventually(async () => (await score()).pending === 0);

async function run(options: object = {}): Promise<{ score: Score; fleet: FleetState }> {
  await start(options);
  await ended();
  await settled();
  return { score: await score(), fleet: await fleet() };
}

/** One object of the archive is gone until the function is called that this returns. */
async function loseObject(): Promise<{ readonly lines: number; readonly bringBack: () => void }> {
  const { eventArchive } = server.services;
  const list = eventArchive.list.bind(eventArchive);
  const get = eventArchive.get.bind(eventArchive);
  const { objects } = await eventArchive.list({ limit: 1 });
  const { key } = objects[0]!;
  const text = await (await fetch(`${server.url}/archive/${key}`)).text();
  eventArchive.list = async (options) => {
    const page = await list(options);
    return { ...page, objects: page.objects.filter((object) => object.key !== key) };
  };
  eventArchive.get = async (wanted) => (wanted === key ? undefined : get(wanted));
  return { lines: text.trimEnd().split('\n').length, bringBack: () => Object.assign(eventArchive, { list, get }) };
}

describe('the scoreboard', () => {
  test('is empty before the first run', async () => {
    server = await startServer();
    expect(await score()).toMatchObject({ run: null, startedAt: null, sent: 0, lost: 0, latencyMillis: null });
    expect(await fleet()).toEqual({ running: false, run: null, options: null, counts: null, seconds: 0 });
  });

  test('of a fleet with faults shows everything where it belongs, and nothing lost', async () => {
    server = await startServer();
    const { score, fleet } = await run({ faults: 0.2, transport: 'kinesis' });
    const { byKind, total } = fleet.counts!;
    expect(fleet).toMatchObject({ running: false, options: { faults: 0.2, transport: 'kinesis', seed: 7 } });
    expect(total).toMatchObject({ sent: 500, accepted: 500 });
    for (const kind of ['bad', 'duplicate', 'late', 'out-of-order'] as const) {
      expect(byKind[kind].accepted).toBeGreaterThan(0);
    }
    expect(score).toEqual({
      run: fleet.run,
      startedAt: expect.any(String),
      sent: 500,
      accepted: 500,
      refused: 0,
      archived: 500,
      stored: 500 - byKind.bad.accepted - byKind.duplicate.accepted,
      quarantined: byKind.bad.accepted,
      pending: 0,
      givenUp: 0,
      lost: 0,
      missingInTable: 0,
      duplicatesDropped: byKind.duplicate.accepted,
      repeatsInArchive: 0,
      outOfOrder: 0,
      latencyMillis: { p50: expect.any(Number), p99: expect.any(Number) },
    });
  });

  test('counts what is refused at the door', async () => {
    server = await startServer();
    const { score, fleet } = await run({ faults: 0.2, transport: 'http' });
    expect(score.refused).toBe(fleet.counts!.byKind.bad.sent);
    expect(score).toMatchObject({ accepted: 500 - score.refused, quarantined: 0, lost: 0 });
  });

  test('knows its own run from the one before, and from what others send', async () => {
    server = await startServer();
    const first = await run({ seed: 1 });
    const others = Array.from({ length: 100 }, (_, value) => ({ sensorid: 'other', value, timestamp: value }));
    await call('POST', '/readings', others);
    const second = await run({ seed: 2, durationSeconds: 0.1 });
    expect(second.score.run).not.toBe(first.score.run);
    expect(second.score).toMatchObject({ accepted: 200, archived: 200, stored: 200, lost: 0 });
  });

  test('shows a loss: an object of the archive that is gone is as many lost records as it had', async () => {
    server = await startServer();
    const before = await run({ faults: 0.1, transport: 'kinesis' });
    const { lines, bringBack } = await loseObject();
    expect(await score()).toMatchObject({ lost: lines, archived: before.score.archived - lines });
    // It stays so, until the object is there again.
    expect(await score()).toMatchObject({ lost: lines });
    bringBack();
    expect(await score()).toEqual(before.score);
  });

  test('shows a loss: a put into the archive that is dropped', async () => {
    server = await startServer({ shards: 1 });
    const { eventArchive } = server.services;
    const put = eventArchive.put.bind(eventArchive);
    const dropped: string[] = [];
    eventArchive.put = async (key) => {
      dropped.push(key);
      eventArchive.put = put;
    };
    const { score } = await run();
    expect(dropped.map(parseArchiveKey)).toEqual([expect.objectContaining({ date: expect.any(String) })]);
    expect(score.lost).toBeGreaterThan(0);
    expect(score).toMatchObject({ accepted: 500, archived: 500 - score.lost, pending: 0 });
  });

  test('shows readings that are archived and that the table does not have', async () => {
    server = await startServer({ shards: 1 });
    const { sensorDataTable } = server.services;
    const put = sensorDataTable.put.bind(sensorDataTable);
    sensorDataTable.put = async () => {
      sensorDataTable.put = put;
      return { notTaken: [] };
    };
    const { score } = await run();
    expect(score.missingInTable).toBeGreaterThan(0);
    expect(score).toMatchObject({ lost: 0, archived: 500, stored: 500 - score.missingInTable });
  });

  test('has what was given up with the failure destination, not lost', async () => {
    server = await startServer({ shards: 1 });
    await call('POST', '/lab/faults', { target: 'table', fault: 'unavailable' });
    await start();
    await ended();
    await eventually(async () => (await score()).archived === 500);
    expect(await score()).toMatchObject({ pending: 500, stored: 0, lost: 0 });
    await call('POST', '/lab/clock', {
      advanceSeconds: pipeline.storeReadings.mapping.maximumRecordAgeInSeconds + 60,
    });
    await settled();
    expect(await score()).toMatchObject({ givenUp: 500, stored: 0, lost: 0, missingInTable: 0 });
  });

  test('counts the duplicates of producers, and the repeats of overlapping objects', async () => {
    server = await startServer({ shards: 1 });
    await call('POST', '/lab/faults', { target: 'stream', fault: 'duplicates', count: 20 });
    // The archive has taken the batch when the function is said to have failed: the halves come again.
    const { functions } = server.services;
    const invoke = functions.archiveEvents.invoke.bind(functions.archiveEvents);
    functions.archiveEvents.invoke = async (event) => {
      const result = await invoke(event);
      if ((event as { Records: object[] }).Records.length < 2) return result;
      functions.archiveEvents.invoke = invoke;
      return { ...result, functionError: 'Unhandled' };
    };
    const { score } = await run({ rate: 0, durationSeconds: 0.25, devices: 3 });
    expect(score).toMatchObject({ duplicatesDropped: 20, lost: 0, outOfOrder: 0 });
    expect(score.archived).toBe(score.accepted);
    expect(score.repeatsInArchive).toBeGreaterThan(0);
  });
});

describe('the fleet', () => {
  test('is told of as it runs, and so is its score', async () => {
    server = await startServer();
    feed = await watchEvents(server.url);
    const { status } = await fetch(`${server.url}/lab/fleet`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ rate: 200, devices: 5 }),
    });
    expect(status).toBe(201);
    expect((await start()).detail).toContain('A fleet is running');
    await eventually(() => feed!.of<Score>('scoreboard').some(({ stored }) => stored > 0));
    expect(feed.of<FleetState>('fleet')[0]).toMatchObject({ running: true, options: { rate: 200, devices: 5 } });
    const stopped = await call<FleetState>('DELETE', '/lab/fleet');
    expect(stopped).toMatchObject({ running: false });
    expect(stopped.counts!.total.accepted).toBe(stopped.counts!.total.sent);
    await eventually(() => {
      const last = feed!.of<Score>('scoreboard').at(-1);
      return last?.stored === stopped.counts!.total.sent && last.pending === 0;
    });
    await eventually(() => feed!.of<FleetState>('fleet').at(-1)?.running === false);
  });

  test('refuses options that no fleet can have', async () => {
    server = await startServer();
    for (const options of [{ devices: 0 }, { rate: -1 }, { faults: 2 }, { transport: 'pigeon' }]) {
      expect(await start(options)).toMatchObject({ status: 400 });
    }
    expect(await fleet()).toMatchObject({ running: false });
  });

  test('ends with the server', async () => {
    server = await startServer();
    await start({ durationSeconds: 0 });
    await server.close();
    expect(server.services.fleet.running).toBe(false);
  });
});

describe('the latency', () => {
  test('is measured from the stamp to the table, whichever is known first', async () => {
    server = await startServer();
    let now = 1_000;
    const latency = new Latency(() => now);
    latency.begin();
    const stored = (sequenceNumber: string) =>
      latency.stored([{ sensorId: 's', value: 1, timestamp: '', sequenceNumber, arrivedAt: 0 }]);
    expect(latency.percentiles()).toBeUndefined();
    latency.sent('1', 900);
    stored('1'); // 100 ms
    stored('2');
    latency.sent('2', 990); // 10 ms
    latency.sent('3', 1_000);
    now = 3_000;
    stored('3'); // 2 s
    const { p50, p99 } = latency.percentiles()!;
    expect(p50 / 100).toBeCloseTo(1, 1);
    expect(p99 / 2_000).toBeCloseTo(1, 1);
  });
});
