/** Signatures of AWS clients, unchanged, checked with the server's token as the secret access key. */
import { execFile } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { KinesisClient, ListStreamsCommand, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client, ListBucketsCommand } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import AWS from 'aws-sdk';
import { decode as decodeCbor } from 'cborg';
import { AccessToken } from '../../../local-server/http/access-token.ts';
import { readSignature, SignatureFlaw, verifySignature } from '../../../local-server/aws-api/signature.ts';
import { callBoto3, type ClientHome, clientHome, describeWithBoto3, runCli } from '../../support/aws-clients.ts';
import { describeWithEngine } from '../../support/engines.ts';
import { type RunningServer, startServer } from '../../support/running-server.ts';

jest.setTimeout(120_000);

/** With what has to be escaped, as a person may choose it. */
const secret = "it's/a+secret=&%20";
let server: RunningServer;
let denied: number;
beforeAll(async () => {
  server = await startServer({ token: new AccessToken(secret) });
});
afterAll(() => server.close());
beforeEach(async () => {
  denied = await failedAttempts();
});

const bearer = { authorization: `Bearer ${secret}` };

/** Asked with the right token, which also gives the address its tries back. */
async function failedAttempts(): Promise<number> {
  const answer = await fetch(`${server.url}/pipeline`, { headers: bearer });
  return ((await answer.json()) as { access: { failedAttempts: number } }).access.failedAttempts;
}

const keys = (secretAccessKey: string, more: object = {}) => ({
  endpoint: server.url,
  region: 'eu-west-1',
  credentials: { accessKeyId: 'AKIDANY', secretAccessKey, ...more },
  maxAttempts: 1,
});
const put = new PutRecordCommand({ StreamName: 'iot-SensorStream', PartitionKey: 'ü', Data: Buffer.from('{}') });
const query = (FunctionName: string) =>
  new InvokeCommand({ FunctionName, Payload: '{"operation":"query","sensorid":"k"}' });

describe('the AWS SDK for JavaScript v3', () => {
  test.each([
    ['HTTP/2', {}],
    ['HTTP/1.1', { requestHandler: new NodeHttpHandler() }],
    ['a session token', { credentials: { accessKeyId: 'A', secretAccessKey: secret, sessionToken: 'any+thing' } }],
  ])('puts over %s', async (_how, more) => {
    const client = new KinesisClient({ ...keys(secret), ...more });
    expect((await client.send(put)).ShardId).toMatch(/^shardId-/);
    client.destroy();
  });

  test('invokes by name and by ARN, which is escaped in the path', async () => {
    const client = new LambdaClient(keys(secret));
    for (const name of ['iot-IoTAPI', 'arn:aws:lambda:us-east-1:000000000000:function:iot-IoTAPI']) {
      expect((await client.send(query(name))).StatusCode).toBe(200);
    }
    client.destroy();
  });

  test('is refused with another secret', async () => {
    const kinesis = new KinesisClient(keys('wrong'));
    const failure = await kinesis.send(put).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      name: 'InvalidSignatureException',
      message: expect.stringContaining('the token as the secret access key'),
    });
    const lambda = new LambdaClient(keys('wrong'));
    await expect(lambda.send(query('iot-IoTAPI'))).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      $metadata: { httpStatusCode: 403 },
    });
    const s3 = new S3Client({ ...keys('wrong'), forcePathStyle: true });
    await expect(s3.send(new ListBucketsCommand({}))).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
    for (const client of [kinesis, lambda, s3]) client.destroy();
    expect((await failedAttempts()) - denied).toBe(3);
  });
});

describe('the AWS SDK for JavaScript v2', () => {
  const options = (secretAccessKey: string) =>
    Object.assign(new AWS.Config(), {
      endpoint: server.url,
      region: 'us-east-1',
      accessKeyId: 'a',
      secretAccessKey,
      maxRetries: 0,
      s3ForcePathStyle: true,
      signatureVersion: 'v4',
    });

  test('puts with the token, and is refused without', async () => {
    const record = { StreamName: 'iot-SensorStream', PartitionKey: 'k', Data: '{}' };
    expect(await new AWS.Kinesis(options(secret)).putRecord(record).promise()).toHaveProperty('SequenceNumber');
    await expect(new AWS.Kinesis(options('no')).putRecord(record).promise()).rejects.toMatchObject({
      code: 'InvalidSignatureException',
    });
  });

  test('presigns', async () => {
    const s3 = new AWS.S3(options(secret));
    const url = s3.getSignedUrl('getObject', { Bucket: 'iot-x', Key: 'a b/ü.gz', Expires: 60 });
    const forged = url.replace('.gz', '.xz');
    expect(await (await fetch(forged)).text()).toContain('<Code>SignatureDoesNotMatch');
    expect(await (await fetch(url)).text()).not.toMatch(/Signature|AccessDenied/);
  });
});

