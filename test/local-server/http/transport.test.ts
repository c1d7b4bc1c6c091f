/** HTTP/1.1 and HTTP/2 on one port, as clients that nobody here wrote speak them. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { describeWithEngine } from '../../support/engines.ts';
import { eventually } from '../../support/eventually.ts';
import { type RunningServer, startServer } from '../../support/running-server.ts';

jest.setTimeout(30_000);

let server: RunningServer;
const opened: { destroy(): void }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) each.destroy();
  await server.close();
});

const port = () => Number(new URL(server.url).port);

function open(): Socket {
  const socket = connect(port(), '127.0.0.1').setEncoding('latin1');
  opened.push(socket);
  return socket.on('error', () => undefined);
}

function openSession(): ClientHttp2Session {
  const session = connectHttp2(server.url);
  opened.push(session);
  return session.on('error', () => undefined);
}

/** One request over HTTP/2. */
async function ask(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  body?: string,
): Promise<{ status: number | undefined; text: string }> {
  const stream = session.request(headers, { endStream: body === undefined });
  stream.end(body);
  const [answer] = (await once(stream, 'response')) as [{ ':status'?: number }];
  return { status: answer[':status'], text: await text(stream) };
}

const clientOptions = () => ({
  endpoint: server.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
});
const put = new PutRecordCommand({
  StreamName: 'iot-SensorStream',
  PartitionKey: 'k',
  Data: Buffer.from('{"sensorid":"k","value":1}'),
});

