/**
 * What every route of the server does, whatever is behind it: memory, or a stack on AWS. Run over both, with the same
 * assertions. Where the answers differ on purpose, `server/differences.ts` says how and why. The routes are those that the
 * server registers, and the operations those that its AWS doors name: one that nobody tests fails the suite.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checks, invalidRequests } from './server/checks.ts';
import { type Difference, differences, type Side } from './server/differences.ts';
import { callKinesis, type ContractServer, fill } from './server/fixture.ts';
import { operationsOf, routesOf } from './server/routes.ts';

const PATIENCE = 60_000;

export function serverContract(side: Side, start: () => Promise<Omit<ContractServer, 'side'>>): void {
  let server: ContractServer;
  let routes: ReadonlySet<string>;

  beforeAll(async () => {
    const built = await routesOf(start);
    ({ routes } = built);
    server = { ...built.server, side };
    await fill(server);
  }, 2 * PATIENCE);
  afterAll(() => server.close());

  test('every route and every operation that it offers is tested here, and no other', async () => {
    const withoutHead = [...routes].filter((route) => !route.startsWith('HEAD '));
    const offered = [...withoutHead, ...(await operationsOf(server))];
    expect(offered.sort()).toEqual(Object.keys(checks).sort());
    const known = new Set(offered);
    expect(differences.filter(({ route }) => !known.has(route))).toEqual([]);
  });

  describe.each(Object.entries(checks))('%s', (route, titles) => {
    const difference = differences.find((each) => each.side === side && each.route === route);
    if (difference === undefined) {
      test.each(Object.entries(titles))('%s', (_title, check) => check(server), PATIENCE);
    } else {
      test(`is not offered here: ${difference.reason}`, () => isRefused(server, difference));
    }
  });

  test('HEAD answers as GET does, without a body', async () => {
    const heads = [...routes].filter((route) => route.startsWith('HEAD ')).map((route) => route.slice('HEAD '.length));
    const plain = heads.filter((path) => !/[:*]/.test(path) && path !== '/events');
    expect(plain.length).toBeGreaterThan(10);
    for (const path of plain) {
      const [get, head] = [await fetch(server.url + path), await fetch(server.url + path, { method: 'HEAD' })];
      await get.arrayBuffer();
      expect([path, head.status, head.headers.get('content-type')]).toEqual([
        path,
        get.status,
        get.headers.get('content-type'),
      ]);
      expect((await head.arrayBuffer()).byteLength).toBe(0);
    }
  });

  test.each(invalidRequests)(
    '$method $path is answered $status',
    async ({ method, path, type, body, status, says }) => {
      const headers = type === undefined ? {} : { 'content-type': type };
      const response = await fetch(server.url + path, { method, headers, ...(body !== undefined && { body }) });
      const problem = (await response.json()) as { status: number; detail: string };
      expect([response.status, problem.detail]).toEqual([status, expect.stringContaining(says)]);
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
      expect(problem.status).toBe(status);
    },
  );
}

async function isRefused(server: ContractServer, { route, request, status, says }: Difference): Promise<void> {
  const { path, body, operation } = request;
  const response =
    operation === undefined
      ? await fetch(server.url + path, {
          method: route.split(' ')[0]!,
          ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
        })
      : await callKinesis(server, operation, body ?? {});
  expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(says)]);
}