describe('an AWS call that is not signed, or not by us', () => {
  const post = (headers: Record<string, string>, path = '/', body = '{}') =>
    fetch(server.url + path, { method: 'POST', headers, body });

  test.each([
    [
      'application/x-amz-json-1.1',
      { 'x-amz-target': 'Kinesis_20131202.ListStreams' },
      400,
      /MissingAuthenticationTokenException/,
    ],
    [
      'application/x-amz-json-1.0',
      { 'x-amz-target': 'DynamoDB_20120810.Scan' },
      400,
      /MissingAuthenticationTokenException/,
    ],
    ['application/x-www-form-urlencoded', {}, 403, /<Code>MissingAuthenticationToken</],
  ])('of %s is refused in its protocol', async (type, headers, status, content) => {
    const answer = await post({ 'content-type': type, ...headers });
    expect([answer.status, answer.headers.get('content-type')?.split(';')[0]]).toEqual([
      status,
      type.includes('form') ? 'text/xml' : type,
    ]);
    const body = await answer.text();
    expect(body).toMatch(content);
    expect(body).toContain('AWS_SECRET_ACCESS_KEY');
  });

  test('of Lambda is refused with 403', async () => {
    const answer = await post({}, '/2015-03-31/functions/iot-IoTAPI/invocations');
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([
      403,
      'MissingAuthenticationTokenException',
    ]);
  });

  test('in CBOR is refused in CBOR', async () => {
    const answer = await post({
      'content-type': 'application/x-amz-cbor-1.1',
      'x-amz-target': 'Kinesis_20131202.ListStreams',
    });
    expect(decodeCbor(new Uint8Array(await answer.arrayBuffer()))).toMatchObject({
      __type: 'MissingAuthenticationTokenException',
    });
  });

  test('with signature version 2 is told so', async () => {
    expect(await (await fetch(`${server.url}/b/k`, { headers: { authorization: 'AWS k:c2ln' } })).text()).toContain(
      '<Code>InvalidRequest',
    );
  });

  test('is taken with the token as a bearer, and refused with another one', async () => {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Kinesis_20131202.ListStreams' };
    expect((await post({ ...headers, ...bearer })).status).toBe(200);
    const answer = await post({ ...headers, authorization: 'Bearer no' });
    expect([answer.status, await answer.json()]).toMatchObject([400, { __type: 'UnrecognizedClientException' }]);
  });
});

test.each([
  ['long enough to need no more', 'resolves'],
  ['short', 'rejects'],
] as const)(
  'too many wrong signatures are throttled in the protocol; with a token that is %s, a right one %s',
  async (token, end) => {
    const own = await startServer({ token: new AccessToken(token) });
    const client = new KinesisClient({ ...keys('wrong'), endpoint: own.url });
    const right = new KinesisClient({ ...keys(token), endpoint: own.url });
    try {
      for (let n = 0; n < 10; n += 1) await expect(client.send(put)).rejects.toThrow(/signature/);
      await expect(client.send(put)).rejects.toMatchObject({ name: 'ThrottlingException' });
      if (end === 'resolves') expect(await right.send(put)).toHaveProperty('ShardId');
      else await expect(right.send(put)).rejects.toMatchObject({ name: 'ThrottlingException' });
    } finally {
      client.destroy();
      right.destroy();
      await own.close();
    }
  },
);

test('what is signed for S3 opens no other service', async () => {
  const options = { ...keys(secret), signingName: 's3' };
  const client = new KinesisClient(options);
  await expect(client.send(put)).rejects.toMatchObject({
    name: 'InvalidSignatureException',
    message: expect.stringContaining("not to 's3'"),
  });
  client.destroy();
});

