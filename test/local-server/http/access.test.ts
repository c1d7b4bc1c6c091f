/** A server with a token: who gets in, who does not, and what is told to whom. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { AccessToken } from '../../../local-server/http/access-token.ts';
import type { SimulateOptions } from '../../../local-server/simulator/options.ts';
import { simulate } from '../../../local-server/simulator/simulate.ts';
import { eventually } from '../../support/eventually.ts';
import { type RunningServer, startServer } from '../../support/running-server.ts';

const secret = 'open-sesame-0123456789';
const bearer = { authorization: `Bearer ${secret}` };
let server: RunningServer;
let lines: string[];

beforeEach(async () => {
  lines = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  server = await startServer({
    token: new AccessToken(secret),
    logger,
    doors: { allowedOrigins: ['https://a.example'] },
  });
});
afterEach(async () => {
  await server.close();
  expect(lines.join('')).not.toContain(secret);
});

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(server.url + path, { headers, redirect: 'manual' });
const logIn = (token: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ token }),
  });
const cookieOf = (answer: Response) => answer.headers.get('set-cookie')?.split(';', 1)[0] ?? '';

/** Every route of the server, from Fastify's own tree of them: four characters of indentation are a level. */
function allRoutes(): { readonly method: string; readonly path: string; readonly door: string | undefined }[] {
  const parents: string[] = [];
  return server.app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indentation = '', part = '', methods = '', door] =
        /^([│ ]*(?:[├└]── )?)(\S+) \(([A-Z, ]+)\)(?: \{"aws":"(\w+)"\})?$/.exec(line) ?? [];
      if (part === '') return [];
      const level = indentation.length / 4 - 1;
      const path = `${parents.slice(0, level).join('')}${part}`;
      parents.splice(level, Infinity, part);
      return methods.split(', ').map((method) => ({ method, path, door }));
    });
}

/** With any method, and for the path as it is: `fetch` takes neither TRACE nor `..`. */
async function send(method: string, path: string, headers: Record<string, string> = {}) {
  const request = httpRequest(server.url, { method, path, headers, agent: false }).end();
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, body: await text(answer) };
}

/** What makes a request an AWS call that is not signed. */
const calls: Readonly<Record<string, { readonly url: string; readonly headers: Record<string, string> }>> = {
  kinesis: { url: '/', headers: { 'x-amz-target': 'Kinesis_20131202.ListStreams' } },
  lambda: { url: '/2015-03-31/functions/', headers: {} },
  s3: { url: '/bucket/key', headers: { authorization: 'AWS key:c2lnbmF0dXJl' } },
  other: { url: '/', headers: { 'x-amz-target': 'DynamoDB_20120810.Scan' } },
};

test('every route asks for the token, but for those that say nothing of the data', async () => {
  const open = new Set<string>();
  const asked = new Set<string>();
  for (const { method, path, door } of allRoutes()) {
    const call = door === undefined ? undefined : calls[door];
    const url = call?.url ?? path.replace(/:\w+|\*/g, 'x');
    const answer = await send(method, url, call?.headers);
    // There are no AWS calls with OPTIONS.
    if (call !== undefined && method !== 'OPTIONS') {
      expect([400, 403]).toContain(answer.status);
      if (method !== 'HEAD') expect(answer.body).toMatch(/Missing ?Authentication ?Token|<Code>InvalidRequest/);
    } else (answer.status === 401 ? asked : open).add(`${method} ${path}`);
  }
  const files = ['', 'docs', 'docs/docs.js', 'docs/json', 'docs/swagger-ui.css', 'docs/swagger-ui-bundle.js'];
  const reads = [...files, 'console.js', 'console-feed.js', 'console.css', 'health', 'ready', 'session'];
  expect([...open].sort()).toEqual(
    [...reads.flatMap((name) => [`GET /${name}`, `HEAD /${name}`]), 'POST /session', 'DELETE /session'].sort(),
  );
  for (const route of ['POST /readings', 'GET /archive*', 'GET /events', 'DELETE /lab/faults/:id', 'OPTIONS /*']) {
    expect([...asked]).toContain(route);
  }
  const known = server.app.printRoutes({ commonPrefix: false }).match(/\(.*?\)/g) ?? [];
  expect(allRoutes()).toHaveLength(known.join().split(',').length);
});

test.each(['/nowhere', '/readings', '/archive/../pipeline', '//pipeline', '/pipeline/', '/%70ipeline', '/PIPELINE'])(
  'GET %s without the token is 401, whether it is there or not',
  async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="IoT backend"');
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({ status: 401, detail: expect.stringContaining('Bearer <token>') });
  },
);

test('HEAD asks for the token as GET does', async () => {
  expect((await fetch(`${server.url}/events`, { method: 'HEAD' })).status).toBe(401);
  expect((await fetch(`${server.url}/events`, { method: 'HEAD', headers: bearer })).status).toBe(200);
});

