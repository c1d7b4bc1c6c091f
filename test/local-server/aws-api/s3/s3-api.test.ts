/** The S3 API over archives in memory, by the SDK and below it. */
import { createHash } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  GetBucketAclCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  S3Client,
  waitUntilObjectExists,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { XMLParser } from 'fast-xml-parser';
import type { FastifyInstance } from 'fastify';
import { MemoryEventArchive } from '../../../../adapters/memory/memory-event-archive.ts';
import { StoreUnavailable } from '../../../../core/errors.ts';
import { frontDoor, names, region } from '../front-door.ts';

const PUT = Date.UTC(2026, 0, 1, 12, 0, 0, 700);
const Bucket = names.bucket;
const Key = '2026-01-01/1.shardId-000000000000.ndjson.gz';
const BODY = Buffer.from('0123456789');
const ETag = `"${createHash('md5').update(BODY).digest('hex')}"`;
const LastModified = 'Thu, 01 Jan 2026 12:00:00 GMT';

let archive: MemoryEventArchive;
let app: FastifyInstance;
let address: string;
let client: S3Client;

beforeEach(async () => {
  archive = new MemoryEventArchive({ clock: { now: () => PUT } });
  await archive.put(Key, BODY);
  await archive.put('2026-01-02/2.json', BODY);
  const buckets = new Map([
    [Bucket, archive],
    [names.undeliveredBucket, new MemoryEventArchive()],
  ]);
  app = await frontDoor({ buckets });
  address = await app.listen({ host: '127.0.0.1', port: 0 });
  client = connect({});
});
afterEach(async () => {
  client.destroy();
  await app.close();
});

/** As the SDK is without settings, but for endpoint and credentials. */
function connect(settings: ConstructorParameters<typeof S3Client>[0]): S3Client {
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  return new S3Client({ endpoint: address, region, credentials, maxAttempts: 1, ...settings });
}

const authorization = `AWS4-HMAC-SHA256 Credential=A/20260101/${region}/s3/aws4_request, Signature=0`;

async function send(method: string, path: string, headers: Record<string, string> = {}, content?: string) {
  const answer = await fetch(address + path, {
    method,
    headers: { authorization, ...headers },
    ...(content !== undefined && { body: content }),
  });
  return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
}

const parse = (xml: string) => new XMLParser({ ignoreAttributes: false }).parse(xml) as Record<string, unknown>;

describe('an SDK', () => {
  test('lists the buckets', async () => {
    const { Buckets, Owner } = await client.send(new ListBucketsCommand());
    expect(Buckets).toEqual(
      [Bucket, names.undeliveredBucket].map((Name) => ({
        ...{ Name, BucketRegion: region },
        CreationDate: new Date(Date.UTC(2026, 0, 1)),
      })),
    );
    expect(Owner?.ID).toMatch(/^[0-9a-f]{64}$/);
  });

  test('finds a bucket and its region', async () => {
    expect(await client.send(new HeadBucketCommand({ Bucket }))).toMatchObject({ BucketRegion: region });
    expect(await client.send(new GetBucketLocationCommand({ Bucket }))).toMatchObject({ LocationConstraint: region });
  });

  test('lists objects in pages, in both versions', async () => {
    const keys: (string | undefined)[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2({ client, pageSize: 1 }, { Bucket })) {
      keys.push(...Contents.map((object) => object.Key));
    }
    expect(keys).toEqual([Key, '2026-01-02/2.json']);
    expect(await client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 1 }))).toMatchObject({
      ...{ IsTruncated: true, NextMarker: '2026-01-01/', CommonPrefixes: [{ Prefix: '2026-01-01/' }] },
    });
  });

  test('gets an object, its head, and a part of it', async () => {
    const object = { Bucket, Key };
    const head = { ContentLength: 10, ETag, LastModified: new Date(LastModified), ContentEncoding: 'gzip' };
    expect(await client.send(new HeadObjectCommand(object))).toMatchObject(head);
    const { Body, ...rest } = await client.send(new GetObjectCommand(object));
    expect(rest).toMatchObject({ ...head, ContentType: 'application/x-ndjson', AcceptRanges: 'bytes' });
    expect(await Body?.transformToString()).toBe('0123456789');
    const part = await client.send(new GetObjectCommand({ ...object, Range: 'bytes=2-4' }));
    expect(part).toMatchObject({ ContentRange: 'bytes 2-4/10', ContentLength: 3 });
    expect(await part.Body?.transformToString()).toBe('234');
    await waitUntilObjectExists({ client, maxWaitTime: 10 }, object);
  });

  test('is told what is not there', async () => {
    await expect(client.send(new GetObjectCommand({ Bucket, Key: 'x' }))).rejects.toMatchObject({
      ...{ name: 'NoSuchKey', message: 'The specified key does not exist.', Key: 'x' },
      $metadata: { httpStatusCode: 404 },
    });
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'x' }))).rejects.toMatchObject({ name: 'NotFound' });
    await expect(client.send(new ListObjectsCommand({ Bucket: 'other' }))).rejects.toMatchObject({
      ...{ name: 'NoSuchBucket', BucketName: 'other' },
      message: `The specified bucket does not exist. This server has ${Bucket}, ${names.undeliveredBucket}.`,
    });
    await expect(client.send(new GetBucketAclCommand({ Bucket }))).rejects.toMatchObject({
      ...{
        name: 'NotImplemented',
        message: expect.stringMatching(/^GET \?acl of S3 is not offered here\. S3 has List/),
      },
    });
  });

  test.each([
    ['a few bytes', () => 'body', {}],
    ['a stream', () => Readable.from([Buffer.alloc(200_000), Buffer.alloc(200_000)]), { ContentLength: 400_000 }],
    ['more than is read', () => Buffer.alloc(20_000_000), {}],
  ])('may not write, neither %s', async (_what, body, more) => {
    // It warns that it cannot send a stream again.
    const silent = () => undefined;
    const quiet = connect({ logger: { debug: silent, info: silent, warn: silent, error: silent } });
    await expect(quiet.send(new PutObjectCommand({ Bucket, Key, Body: body(), ...more }))).rejects.toMatchObject({
      ...{ name: 'AccessDenied', message: expect.stringMatching(/^Access Denied\. S3 is read only here/) },
      $metadata: { httpStatusCode: 403 },
    });
    expect(await archive.get(Key)).toEqual(new Uint8Array(BODY));
    quiet.destroy();
  });
});

