/** AWS calls against the whole server: its guards speak the protocol of the client, and its page is not in the way. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type RunningServer, startServer } from '../../support/running-server.ts';

let server: RunningServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

function send(method: string, path: string, headers: Record<string, string>) {
  return new Promise<{ status: number | undefined; type: string | undefined; body: string }>((resolve, reject) => {
    const sent = request(new URL(path, server.url), { method, headers }, (response) => {
      const { statusCode: status, headers: seen } = response;
      text(response).then((body) => resolve({ status, type: seen['content-type'], body }), reject);
    });
    sent.on('error', reject).end();
  });
}

const signed = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/${service}/aws4_request, Signature=0`;

describe('a client that uses another host name is told in its own protocol', () => {
  const host = 'host.docker.internal:3000';

  test.each([
    [{ 'x-amz-target': 'Kinesis_20131202.PutRecord' }, 'application/x-amz-json-1.1', '"__type":"MisdirectedRequest"'],
    [{ authorization: signed('s3') }, 'application/xml', '<Code>MisdirectedRequest'],
    [
      { authorization: signed('sts'), 'content-type': 'application/x-www-form-urlencoded' },
      'text/xml',
      '<Code>MisdirectedRequest',
    ],
    [{ accept: 'text/html' }, 'application/problem+json; charset=utf-8', '"title":"Misdirected Request"'],
  ])('%j', async (headers, type, content) => {
    const answer = await send('POST', '/', { host, ...headers });
    expect(answer).toMatchObject({ status: 421, type, body: expect.stringContaining(content) });
    expect(answer.body).toContain('--allowed-hosts host.docker.internal');
  });
});

test('only a call of an AWS client is kept from the page', async () => {
  expect(await send('GET', '/', {})).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' });
  expect((await send('GET', '/', { authorization: signed('s3') })).type).toBe('application/xml');
});
