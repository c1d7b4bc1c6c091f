/** What pages of other origins can do, in a real browser: the page of 2015 works, a hostile one changes nothing. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { readFile } from 'node:fs/promises';
import { describeWithEngine } from '../../support/engines.ts';
import { type RunningServer, startServer } from '../../support/running-server.ts';

jest.setTimeout(120_000);

const sdk = join(createRequire(import.meta.url).resolve('aws-sdk/package.json'), '../dist/aws-sdk.min.js');

describeWithEngine(['chromium', 'chromium-browser', 'google-chrome'], 'pages of other origins', (executablePath) => {
  let browser: Browser;
  let folder: string;
  let files: Server;
  let server: RunningServer;
  let page: Page;
  const port = () => (files.address() as AddressInfo).port;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--host-resolver-rules=MAP evil.test 127.0.0.1'],
    });
    folder = await mkdtemp(join(tmpdir(), 'page-'));
    await cp(sdk, join(folder, 'aws-sdk.js'));
    await writeFile(join(folder, 'page.html'), '<!doctype html><title>Page</title><script src="aws-sdk.js"></script>');
    await writeFile(
      join(folder, 'sandbox.html'),
      '<!doctype html><iframe sandbox="allow-scripts" src="page.html"></iframe>',
    );
    files = createServer((request, response) => {
      void readFile(join(folder, request.url ?? '')).then(
        (content) =>
          response
            .setHeader('content-type', request.url!.endsWith('js') ? 'text/javascript' : 'text/html')
            .end(content),
        () => response.writeHead(404).end(),
      );
    }).listen(0, '127.0.0.1');
    await once(files, 'listening');
  });
  afterAll(async () => {
    await browser.close();
    files.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    server = await startServer();
    page = await browser.newPage();
  });
  afterEach(async () => {
    await page.close();
    await server.close();
  });

  /** The two calls that the page of 2015 makes, as it makes them. */
  const submitAndQuery = (sensorId: string) =>
    page.evaluate(
      async ({ endpoint, sensor }) => {
        const options = { endpoint, region: 'us-east-1', accessKeyId: 'any', secretAccessKey: 'any', maxRetries: 0 };
        const { AWS } = globalThis as unknown as {
          AWS: Record<
            'Kinesis' | 'Lambda',
            new (
              options: object,
            ) => Record<
              string,
              (input: object, done: (error: Error | null, data: { Payload?: string }) => void) => void
            >
          >;
        };
        const call = (service: 'Kinesis' | 'Lambda', method: string, input: object) =>
          new Promise<{ Payload?: string }>((resolve, reject) => {
            new AWS[service](options)[method]!(input, (error, data) => (error ? reject(error) : resolve(data)));
          });
        await call('Kinesis', 'putRecord', {
          StreamName: 'iot-SensorStream',
          PartitionKey: sensor,
          Data: JSON.stringify({ sensorid: sensor, value: '12', timestamp: new Date().toISOString() }),
        });
        const query = { FunctionName: 'iot-IoTAPI', Payload: JSON.stringify({ operation: 'query', sensorid: sensor }) };
        for (let left = 100; ; left -= 1) {
          const { Payload = '' } = await call('Lambda', 'invoke', query);
          const answer = JSON.parse(Payload) as { Count: number };
          if (answer.Count > 0 || left === 0) return answer;
        }
      },
      { endpoint: server.url, sensor: sensorId },
    );

  test.each([
    ['a file', () => pathToFileURL(join(folder, 'page.html')).href],
    ['another port of loopback', () => `http://127.0.0.1:${port()}/page.html`],
    ['localhost', () => `http://localhost:${port()}/page.html`],
  ])('the page of 2015 puts and queries from %s', async (_name, address) => {
    await page.goto(address());
    expect(await submitAndQuery('attic')).toMatchObject({ Count: 1, Items: [{ SensorId: 'attic', Value: 12 }] });
  });

  interface Try {
    readonly path: string;
    readonly init?: {
      readonly method?: string;
      readonly mode?: 'cors' | 'no-cors';
      readonly headers?: Record<string, string>;
      readonly body?: string;
    };
  }
  const forged = JSON.stringify({
    Records: [
      {
        eventID: 'shardId-000000000000:1',
        kinesis: { sequenceNumber: '1', partitionKey: 'x', data: 'e30=', approximateArrivalTimestamp: 1 },
      },
    ],
  });
  const post = (path: string, contentType: string, body: string, mode: 'cors' | 'no-cors' = 'cors'): Try => ({
    path,
    init: { method: 'POST', mode, headers: { 'content-type': contentType }, body },
  });
  const attacks: readonly Try[] = [
    ...(['iot-IoTS3EventProcessor', 'iot-IoTDDBEventProcessor'] as const).flatMap((name) => [
      post(`/2015-03-31/functions/${name}/invocations`, 'text/plain', forged, 'no-cors'),
      post(`/2015-03-31/functions/${name}/invocations`, 'application/json', forged),
    ]),
    post('/lab/clock', 'application/json', '{"advanceSeconds":3600}'),
    post('/lab/clock', 'text/plain', '{"advanceSeconds":3600}', 'no-cors'),
    { path: '/lab/faults', init: { method: 'DELETE' } },
    { path: '/archive' },
    { path: '/pipeline' },
    { path: '/events', init: { mode: 'no-cors' } },
    { path: '/events', init: { method: 'HEAD', mode: 'no-cors' } },
  ];
  const puts: readonly Try[] = [
    post('/readings', 'application/json', '{"sensorid":"evil","value":1}'),
    post('/readings', 'text/plain', '{"sensorid":"evil","value":1}', 'no-cors'),
    post('/', 'text/plain', '{}', 'no-cors'),
  ];

  const tryAll = (from: { evaluate: Page['evaluate'] }, tries: readonly Try[]) =>
    from.evaluate(
      async ({ base, list }) => {
        const read: string[] = [];
        for (const { path, init } of list) {
          const stop = new AbortController();
          const answer = await fetch(base + path, { ...init, signal: stop.signal }).catch(() => undefined);
          if (answer?.ok === true) read.push(path);
          stop.abort();
        }
        return read;
      },
      { base: server.url, list: [...tries] },
    );

  const state = async () => {
    const get = async (path: string) => (await fetch(server.url + path)).text();
    return Promise.all(['/archive', '/sensors', '/quarantine', '/lab/faults'].map(get));
  };

  test('a page of a foreign host reads and changes nothing', async () => {
    const before = await state();
    await page.goto(`http://evil.test:${port()}/page.html`);
    expect(await tryAll(page, [...attacks, ...puts])).toEqual([]);
    await expect(submitAndQuery('evil')).rejects.toThrow();
    await server.caughtUp();
    expect(await state()).toEqual(before);
    expect(server.services.lab!.clock()).toMatchObject({ offsetMillis: 0 });
    expect(server.services.eventHub.watched).toBe(false);
  });

  test('a page in a sandbox, whose origin is null, has no more rights than the page of 2015', async () => {
    const before = await state();
    await page.goto(`http://evil.test:${port()}/sandbox.html`);
    const frame = page.frames().find((each) => each !== page.mainFrame())!;
    expect(await frame.evaluate('origin')).toBe('null');
    expect(await tryAll(frame, attacks)).toEqual([]);
    await server.caughtUp();
    expect(await state()).toEqual(before);
    expect(server.services.eventHub.watched).toBe(false);
  });
});
