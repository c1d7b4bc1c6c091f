import { expect, test } from '@jest/globals';
import { once } from 'node:events';
import { EventHub } from '../../../local-server/watch/event-hub.ts';
import { eventually } from '../../support/eventually.ts';
import { EventReader, type ServerSentEvent } from '../../support/server-sent-events.ts';

async function eventsOf(feed: AsyncIterable<unknown>): Promise<ServerSentEvent[]> {
  const reader = new EventReader();
  const events: ServerSentEvent[] = [];
  for await (const chunk of feed) events.push(...reader.read(chunk as Uint8Array));
  return events;
}

test('a watcher is sent what happens, in order', async () => {
  const hub = new EventHub();
  const feed = hub.subscribe();
  hub.publish('archived', { key: 'a' });
  hub.publish('archived', { key: 'b' });
  hub.close();
  expect((await eventsOf(feed)).map(({ type, data }) => [type, data])).toEqual([
    ['archived', { key: 'a' }],
    ['archived', { key: 'b' }],
  ]);
});

test('a watcher that does not read is told how much it missed, and costs bounded memory', async () => {
  const hub = new EventHub({ logBytes: 1_000_000 });
  const slow = hub.subscribe();
  const happened = 50_000;
  for (let n = 0; n < happened; n += 1) hub.publish('archived', { n });
  expect(slow.readableLength).toBeLessThan(100_000);

  hub.publish('archived', { n: 'after' });
  const reader = new EventReader();
  const events: ServerSentEvent[] = [];
  slow.on('data', (chunk: Uint8Array) => events.push(...reader.read(chunk)));
  await eventually(() => events.some(({ data }) => (data as { n?: unknown }).n === 'after'));
  const seen = events.filter(({ type }) => type === 'archived').length;
  const missed = events
    .filter(({ type }) => type === 'missed')
    .reduce((sum, { data }) => sum + (data as { count: number }).count, 0);
  expect(seen).toBeLessThan(5_000);
  expect(seen + missed).toBe(happened + 1);
  hub.close();
});

test('a watcher that goes away is forgotten', async () => {
  const hub = new EventHub();
  const feed = hub.subscribe();
  expect(hub.watched).toBe(true);
  feed.destroy();
  await once(feed, 'close');
  expect(hub.watched).toBe(false);
});

test('events are kept for a while after the last watcher has gone, and then only counted', async () => {
  const hub = new EventHub({ keepMillis: 1 });
  const first = hub.subscribe();
  const [{ id }] = (await firstOf(first, () => hub.publish('archived', { n: 0 }))) as [ServerSentEvent];
  first.destroy();
  await eventually(() => !hub.recording);
  hub.publish('archived', { n: 1 });
  const second = hub.subscribe({ lastEventId: id });
  hub.publish('archived', { n: 2 });
  hub.close();
  expect((await eventsOf(second)).map(({ type, data }) => [type, data])).toEqual([
    ['missed', { count: 1, reason: 'old', detail: expect.any(String) }],
    ['archived', { n: 2 }],
  ]);
});

test('a quiet feed says that it is alive', async () => {
  const hub = new EventHub({ heartbeatMillis: 1 });
  const feed = hub.subscribe();
  expect(await firstOf(feed, () => undefined)).toContainEqual({ id: expect.any(String), type: 'alive', data: {} });
  feed.destroy();
});

async function firstOf(feed: NodeJS.ReadableStream, act: () => void): Promise<readonly ServerSentEvent[]> {
  const reader = new EventReader();
  let events: readonly ServerSentEvent[] = [];
  feed.on('data', (chunk: Uint8Array) => (events = [...events, ...reader.read(chunk)]));
  act();
  await eventually(() => events.length > 0);
  return events;
}