describeWithBoto3('boto3', (python) => {
  let home: ClientHome;
  beforeAll(async () => {
    home = await clientHome(server.url);
  });
  afterAll(() => home.remove());
  const withSecret = (AWS_SECRET_ACCESS_KEY: string): ClientHome => ({
    ...home,
    environment: { ...home.environment, AWS_SECRET_ACCESS_KEY },
  });

  test('signs with the token', async () => {
    const results = await callBoto3(python, withSecret(secret), [
      ['kinesis', 'put_record', { StreamName: 'iot-SensorStream', PartitionKey: 'k', Data: '{}' }],
      ['kinesis', 'list_streams', {}],
      ['lambda', 'invoke', { FunctionName: 'iot-IoTAPI', Payload: '{"operation":"query","sensorid":"k"}' }],
      [
        'lambda',
        'invoke',
        {
          FunctionName: 'arn:aws:lambda:us-east-1:000000000000:function:iot-IoTAPI:$LATEST',
          Payload: '{"operation":"query","sensorid":"k"}',
        },
      ],
    ]);
    for (const result of results) expect(result).toHaveProperty('answer');
    // These are not offered; but that is said after the signature was taken.
    const others = await callBoto3(python, withSecret(secret), [
      ['sts', 'get_caller_identity', {}],
      ['ec2', 'describe_regions', {}],
      ['s3', 'list_objects_v2', { Bucket: 'b', Prefix: 'a b+c/ü*(1)' }],
      ['cloudwatch', 'list_metrics', {}],
    ]);
    const [written] = await callBoto3(python, withSecret(secret), [
      ['s3', 'put_object', { Bucket: 'b', Key: 'k', Body: 'x' }],
    ]);
    expect(written?.error?.Message).toContain('S3 is read only here');
    for (const { error } of others) expect(error?.Code).not.toMatch(/Auth|Signature|AccessDenied|Token/);
  });

  test('reads the refusal of every protocol', async () => {
    const results = await callBoto3(python, withSecret('wrong'), [
      ['kinesis', 'list_streams', {}],
      ['lambda', 'list_functions', {}],
      ['s3', 'list_buckets', {}],
      ['sts', 'get_caller_identity', {}],
      ['ec2', 'describe_regions', {}],
      ['cloudwatch', 'list_metrics', {}],
    ]);
    expect(results.map(({ error }) => error?.Code)).toEqual([
      'InvalidSignatureException',
      'InvalidSignatureException',
      'SignatureDoesNotMatch',
      'SignatureDoesNotMatch',
      'AuthFailure',
      expect.stringMatching(/^(InvalidSignatureException|SignatureDoesNotMatch)$/),
    ]);
    for (const { error } of results) expect(error?.Message).toContain('AWS_SECRET_ACCESS_KEY');
  });
});

describeWithEngine('aws', 'the AWS CLI', (executable) => {
  test('puts with the token, and shows why not without', async () => {
    await failedAttempts();
    const home = await clientHome(server.url);
    const run = (AWS_SECRET_ACCESS_KEY: string, ...args: string[]) =>
      runCli(executable, { ...home, environment: { ...home.environment, AWS_SECRET_ACCESS_KEY } }, args);
    const record = [
      'kinesis',
      'put-record',
      '--stream-name',
      'iot-SensorStream',
      '--partition-key',
      'k',
      '--data',
      '1',
    ];
    expect(await run(secret, ...record)).toMatchObject({ code: 0, stdout: expect.stringContaining('SequenceNumber') });
    const refused = await run('wrong', ...record);
    expect(refused.stderr).toContain('(InvalidSignatureException) when calling the PutRecord operation');
    expect(refused.stderr).toContain('sign with the token as the secret access key');
    const unsigned = await run(secret, ...record, '--no-sign-request');
    expect(unsigned.stderr).toContain('(MissingAuthenticationTokenException)');
    await home.remove();
  });
});

describeWithEngine('curl', 'curl', (curl) => {
  test.each(['--http1.1', '--http2-prior-knowledge'])('signs by itself (%s)', async (version) => {
    const { stdout } = await promisify(execFile)(curl, [
      ...['-s', '--noproxy', '*', version, '--aws-sigv4', 'aws:amz:us-east-1:kinesis', '--user', `any:${secret}`],
      ...['-H', 'x-amz-target: Kinesis_20131202.ListStreams', '-H', 'content-type: application/x-amz-json-1.1'],
      ...['-d', '{}', server.url],
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ StreamNames: ['iot-SensorStream'] });
  });
});