describe('a bearer token', () => {
  test.each([
    [200, `Bearer ${secret}`],
    [200, `bearer ${secret}`],
    [401, `Bearer ${secret}x`],
    [401, `Bearer ${secret.slice(1)}`],
    [401, 'Bearer'],
    [401, 'Bearer  '],
    [401, `Basic ${Buffer.from(`x:${secret}`).toString('base64')}`],
    [401, secret],
  ])('gives %i for %s', async (status, authorization) => {
    expect((await get('/pipeline', { authorization })).status).toBe(status);
  });

  test.each([
    [204, `Token ${secret}`],
    [204, `Token user:${secret}`],
    [204, `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`],
    [401, `Token ${secret}x`],
    [401, `Basic ${Buffer.from(`${secret}:user`).toString('base64')}`],
  ])('is taken as clients of InfluxDB show it, where they write: %i for %s', async (status, authorization) => {
    const write = { method: 'POST', headers: { authorization }, body: '' };
    expect((await fetch(`${server.url}/write`, write)).status).toBe(status);
    expect((await fetch(`${server.url}/api/v2/write`, write)).status).toBe(status);
    expect((await get('/pipeline', { authorization })).status).toBe(401);
  });

  test('that is wrong is called that, and does not fall back on a cookie', async () => {
    const cookie = cookieOf(await logIn(secret));
    const answer = await get('/pipeline', { cookie, authorization: 'Bearer no' });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  test('is taken over HTTP/2', async () => {
    const session = connectHttp2(server.url);
    const status = async (headers: Record<string, string>) => {
      const stream = session.request({ ':path': '/pipeline', ...headers });
      const [answer] = (await once(stream, 'response')) as [{ ':status'?: number }];
      await text(stream);
      return answer[':status'];
    };
    expect(await status({})).toBe(401);
    expect(await status(bearer)).toBe(200);
    session.close();
  });

  test('puts a reading', async () => {
    const put = (headers: Record<string, string>) =>
      fetch(`${server.url}/readings`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: '{"sensorid":"k","value":1}',
      });
    expect((await put({})).status).toBe(401);
    expect((await put(bearer)).status).toBe(202);
    await server.caughtUp();
    expect(await (await get('/sensors/k/readings', bearer)).json()).toMatchObject({ readings: [{ value: 1 }] });
  });
});

test('strangers are told whether the server is ready, and not what it lacks', async () => {
  server.services.problems.met('archive', new Error('s3://secret-bucket is not there'));
  const told = await get('/ready');
  expect(told.status).toBe(503);
  expect(await told.json()).toEqual({ status: 'not ready', stack: 'iot', adapters: 'memory' });
  expect(await (await get('/ready', bearer)).json()).toMatchObject({ problems: [{ what: 'archive' }] });
  server.services.problems.over('archive');
});

describe('a browser', () => {
  test('logs in with the token, uses a cookie, and logs out for good', async () => {
    expect(await (await get('/session')).json()).toEqual({ tokenRequired: true, authenticated: false });
    const answer = await logIn(` ${secret}\n`);
    expect(answer.status).toBe(200);
    const { port } = new URL(server.url);
    expect(answer.headers.get('set-cookie')).toMatch(
      new RegExp(`^iot-session-${port}=[\\w-]{43}; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict$`),
    );
    const cookie = cookieOf(answer);
    expect((await get('/pipeline', { cookie: `other=1; ${cookie}` })).status).toBe(200);
    expect(await (await get('/session', { cookie })).json()).toMatchObject({ authenticated: true });
    const out = await fetch(`${server.url}/session`, { method: 'DELETE', headers: { cookie } });
    expect(out.status).toBe(204);
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await get('/pipeline', { cookie })).status).toBe(401);
  });

  test('is told that a token is wrong', async () => {
    const answer = await logIn('guess');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('not the token') });
  });

  test.each([
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['an allowed origin', { origin: 'https://a.example' }],
    ['a file or a sandbox', { origin: 'null' }],
    ['a foreign page', { origin: 'http://evil.example' }],
    ['an image on a foreign page', { 'sec-fetch-site': 'cross-site' }],
  ])('does not lend its cookie to %s', async (_page, headers) => {
    const cookie = cookieOf(await logIn(secret));
    for (const [method, path] of [
      ['GET', '/pipeline'],
      ['POST', '/readings'],
    ] as const) {
      const answer = await fetch(server.url + path, { method, headers: { ...headers, cookie } });
      expect([401, 403]).toContain(answer.status);
    }
  });

  test('of another origin cannot log in or out, and an allowed origin sends the token itself', async () => {
    for (const origin of ['http://evil.example', 'http://127.0.0.1:1', 'null']) {
      expect((await logIn(secret, { origin })).status).toBe(403);
      expect((await fetch(`${server.url}/session`, { method: 'DELETE', headers: { origin } })).status).toBe(403);
    }
    const preflight = await fetch(`${server.url}/pipeline`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://a.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });
    expect(preflight.status).toBe(200);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization');
    const answer = await get('/pipeline', { origin: 'https://a.example', ...bearer });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://a.example');
    const refused = await get('/pipeline', { origin: 'https://a.example' });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, 'https://a.example']);
  });

  test('loads the page, its files and the docs before it has logged in', async () => {
    for (const path of ['/', '/console.js', '/console.css', '/docs', '/docs/docs.js', '/docs/json']) {
      expect((await get(path)).status).toBe(200);
    }
  });
});

