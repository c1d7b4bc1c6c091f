import { afterEach, expect, test } from '@jest/globals';
import { StoreUnavailable } from '../../../core/errors.ts';
import { type EventFeed, watchEvents } from '../../support/event-feed.ts';
import { eventually } from '../../support/eventually.ts';
import { type RunningServer, startServer } from '../../support/running-server.ts';

let server: RunningServer;
let feed: EventFeed | undefined;
afterEach(async () => {
  await feed?.close();
  await server.close();
});

test('a stream that refuses to be looked at is told to who watches, and the server lives on', async () => {
  server = await startServer();
  const { monitor } = server.services;
  const state = monitor.state.bind(monitor);
  monitor.state = () => Promise.reject(new StoreUnavailable('stream', 'did not list its shards (ExpiredToken)'));
  feed = await watchEvents(server.url);
  await eventually(() => feed!.of('pipeline-unknown').length > 0);
  expect(feed.of('pipeline-unknown')[0]).toEqual({ problem: 'stream: did not list its shards (ExpiredToken)' });
  expect(server.services.problems.list()).toMatchObject([{ what: 'pipeline', count: 1 }]);

  monitor.state = state;
  monitor.changed();
  await eventually(() => feed!.of('pipeline').length > 0);
  expect(server.services.problems.list()).toEqual([]);
});