/** Made by hand from AWS's description, so that the checks do not depend on the library that they use. */
function sign(
  request: { method: string; path: string; query?: string; headers: Record<string, string>; hash: string },
  { date = '20260102T030405Z', service = 'kinesis', key = secret } = {},
) {
  const names = Object.keys(request.headers).sort();
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const hmac = (by: string | Buffer, text: string) => createHmac('sha256', by).update(text).digest();
  const canonical = [
    request.method,
    request.path,
    request.query ?? '',
    ...names.map((name) => `${name}:${request.headers[name]}`),
    '',
    names.join(';'),
    request.hash,
  ].join('\n');
  const scope = `${date.slice(0, 8)}/us-east-1/${service}/aws4_request`;
  const signingKey = [date.slice(0, 8), 'us-east-1', service, 'aws4_request'].reduce<string | Buffer>(
    (by, text) => hmac(by, text),
    `AWS4${key}`,
  );
  const signature = hmac(signingKey, ['AWS4-HMAC-SHA256', date, scope, hash(canonical)].join('\n')).toString('hex');
  return { scope, names: names.join(';'), signature };
}

const now = Date.UTC(2026, 0, 2, 3, 4, 5);
const sha256 = (body: string) => createHash('sha256').update(body).digest('hex');

/** A signed head of Kinesis; what is given differs from one that is right. */
function signedHead({
  body = '{}',
  date = '20260102T030405Z',
  hash = sha256(body),
  service = 'kinesis',
  more = {},
}: { body?: string; date?: string; hash?: string; service?: string; more?: Record<string, string> } = {}) {
  const headers = { host: 'h:3000', 'x-amz-date': date, ...more };
  const { scope, names, signature } = sign({ method: 'POST', path: '/', headers, hash }, { date, service });
  return {
    method: 'POST',
    url: '/',
    host: 'h:3000',
    headers: {
      ...headers,
      authorization: `AWS4-HMAC-SHA256 Credential=id/with/slashes/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    },
  };
}
type Head = ReturnType<typeof signedHead>;

async function flawOf(head: Head | Parameters<typeof readSignature>[0], body = '{}', at = now) {
  try {
    await verifySignature(readSignature(head, at), head, Buffer.from(body), secret);
    return 'none';
  } catch (error) {
    if (error instanceof SignatureFlaw) return error.flaw;
    throw error;
  }
}
const withAuthorization = (head: Head, change: (authorization: string) => string) => ({
  ...head,
  headers: { ...head.headers, authorization: change(head.headers.authorization) },
});

describe('a signature', () => {
  test('is right for its request only', async () => {
    const head = signedHead();
    expect(await flawOf(head)).toBe('none');
    expect(await flawOf(head, '{ }')).toBe('invalid');
    expect(await flawOf({ ...head, url: '/x' })).toBe('invalid');
    expect(await flawOf({ ...head, url: '/?a=b' })).toBe('invalid');
    expect(await flawOf({ ...head, method: 'PUT' })).toBe('invalid');
    expect(await flawOf({ ...head, host: 'other:3000' })).toBe('invalid');
    expect(await flawOf(withAuthorization(head, (text) => text.replace('us-east-1', 'us-east-2')))).toBe('invalid');
    expect(
      await flawOf(withAuthorization(head, (text) => text.replace(/.$/, (last) => (last === '0' ? '1' : '0')))),
    ).toBe('invalid');
    expect(await flawOf(withAuthorization(head, (text) => text.slice(0, -1)))).toBe('invalid');
  });

  test('covers the headers that it names, whatever they are', async () => {
    const head = signedHead({ more: { 'user-agent': 'a  b', 'x-amz-target': 'Kinesis_20131202.PutRecord' } });
    // Spaces in a row count as one.
    const spaced = signedHead({ more: { 'user-agent': 'a b' } });
    expect(await flawOf({ ...spaced, headers: { ...spaced.headers, 'user-agent': ' a   b ' } })).toBe('none');
    expect(await flawOf({ ...head, headers: { ...head.headers, 'x-amz-target': 'Kinesis_20131202.PutRecords' } })).toBe(
      'invalid',
    );
  });

  test.each([
    ['20260102T024905Z', 'none'],
    ['20260102T024904Z', 'skewed'],
    ['20260102T031905Z', 'none'],
    ['20260102T031906Z', 'skewed'],
    ['20260102', 'incomplete'],
    ['20261302T030405Z', 'incomplete'],
  ])('of %s at 03:04:05: %s', async (date, flaw) => {
    expect(await flawOf(signedHead({ date }))).toBe(flaw);
  });

  test('may have its time in Date', async () => {
    const headers = { host: 'h:3000', date: 'Fri, 02 Jan 2026 03:04:05 GMT' };
    const { scope, names, signature } = sign({ method: 'POST', path: '/', headers, hash: sha256('{}') });
    const authorization = `AWS4-HMAC-SHA256 Credential=id/${scope},SignedHeaders=${names},Signature=${signature}`;
    expect(await flawOf({ method: 'POST', url: '/', host: 'h:3000', headers: { ...headers, authorization } })).toBe(
      'none',
    );
  });

  test('of an unsigned or streamed body is for S3 only', async () => {
    for (const hash of [
      'UNSIGNED-PAYLOAD',
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    ]) {
      const more = { 'x-amz-content-sha256': hash };
      expect(await flawOf(signedHead({ hash, more, service: 's3' }), 'whatever')).toBe('none');
      expect(await flawOf(signedHead({ hash, more }), 'whatever')).toBe('invalid');
    }
    const more = { 'x-amz-content-sha256': sha256('{}') };
    expect(await flawOf(signedHead({ more }))).toBe('none');
    expect(await flawOf(signedHead({ more }), '{"forged":true}')).toBe('invalid');
    expect(await flawOf(signedHead({ more, service: 's3' }), '{"forged":true}')).toBe('invalid');
  });

  test.each([
    ['incomplete', (text: string) => text.replace(/Credential=[^,]*, /, '')],
    ['incomplete', (text: string) => text.replace(/SignedHeaders=[^,]*, /, '')],
    ['incomplete', (text: string) => text.replace(/, Signature=.*/, '')],
    ['incomplete', (text: string) => text.replace('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA25')],
    ['incomplete', (text: string) => text.replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256')],
    ['incomplete', (text: string) => text.replace(/Credential=[^,]*/, 'Credential=a/b/c/d')],
    ['invalid', (text: string) => text.replace('aws4_request', 'aws5_request')],
    ['invalid', (text: string) => text.replace('/20260102/', '/20260103/')],
    ['invalid', (text: string) => text.replace('host;', '')],
    ['unsupported', () => 'AWS id:signature'],
    ['incomplete', () => 'AWS4-HMAC-SHA256'],
  ])('is %s after a change of its parts (%#)', async (flaw, change) => {
    expect(await flawOf(withAuthorization(signedHead(), change))).toBe(flaw);
  });

  test('is not there twice, and not not at all', async () => {
    const head = signedHead();
    expect(await flawOf({ ...head, url: '/?X-Amz-Algorithm=AWS4-HMAC-SHA256' })).toBe('invalid');
    expect(await flawOf({ method: 'POST', url: '/', host: 'h', headers: {} })).toBe('missing');
  });

  describe('in the address', () => {
    const presigned = (date = '20260102T030405Z', expires = '60', query = 'prefix=a%2Bb%20c&prefix=a') => {
      const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
      const all = [
        'X-Amz-Algorithm=AWS4-HMAC-SHA256',
        `X-Amz-Credential=${encodeURIComponent(`id/${scope}`)}`,
        `X-Amz-Date=${date}`,
        `X-Amz-Expires=${expires}`,
        'X-Amz-SignedHeaders=host',
        ...query.split('&').sort(),
      ].join('&');
      const head = { method: 'GET', path: '/b/a%20b', query: all, headers: { host: 'h' }, hash: 'UNSIGNED-PAYLOAD' };
      const { signature } = sign(head, { date, service: 's3' });
      return { method: 'GET', url: `/b/a%20b?${all}&X-Amz-Signature=${signature}`, host: 'h', headers: {} };
    };

    test('is right until it expires', async () => {
      const head = presigned();
      expect(await flawOf(head, '')).toBe('none');
      expect(await flawOf(head, '', now + 60_000)).toBe('none');
      expect(await flawOf(head, '', now + 61_000)).toBe('expired');
      expect(await flawOf(head, '', now - 16 * 60_000)).toBe('skewed');
      expect(await flawOf(presigned(undefined, '604801'), '')).toBe('incomplete');
      expect(await flawOf({ ...head, url: head.url.replace('Expires=60', 'Expires=600') }, '')).toBe('invalid');
      expect(await flawOf({ ...head, url: head.url.replace('prefix=a&', '') }, '')).toBe('invalid');
      expect(await flawOf({ ...head, url: head.url.replace(/&X-Amz-Signature=.*/, '') }, '')).toBe('incomplete');
    });
  });
});

test('a call that comes too late says how late, and an SDK corrects its clock', async () => {
  // The SDK signs by its own clock; of an answer that complains of the time it takes the server's.
  const client = new KinesisClient({ ...keys(secret), maxAttempts: 2, systemClockOffset: -3_600_000 });
  expect((await client.send(new ListStreamsCommand({}))).StreamNames).toEqual(['iot-SensorStream']);
  client.destroy();
  expect((await failedAttempts()) - denied).toBe(0);
});