describe('who guesses', () => {
  const guess = async () => {
    for (let n = 0; n < 10; n += 1) expect((await get('/pipeline', { authorization: `Bearer ${n}` })).status).toBe(401);
  };

  test('waits after ten tries, and others of the same address do not', async () => {
    await guess();
    for (const answer of [await get('/pipeline', { authorization: 'Bearer x' }), await logIn('x')]) {
      expect(answer.status).toBe(429);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await get('/pipeline', bearer)).status).toBe(200);
  });

  test('a short token is not told that a guess was right', async () => {
    await server.close();
    server = await startServer({ token: new AccessToken('short') });
    const right = { authorization: 'Bearer short' };
    const cookie = cookieOf(await logIn('short'));
    await guess();
    expect((await get('/pipeline', right)).status).toBe(429);
    expect((await logIn('short')).status).toBe(429);
    // What tells more to those who know the token tells nothing now.
    expect(await (await get('/ready', right)).json()).not.toHaveProperty('problems');
    // Browsers that have logged in go on, and requests without a token are no guesses.
    expect((await get('/pipeline', { cookie })).status).toBe(200);
    expect((await get('/pipeline')).status).toBe(401);
  });

  test('is logged once and counted', async () => {
    for (let n = 0; n < 5; n += 1) await get('/pipeline', { authorization: 'Bearer guess-me' });
    const warnings = lines.filter((line) => line.includes('wrong token'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('127.0.0.1');
    expect(lines.join('')).not.toContain('guess-me');
    expect(await (await get('/pipeline', bearer)).json()).toMatchObject({ access: { failedAttempts: 5 } });
  });
});

describe('simulated devices know the token:', () => {
  const run = (transport: SimulateOptions['transport']): SimulateOptions => ({
    ...{ url: server.url, transport, source: { type: 'fleet', devices: 3 }, seed: 1, faults: 0 },
    ...{ rate: 0, durationSeconds: 0, count: 20, verify: 'always' },
  });

  test.each([{ type: 'http' }, { type: 'kinesis', streamName: 'iot-SensorStream' }] as const)(
    'the simulator, by $type',
    async (transport) => {
      const { counts, verification } = await simulate({ ...run(transport), token: secret });
      expect([counts.total.accepted, verification?.archived]).toEqual([20, 20]);
    },
  );

  test('the simulator says what to do where it has none', async () => {
    const needsToken = /the server asks for its token; give it with --token-file FILE or IOT_TOKEN/;
    await expect(simulate(run({ type: 'http' }))).rejects.toThrow(needsToken);
    const { failure } = await simulate({ ...run({ type: 'http' }), verify: 'never' });
    expect(failure?.message).toMatch(needsToken);
  });

  test.each(['http', 'kinesis'])('the fleet of the lab, by %s', async (transport) => {
    const body = JSON.stringify({ devices: 3, rate: 0, faults: 0, transport, durationSeconds: 1 });
    const headers = { ...bearer, 'content-type': 'application/json' };
    expect((await fetch(`${server.url}/lab/fleet`, { method: 'POST', headers, body })).status).toBe(201);
    interface Fleet {
      readonly failure?: string;
      readonly counts: { readonly total: { readonly accepted: number } } | null;
    }
    const fleet = async () => (await (await get('/lab/fleet', bearer)).json()) as Fleet;
    await eventually(async () => {
      const { failure, counts } = await fleet();
      return failure !== undefined || (counts?.total.accepted ?? 0) > 0;
    });
    expect((await fleet()).failure).toBeUndefined();
    await fetch(`${server.url}/lab/fleet`, { method: 'DELETE', headers: bearer });
  });
});

test('without a token there is nothing to log in to', async () => {
  const other = await startServer();
  try {
    expect(await (await fetch(`${other.url}/session`)).json()).toEqual({ tokenRequired: false, authenticated: true });
    expect((await fetch(`${other.url}/pipeline`)).status).toBe(200);
  } finally {
    await other.close();
  }
});
