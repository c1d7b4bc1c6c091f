import { afterEach, describe, expect, test } from '@jest/globals';
import { request } from 'node:http';
import { isKnownHost } from '../../../local-server/http/host-guard.ts';
import { type Asker, askerOf, type Deed, deedOf, mayDo, parseOrigin } from '../../../local-server/http/origins.ts';
import { type RunningServer, startServer } from '../../support/running-server.ts';

const head = (method: string, url: string, headers: Record<string, string> = {}) => ({
  ...{ method, url, headers, scheme: 'http', host: '127.0.0.1:3000', httpVersion: '1.1' },
});

test.each<[Record<string, string>, Asker]>([
  [{}, 'own'],
  [{ 'sec-fetch-site': 'none' }, 'own'],
  [{ origin: 'http://127.0.0.1:3000' }, 'own'],
  [{ origin: 'null', 'sec-fetch-site': 'same-origin' }, 'own'],
  [{ origin: 'https://grafana.example', 'sec-fetch-site': 'cross-site' }, 'allowed'],
  [{ origin: 'http://localhost:8080', 'sec-fetch-site': 'same-site' }, 'loopback'],
  [{ origin: 'http://127.0.0.1:3001' }, 'loopback'],
  [{ origin: 'https://[::1]:8443' }, 'loopback'],
  [{ origin: 'null', 'sec-fetch-site': 'cross-site' }, 'null'],
  [{ origin: 'http://evil.test' }, 'foreign'],
  [{ origin: 'http://localhost.evil.test' }, 'foreign'],
  [{ origin: 'http://127.0.0.1.evil.test:3000' }, 'foreign'],
  [{ origin: 'http://evil.test:3000', 'sec-fetch-site': 'same-site' }, 'foreign'],
  [{ origin: 'https://grafana.example.evil.test' }, 'foreign'],
  [{ origin: '' }, 'foreign'],
  [{ 'sec-fetch-site': 'cross-site' }, 'foreign'],
  [{ 'sec-fetch-site': 'same-site' }, 'foreign'],
])('%j is %s', (headers, asker) => {
  expect(askerOf(head('POST', '/', headers), new Set(['https://grafana.example']))).toBe(asker);
});

const target = (operation: string) => ({ 'x-amz-target': `Kinesis_20131202.${operation}` });
const invoke = (name: string) => `/2015-03-31/functions/${name}/invocations`;

test.each<[string, string, Record<string, string>, Deed]>([
  ['GET', '/', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, 'open'],
  ['GET', '/', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }, 'read'],
  ['HEAD', '/events', {}, 'read'],
  ['POST', '/', target('PutRecord'), 'put'],
  ['POST', '/?a=b', target('PutRecords'), 'put'],
  ['POST', '/', target('ListShards'), 'read'],
  ['POST', '/', target('SplitShard'), 'change'],
  ['POST', '/', {}, 'change'],
  ['POST', '/readings', {}, 'put'],
  ['POST', '/lab/faults', {}, 'change'],
  ['DELETE', '/lab/faults', {}, 'change'],
  ['POST', invoke('iot-IoTAPI'), {}, 'query'],
  ['POST', invoke('arn:aws:lambda:us-east-1:000000000000:function:iot-IoTAPI:$LATEST'), {}, 'query'],
  ['POST', invoke('iot%2DIoTAPI'), {}, 'query'],
  ['POST', invoke('iot-IoTS3EventProcessor'), {}, 'change'],
  ['POST', invoke('iot-IoTS3EventProcessor%3AiotAPI'), {}, 'change'],
  ['POST', invoke('%ff'), {}, 'change'],
])('%s %s %j is to %s', (method, url, headers, deed) => {
  expect(deedOf(head(method, url, headers), 'iot-IoTAPI')).toBe(deed);
});

test('only those who were allowed change anything, and pages from a file read nothing but the history', () => {
  const askers: Asker[] = ['own', 'allowed', 'loopback', 'null', 'foreign'];
  const who = (deed: Deed) => askers.filter((asker) => mayDo(asker, deed));
  expect(who('change')).toEqual(['own', 'allowed']);
  expect(who('read')).toEqual(['own', 'allowed', 'loopback']);
  expect(who('put')).toEqual(['own', 'allowed', 'loopback', 'null']);
  expect(who('query')).toEqual(['own', 'allowed', 'loopback', 'null']);
  expect(who('open')).toEqual(askers);
});

test.each([
  ['https://A.example', 'https://a.example'],
  ['https://a.example:443/', 'https://a.example'],
  ['http://a.example:8080', 'http://a.example:8080'],
  ['null', 'null'],
  ['https://a.example/path', undefined],
  ['https://user@a.example', undefined],
  ['*', undefined],
  ['https://*.example', undefined],
  ['a.example', undefined],
  ['file:///x', undefined],
])('%s as an origin is %s', (text, origin) => {
  expect(parseOrigin(text)).toBe(origin);
});

