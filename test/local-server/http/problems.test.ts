/** Whatever is refused is refused as problem details, also what never becomes a request. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { eventually } from '../../support/eventually.ts';
import { type RunningServer, startServer } from '../../support/running-server.ts';

let server: RunningServer;
beforeEach(async () => {
  server = await startServer({ limits: { headers: 300 } });
});
afterEach(() => server.close());

async function raw(
  request: string,
): Promise<{ status: number; head: string; problem: { status: number; detail: string } }> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.write(request);
  const answer = await text(socket);
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head: head.toLowerCase(), problem: JSON.parse(body) as never };
}

test.each([
  [400, 'GET /sensors/%zz/readings HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n', '%'],
  [400, 'GET /%ff HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n', '%'],
  [
    414,
    `GET /sensors/${'a'.repeat(4_000)}/readings HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
    'too long',
  ],
  [400, 'nonsense\r\n\r\n', 'not a request'],
  [400, 'GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n', 'not a request'],
  [431, `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'a'.repeat(17_000)}\r\n\r\n`, 'larger than'],
  [417, 'GET / HTTP/1.1\r\nhost: localhost\r\nexpect: a-miracle\r\nconnection: close\r\n\r\n', 'a-miracle'],
  [400, 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n', 'Host'],
  [408, 'GET / HTTP/1.1\r\nhost: localhost\r\n', 'in time'],
  [404, 'GET /readings/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n', 'leave out the slash'],
  [405, 'GET /readings HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n', 'POST'],
])('%i: %.60j', async (status, request, words) => {
  const answer = await raw(request);
  expect(answer.head).toContain('content-type: application/problem+json');
  expect(answer.head).toContain('x-content-type-options: nosniff');
  expect(answer.status).toBe(status);
  expect(answer.problem).toMatchObject({ status, detail: expect.stringContaining(words) });
});

test.each([
  ['GET', '/readings', 'POST'],
  ['OPTIONS', '/readings', 'POST'],
  ['PUT', '/sensors/a/readings', 'GET, HEAD'],
  ['DELETE', '/', 'GET, HEAD'],
  ['POST', '/archive/2026-01-01/1.ndjson.gz', 'GET, HEAD'],
  ['GET', '/lab/shards/shardId-000000000000/split', 'POST'],
])('405 to %s %s says that it takes %s', async (method, path, allow) => {
  const answer = await fetch(server.url + path, { method });
  expect(answer.status).toBe(405);
  expect(answer.headers.get('allow')).toBe(allow);
  expect(await answer.json()).toMatchObject({ status: 405, detail: expect.stringContaining(allow) });
});

describe('a subscription ends with its client', () => {
  const watched = () => server.services.eventHub.watched;

  test('HEAD subscribes to nothing', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => fetch(`${server.url}/events`, { method: 'HEAD' })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(answers[0]?.headers.get('content-type')).toContain('text/event-stream');
    await eventually(() => !watched());
  });

  test('over HTTP/1.1', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write('GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await once(socket, 'data');
    expect(watched()).toBe(true);
    socket.destroy();
    await eventually(() => !watched());
  });

  test('over HTTP/2, of a stream as of a connection', async () => {
    for (const end of ['stream', 'session'] as const) {
      const session = connectHttp2(server.url);
      const stream = session.request({ ':path': '/events' });
      await once(stream, 'data');
      expect(watched()).toBe(true);
      if (end === 'stream') stream.close();
      else session.destroy();
      await eventually(() => !watched());
      session.destroy();
    }
  });
});
