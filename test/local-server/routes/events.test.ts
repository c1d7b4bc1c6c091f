import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { eventually } from '../../support/eventually.ts';
import { watchEvents } from '../../support/event-feed.ts';
import { type RunningServer, startServer } from '../../support/running-server.ts';
import { EventReader, type ServerSentEvent } from '../../support/server-sent-events.ts';

let server: RunningServer;
beforeEach(async () => {
  server = await startServer({ maxWatchers: 3 });
});
afterEach(() => server.close());

const hub = () => server.services.eventHub;
const publish = (from: number, to: number) => {
  for (let n = from; n < to; n += 1) hub().publish('archived', { n, padding: 'x'.repeat(1_000) });
};
const archived = (events: readonly ServerSentEvent[]) =>
  events.flatMap(({ type, data }) => (type === 'archived' ? [(data as { n: number }).n] : []));

/** Reads a feed over a socket that can be cut anywhere. */
async function readUntil(head: string, reader: EventReader, enough: (events: readonly ServerSentEvent[]) => boolean) {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  // HTTP/1.0 answers come without chunks.
  socket.write(`${head} HTTP/1.0\r\nhost: localhost\r\n`);
  if (reader.lastEventId !== '' && !head.includes('lastEventId')) {
    socket.write(`last-event-id: ${reader.lastEventId}\r\n`);
  }
  socket.write('\r\n');
  const events: ServerSentEvent[] = [];
  let isHead = true;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    let body = chunk;
    if (isHead) {
      const end = chunk.indexOf('\r\n\r\n');
      if (end < 0) continue;
      isHead = false;
      body = chunk.subarray(end + 4);
    }
    events.push(...reader.read(body));
    if (enough(events)) break;
  }
  socket.destroy();
  return events;
}

describe.each([
  ['the header Last-Event-ID', () => 'GET /events'],
  ['the parameter lastEventId', (id: string) => `GET /events?lastEventId=${id}`],
])('a client that was cut off and comes back with %s', (_name, head) => {
  test('sees each event once, however often it is cut', async () => {
    const events: ServerSentEvent[] = [];
    let reader = new EventReader();
    let published = 0;
    while (published < 2_000) {
      const reading = readUntil(head(reader.lastEventId), reader, (now) => archived(now).length >= 50);
      await eventually(() => hub().watched);
      publish(published, (published += 200));
      events.push(...(await reading));
      const { lastEventId } = reader;
      reader = new EventReader();
      reader.lastEventId = lastEventId;
    }
    publish(published, (published += 1));
    events.push(...(await readUntil(head(reader.lastEventId), reader, (now) => archived(now).includes(published - 1))));
    expect(archived(events)).toEqual(Array.from({ length: published }, (_, n) => n));
    expect(events.filter(({ type }) => type === 'missed')).toEqual([]);
  });

  test('is told that it missed what a restarted server cannot know', async () => {
    const feed = await watchEvents(server.url);
    await eventually(() => feed.lastEventId !== '');
    const id = feed.lastEventId;
    await feed.close();
    await server.close();
    server = await startServer();
    const reader = new EventReader();
    reader.lastEventId = id;
    const [first] = await readUntil(head(id), reader, (now) => now.length > 0);
    expect(first).toMatchObject({ type: 'missed', data: { count: null, reason: 'restarted' } });
  });
});

test('filters by type and by sensor', async () => {
  const feed = await watchEvents(server.url, '?types=stored,quarantined&sensor=a');
  await fetch(`${server.url}/readings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([
      { sensorid: 'a', value: 1 },
      { sensorid: 'b', value: 2 },
    ]),
  });
  await server.caughtUp();
  await eventually(() => feed.of('stored').length > 0);
  expect(feed.of('stored')).toMatchObject([{ readings: [{ sensorId: 'a', value: 1 }] }]);
  expect(feed.of('archived')).toEqual([]);
  await feed.close();
});

test.each([
  ['types=storde', 'types', /'storde', which is not a type of event; the types are stored, archived, /],
  ['sensor=', 'sensor', /is empty/],
  ['type=stored', 'type', /takes types, sensor, lastEventId/],
])('?%s is rejected', async (query, field, words) => {
  const answer = await fetch(`${server.url}/events?${query}`);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ field, detail: expect.stringMatching(words) });
});

test('turns watchers away that are too many, in words, and takes them when there is room', async () => {
  const feeds = await Promise.all(Array.from({ length: 3 }, () => watchEvents(server.url)));
  const answer = await fetch(`${server.url}/events`);
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('--max-watchers') });
  await feeds[0]!.close();
  await eventually(() => !hub().full);
  feeds[0] = await watchEvents(server.url);
  await Promise.all(feeds.map((feed) => feed.close()));
});

test('a watcher that never reads holds up nobody and fills no memory', async () => {
  const stuck = connect(Number(new URL(server.url).port), '127.0.0.1');
  stuck.write('GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n');
  stuck.pause();
  await eventually(() => hub().watched);
  const feed = await watchEvents(server.url);
  for (let n = 0; n < 12_000; n += 2_000) {
    publish(n, n + 2_000);
    await eventually(() => feed.of('archived').length === n + 2_000);
  }
  expect(hub().bytes).toBeLessThanOrEqual(8 * 1_048_576);
  stuck.destroy();
  await feed.close();
});

test('HTTP/2: resumes, and tells proxies to pass on each event as it is', async () => {
  const session = connectHttp2(server.url);
  const first = session.request({ ':path': '/events' });
  const [headers] = (await once(first, 'response')) as [Record<string, string>];
  expect(headers).toMatchObject({ 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' });
  const reader = new EventReader();
  const [chunk] = (await once(first, 'data')) as [Uint8Array];
  reader.read(chunk);
  first.close();
  publish(0, 5);
  const second = session.request({ ':path': '/events', 'last-event-id': reader.lastEventId });
  const events: ServerSentEvent[] = [];
  second.on('data', (more: Uint8Array) => events.push(...reader.read(more)));
  await eventually(() => archived(events).length === 5);
  session.destroy();
});