test.each([
  ['127.0.0.1:3000', true],
  ['localhost', true],
  ['[::1]:3000', true],
  ['192.168.1.7:3000', true],
  ['[fe80::1]:3000', true],
  ['PI.local:3000', true],
  ['evil.test:3000', false],
  ['127.0.0.1.evil.test', false],
  ['localhost.evil.test', false],
  ['pi.local.evil.test', false],
  ['', false],
])('the host %j is known: %s', (header, known) => {
  expect(isKnownHost(header, new Set(['pi.local']))).toBe(known);
});

describe('the server', () => {
  let server: RunningServer;
  afterEach(() => server.close());

  const ask = (path: string, headers: Record<string, string>, method = 'GET', body?: string) =>
    new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }>((resolve, reject) => {
      request(server.url + path, { method, headers }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      })
        .on('error', reject)
        .end(body);
    });

  test('answers a preflight as AWS does', async () => {
    server = await startServer();
    const { status, headers, text } = await ask(
      '/',
      {
        origin: 'null',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-amz-target,authorization',
      },
      'OPTIONS',
    );
    expect({ status, text }).toEqual({ status: 200, text: '' });
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'null',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'x-amz-target,authorization',
      'access-control-max-age': '172800',
    });
    expect(headers['access-control-expose-headers']).toBe(
      'x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,x-amzn-ErrorMessage,Date',
    );
  });

  test('lets a page read the log and the failure of a function', async () => {
    server = await startServer();
    const { headers } = await ask(invoke('iot-IoTAPI'), { origin: 'null', 'x-amz-log-type': 'Tail' }, 'POST', '{}');
    expect(headers).toMatchObject({ 'x-amz-function-error': 'Unhandled', 'x-amz-log-result': expect.any(String) });
    expect(headers['access-control-expose-headers']).toContain('x-amz-log-result,x-amz-function-error');
  });

  test.each([
    ['POST', '/readings', { 'content-type': 'application/json' }, '{"sensorid":"a","value":1}'],
    ['PUT', '/2015-03-31/event-source-mappings/any', { 'content-type': 'text/plain' }, '{"Enabled":false}'],
    ['POST', '/readings', { 'content-type': 'text/plain' }, '{"sensorid":"a","value":1}'],
    ['POST', '/', target('PutRecord'), '{}'],
    ['POST', invoke('iot-IoTAPI'), {}, '{}'],
    ['POST', invoke('iot-IoTS3EventProcessor'), { 'content-type': 'text/plain' }, '{"Records":[]}'],
    ['POST', '/lab/clock', { 'content-type': 'application/json' }, '{"advanceSeconds":1}'],
    ['DELETE', '/lab/fleet', {}, ''],
    ['OPTIONS', '/readings', { 'access-control-request-method': 'POST' }, ''],
    ['GET', '/pipeline', {}, ''],
    ['HEAD', '/events', {}, ''],
    ['GET', '/events', { 'sec-fetch-mode': 'no-cors' }, ''],
    ['GET', '/nowhere', {}, ''],
  ])('refuses %s %s %j of a foreign page', async (method, path, headers, body) => {
    server = await startServer();
    const answer = await ask(path, { ...headers, origin: 'http://evil.test' }, method, body);
    expect(answer.status).toBe(403);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    if ('x-amz-target' in headers) expect(answer.headers['x-amzn-errortype']).toBe('AccessDeniedException');
    expect(server.services.eventHub.watched).toBe(false);
    expect((await fetch(`${server.url}/sensors`)).status).toBe(200);
  });

  test('lets a page that is allowed do what its own pages may', async () => {
    server = await startServer({ doors: { allowedOrigins: ['https://grafana.example'] } });
    const origin = 'https://grafana.example';
    const answer = await ask('/pipeline', { origin });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': origin, vary: 'origin' });
    const moved = await ask(
      '/lab/clock',
      { origin, 'content-type': 'application/json' },
      'POST',
      '{"advanceSeconds":1}',
    );
    expect(moved.status).toBe(200);
  });

  test('goes by the names that it was given, and by addresses, when it listens beyond loopback', async () => {
    server = await startServer({ host: '0.0.0.0', doors: { allowedHosts: ['pi.local'] } });
    for (const host of ['pi.local:3000', '192.168.1.7:3000', 'localhost']) {
      expect((await ask('/health', { host })).status).toBe(200);
    }
    const answer = await ask('/health', { host: 'evil.test' });
    expect(answer.status).toBe(421);
    expect(answer.text).toContain('--allowed-hosts evil.test');
  });

  test('says on every answer that it is not to be embedded or guessed at', async () => {
    server = await startServer();
    for (const path of ['/', '/health', '/nowhere', '/archive', '/docs/json']) {
      const { headers } = await ask(path, {});
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
      });
    }
  });
});