describe('clients', () => {
  test('the AWS SDK for JavaScript v3 puts and queries with nothing set but the endpoint', async () => {
    server = await startServer();
    const kinesis = new KinesisClient(clientOptions());
    const { ShardId } = await kinesis.send(put);
    expect(ShardId).toMatch(/^shardId-/);
    await server.caughtUp();
    const lambda = new LambdaClient(clientOptions());
    const { Payload } = await lambda.send(
      new InvokeCommand({ FunctionName: 'iot-IoTAPI', Payload: '{"operation":"query","sensorid":"k"}' }),
    );
    expect(JSON.parse(Buffer.from(Payload!).toString())).toMatchObject({ Count: 1 });
    kinesis.destroy();
    lambda.destroy();
  });

  test('HTTP/2 carries many requests at a time on one connection, each with its own answer', async () => {
    server = await startServer();
    const session = openSession();
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, n) =>
        ask(
          session,
          { ':method': 'POST', ':path': '/readings', 'content-type': 'application/x-ndjson' },
          `{"sensorid":"s${n}","value":1}\n`.repeat((n % 10) + 1),
        ),
      ),
    );
    expect(answers.map(({ text: body }) => (JSON.parse(body) as { accepted: number }).accepted)).toEqual(
      answers.map((_, n) => (n % 10) + 1),
    );
  });

  test('HTTP/2 refuses a body that is too large, and an unknown host, as HTTP/1.1 does', async () => {
    server = await startServer();
    const session = openSession();
    const large = await ask(
      session,
      { ':method': 'POST', ':path': '/readings', 'content-type': 'application/json' },
      `[${'1'.repeat(9 * 1_024 * 1_024)}]`,
    );
    expect(large.status).toBe(413);
    const elsewhere = await ask(session, { ':method': 'GET', ':path': '/health', ':authority': 'evil.example' });
    expect(elsewhere.status).toBe(421);
    expect((await ask(session, { ':method': 'GET', ':path': '/health' })).status).toBe(200);
  });

  test('HTTP/1.1 pipelines, and keeps its connection', async () => {
    server = await startServer();
    const socket = open();
    let received = '';
    socket.on('data', (chunk: string) => (received += chunk));
    const body = '{"sensorid":"p","value":1}';
    const request = `POST /readings HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    socket.write(request.repeat(50));
    await eventually(() => received.split('HTTP/1.1 202').length === 51);
    socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await eventually(() => received.includes('"status":"ok"'));
  });

  test('HTTP/1.1 whose first bytes come one by one is answered', async () => {
    server = await startServer();
    const socket = open().setNoDelay(true);
    let received = '';
    socket.on('data', (chunk: string) => (received += chunk));
    for (const letter of 'PUT /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\n') {
      await new Promise((resolve) => socket.write(letter, resolve));
    }
    await eventually(() => received.startsWith('HTTP/1.1 404'));
  });

  test('HTTP/1.1 waits for 100-continue, and passes over an upgrade that nobody offers', async () => {
    server = await startServer();
    const request = httpRequest(`${server.url}/readings`, {
      method: 'POST',
      headers: { expect: '100-continue', 'content-type': 'application/json', 'content-length': 26 },
    });
    request.flushHeaders();
    await once(request, 'continue');
    request.end('{"sensorid":"e","value":1}');
    const [response] = (await once(request, 'response')) as [{ statusCode: number; resume(): void }];
    expect(response.statusCode).toBe(202);
    response.resume();
    const socket = open();
    socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [string];
    expect(answer).toMatch(/^HTTP\/1\.1 200/);
  });

  describeWithEngine('curl', 'curl', (curl) => {
    test.each(['--http1.0', '--http1.1', '--http2', '--http2-prior-knowledge'])('with %s', async (version) => {
      server = await startServer();
      const { stdout } = await promisify(execFile)(curl, [
        ...['-s', '--noproxy', '*', version, '-w', '\n%{http_code} %{http_version}'],
        ...['-H', 'content-type: application/x-ndjson', '--data-binary', '{"sensorid":"c","value":1}'],
        `${server.url}/readings`,
      ]);
      expect(stdout).toMatch(version === '--http2-prior-knowledge' ? /\n202 2$/ : /\n202 1\.1$/);
    });
  });
});

describe('a client that stops halfway', () => {
  test.each([['nothing'], ['PRI * HT'], ['GET / HT'], ['GET / HTTP/1.1\r\nhost: localhost\r\nx: ']])(
    'is cut off after it sent %j',
    async (start) => {
      server = await startServer({ limits: { firstBytes: 200, headers: 200 } });
      const socket = open();
      if (start !== 'nothing') socket.write(start);
      socket.resume();
      await once(socket, 'close');
    },
  );

  test('is cut off in the middle of a body, over HTTP/2 as over HTTP/1.1', async () => {
    server = await startServer({ limits: { headers: 300, request: 300 } });
    const socket = open();
    socket.write(
      'POST /readings HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n[',
    );
    socket.resume();
    const session = openSession();
    const stream = session.request({
      ...{ ':method': 'POST', ':path': '/readings', 'content-type': 'application/json' },
    });
    stream.write('[');
    stream.resume();
    await Promise.all([once(socket, 'close'), once(stream, 'close')]);
  });

  test('of more connections than there may be, the newest is turned away and the log says so', async () => {
    const warnings: string[] = [];
    const { pino } = await import('pino');
    const logger = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) });
    server = await startServer({ limits: { connections: 3 }, logger });
    const sockets = Array.from({ length: 4 }, open);
    await Promise.race(sockets.map(async (socket) => once(socket.resume(), 'close')));
    expect(warnings.join('')).toContain('More than 3 connections are open');
  });
});

describe('closing', () => {
  test('finishes what is in flight in both protocols, and ends what is idle', async () => {
    server = await startServer();
    const session = openSession();
    expect((await ask(session, { ':method': 'GET', ':path': '/health' })).status).toBe(200);
    const idle = open();
    idle.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await once(idle, 'data');

    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let waiting = 0;
    const { monitor } = server.services;
    const state = monitor.state.bind(monitor);
    monitor.state = async () => {
      waiting += 1;
      await held;
      return state();
    };
    const answers = [ask(session, { ':method': 'GET', ':path': '/pipeline' }), fetch(`${server.url}/pipeline`)];
    await eventually(() => waiting === 2);
    const closed = server.close();
    await once(idle, 'close');
    release();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
    await closed;
  });

  test('does not wait for clients that neither send nor read on', async () => {
    server = await startServer({ limits: { stuck: 200 } });
    const half = open();
    half.write(
      'POST /readings HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n[',
    );
    const session = openSession();
    session.request({ ':method': 'POST', ':path': '/readings', 'content-type': 'application/x-ndjson' }).write('{');
    const watcher = open();
    watcher.write('GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await eventually(() => server.services.eventHub.watched);
    watcher.pause();
    for (let n = 0; n < 200; n += 1) server.services.eventHub.publish('archived', { filler: 'x'.repeat(100_000) });
    const began = performance.now();
    await server.close();
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});
