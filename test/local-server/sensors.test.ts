import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type RunningServer, startServer } from '../support/running-server.ts';

let server: RunningServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

interface Page {
  readonly sensors: { readonly sensorId: string; readonly count: number; readonly latest: object }[];
  readonly more: boolean;
}
const sensors = async (query = '') => (await (await fetch(`${server.url}/sensors${query}`)).json()) as Page;
async function put(...readings: object[]): Promise<void> {
  await fetch(`${server.url}/readings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(readings),
  });
  await server.caughtUp();
}

test('there are none before the first reading', async () => {
  expect(await sensors()).toEqual({ sensors: [], more: false });
});

test('each comes with the reading of its latest timestamp, whatever came last', async () => {
  await put({ sensorid: 'a', value: 2, timestamp: '2026-01-02T00:00:00Z' });
  await put({ sensorid: 'a', value: 1, timestamp: '2026-01-01T00:00:00Z' });
  expect(await sensors()).toEqual({
    sensors: [
      { sensorId: 'a', count: 2, latest: { timestamp: '2026-01-02T00:00:00.000Z', value: 2, flags: ['far-past'] } },
    ],
    more: false,
  });
});

test('they come in the byte order of their ids, page by page, without one twice', async () => {
  const ids = ['Küche', 'a/b?c', 'a', '<b>', 'zz', '🌡️', '\uffee'];
  await put(...ids.map((sensorid, value) => ({ sensorid, value })));
  const inOrder = ids.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const seen: string[] = [];
  for (let after = '', more = true; more;) {
    const page = await sensors(`?limit=3&after=${encodeURIComponent(after)}`);
    seen.push(...page.sensors.map(({ sensorId }) => sensorId));
    after = seen.at(-1) ?? '';
    more = page.more;
  }
  expect(seen).toEqual(inOrder);
});

test('a limit that is none is refused', async () => {
  expect((await fetch(`${server.url}/sensors?limit=0`)).status).toBe(400);
});
