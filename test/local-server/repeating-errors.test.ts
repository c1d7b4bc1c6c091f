import { afterEach, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';

let server: ServerProcess | undefined;
afterEach(() => void server?.child.kill('SIGKILL'));

test('a store that is down is one line in the log, however often it is tried', async () => {
  server = await startServerProcess([]);
  const { url } = server;
  const json = (body: string) => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body });
  expect((await fetch(`${url}/lab/faults`, json('{"target":"table","fault":"unavailable"}'))).status).toBe(201);
  expect((await fetch(`${url}/readings`, json('{"sensorid":"a","value":1}'))).status).toBe(202);
  interface Reply {
    readonly mappings: readonly { readonly retries: number }[];
  }
  await eventually(async () => {
    const { mappings } = (await (await fetch(`${url}/pipeline`)).json()) as Reply;
    return mappings.some(({ retries }) => retries >= 3);
  });
  const lines = server.printed.err.split('\n').filter((line) => line.includes('stored in part'));
  expect(lines).toHaveLength(1);
}, 60_000);
