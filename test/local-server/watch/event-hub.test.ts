import { expect, test } from '@jest/globals';
import { once } from 'node:events';
import { EventHub } from '../../../local-server/watch/event-hub.ts';

test('a watcher is sent what happens, in order', async () => {
  const hub = new EventHub();
  const feed = hub.subscribe().setEncoding('utf8');
  hub.publish('archived', { key: 'a' });
  hub.publish('archived', { key: 'b' });
  hub.close();
  let text = '';
  for await (const chunk of feed) text += chunk as string;
  expect(text).toBe('retry: 1000\n\nevent: archived\ndata: {"key":"a"}\n\nevent: archived\ndata: {"key":"b"}\n\n');
});

test('a watcher that does not read is told how much it missed, and costs bounded memory', async () => {
  const hub = new EventHub();
  const slow = hub.subscribe().setEncoding('utf8');
  const happened = 50_000;
  for (let n = 0; n < happened; n += 1) hub.publish('archived', { n });
  expect(slow.readableLength).toBeLessThan(1_000_000);

  let text = '';
  slow.on('data', (chunk: string) => (text += chunk));
  await once(slow, 'data');
  hub.publish('archived', { n: 'after' });
  hub.close();
  await once(slow, 'end');

  const seen = text.match(/event: archived/g)?.length ?? 0;
  const missed = [...text.matchAll(/event: missed\ndata: \{"count":(\d+)\}/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
  expect(seen).toBeLessThan(2_000);
  expect(seen + missed).toBe(happened + 1);
  expect(text.trimEnd().endsWith('data: {"n":"after"}')).toBe(true);
});

test('a watcher that goes away is forgotten', async () => {
  const hub = new EventHub();
  const feed = hub.subscribe();
  expect(hub.watched).toBe(true);
  feed.destroy();
  await once(feed, 'close');
  expect(hub.watched).toBe(false);
});
