import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type RunningServer, startServer } from '../../support/running-server.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

interface Problem {
  readonly detail: string;
  readonly field: string;
}

async function ask(path: string, init?: RequestInit): Promise<{ status: number; problem: Problem }> {
  const response = await fetch(server.url + path, init);
  return { status: response.status, problem: (await response.json()) as Problem };
}

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
}

test('every route of the document refuses a parameter that it does not know, and lists those that it knows', async () => {
  const { paths } = server.app.swagger() as unknown as { paths: Record<string, Record<string, Operation>> };
  let routes = 0;
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { parameters = [] }] of Object.entries(operations)) {
      const filled = path.replace(/\{[^}]*\}/g, 'x');
      const { status, problem } = await ask(`${filled}?${new URLSearchParams({ limt: '5' }).toString()}`, {
        method: method.toUpperCase(),
      });
      expect([path, method, status]).toEqual([path, method, 400]);
      expect(problem).toMatchObject({ field: 'limt', detail: expect.stringContaining('"limt"') });
      const known = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
      expect(problem.detail).toContain(known.length === 0 ? 'no query parameters' : `takes ${known.join(', ')}.`);
      routes += 1;
    }
  }
  expect(routes).toBeGreaterThan(20);
});

describe('a parameter that is known', () => {
  test('is refused where it is given twice', async () => {
    const { status, problem } = await ask('/archive?limit=5&prefix=a&limit=6');
    expect(status).toBe(400);
    expect(problem).toMatchObject({ field: 'limit', detail: expect.stringContaining('more than once') });
  });

  test('is taken once', async () => {
    expect((await ask('/archive?limit=5&prefix=a')).status).toBe(200);
  });

  test.each(['__proto__', 'constructor', 'toString', ''])('is not %j', async (name) => {
    expect((await ask(`/archive?${new URLSearchParams([[name, '1']]).toString()}`)).status).toBe(400);
  });
});

test('pages, AWS calls and what is not there say nothing of parameters', async () => {
  expect((await fetch(`${server.url}/docs?from=mail`)).status).toBe(200);
  expect((await ask('/nothing?x=1')).status).toBe(404);
  const invoke = await fetch(`${server.url}/2015-03-31/functions/iot-IoTAPI/invocations?Qualifier=$LATEST`, {
    method: 'POST',
    body: '{"operation":"query","sensorId":"a"}',
  });
  expect(invoke.status).toBe(200);
});