test('a host that begins with a bucket is that bucket', async () => {
  const headers = { authorization, host: `${Bucket}.localhost:3000`, range: 'bytes=0-0' };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(`${address}/${Key}`, { headers }, resolve).on('error', reject).end();
  });
  expect([answer.statusCode, await text(answer)]).toEqual([206, '0']);
});

describe('on the wire', () => {
  test('every answer has the ids of S3', async () => {
    for (const path of ['/', `/${Bucket}`, `/${Bucket}/2026-01-02/2.json`, '/other']) {
      const { headers } = await send('GET', path);
      expect(headers).toMatchObject({
        ...{ 'x-amz-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/) },
        'x-amz-id-2': expect.stringMatching(/^[\w+/]{64}$/),
      });
    }
  });

  test('an error is XML as that of S3', async () => {
    const { status, headers, body } = await send('GET', `/${Bucket}/a%26b`);
    expect([status, headers['content-type']]).toEqual([404, 'application/xml']);
    expect(parse(body)).toEqual({
      '?xml': { '@_version': '1.0', '@_encoding': 'UTF-8' },
      Error: {
        ...{ Code: 'NoSuchKey', Message: 'The specified key does not exist.', Key: 'a&b' },
        RequestId: headers['x-amz-request-id'],
      },
    });
  });

  test('a listing is in the namespace of S3', async () => {
    const { headers, body } = await send('GET', `/${Bucket}?list-type=2&prefix=x`);
    expect(headers['content-type']).toBe('application/xml');
    expect(parse(body)).toMatchObject({
      ListBucketResult: {
        '@_xmlns': 'http://s3.amazonaws.com/doc/2006-03-01/',
        ...{ Name: Bucket, Prefix: 'x', KeyCount: 0, IsTruncated: false },
      },
    });
  });

  test.each([
    [{ 'if-none-match': ETag }, 304, ''],
    [{ 'if-modified-since': LastModified }, 304, ''],
    [{ 'if-match': '"x"' }, 412, 'PreconditionFailed'],
    [{ range: 'bytes=10-' }, 416, 'InvalidRange'],
    [{ range: 'bytes=8-' }, 206, '89'],
  ])('%j is answered with %i', async (headers, status, content) => {
    // Fetch would unpack what says that it is gzip.
    const answer = await send('GET', `/${Bucket}/2026-01-02/2.json`, headers);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(content);
    if (status === 304) expect(answer).toMatchObject({ body: '', headers: { etag: ETag } });
  });

  test.each(['PUT', 'POST', 'DELETE', 'PATCH'])('%s is refused whatever is written', async (method) => {
    for (const path of ['/', '/new', `/${Bucket}/${Key}`, `/${Bucket}?delete`, `/${Bucket}/${Key}?uploads`]) {
      const { status, body } = await send(method, path, {}, method === 'DELETE' ? undefined : 'body');
      expect([status, parse(body)]).toEqual([
        403,
        expect.objectContaining({ Error: expect.objectContaining({ Code: 'AccessDenied' }) }),
      ]);
    }
    expect((await archive.list({ limit: 10 })).objects).toHaveLength(2);
  });

  test('an archive that is down is an error of the server', async () => {
    archive.list = () => Promise.reject(new StoreUnavailable('archive', 'is down'));
    const { status, body } = await send('GET', `/${Bucket}`);
    expect(status).toBe(500);
    expect(parse(body)).toMatchObject({ Error: { Code: 'InternalError' } });
  });
});
