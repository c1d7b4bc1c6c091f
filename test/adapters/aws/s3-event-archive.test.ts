import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { S3EventArchive } from '../../../adapters/aws/s3-event-archive.ts';
import { KeyTaken, ObjectTooLarge, StoreUnavailable } from '../../../core/errors.ts';
import { eventArchiveContract } from '../../contracts/event-archive-contract.ts';
import { range, uniqueName } from '../../contracts/harness.ts';
import { engineCredentials } from '../../support/engine-server.ts';
import { describeWithEngine } from '../../support/engines.ts';
import { calls, chosenBy, cutAfter, cutBefore, hangBefore, inTurn } from '../../support/fault-proxy/actions.ts';
import { type Action, type FaultProxy, startFaultProxy } from '../../support/fault-proxy/fault-proxy.ts';
import {
  conditionalRequestConflict,
  s3Answer,
  s3Error,
  s3InternalError,
  slowDown,
  stallInBody,
} from '../../support/fault-proxy/s3-rules.ts';
import { bytesOf } from '../../support/record-factory.ts';
import { s3Client, useS3Bucket } from '../../support/s3-bucket.ts';
import { sleepless } from '../../support/sleepless.ts';
import { Tape } from '../../support/tape.ts';

const anyCall = calls('s3', 'PutObject', 'GetObject', 'ListObjectsV2');
const always = (action: Action) => ({ matches: anyCall, action });

describeWithEngine('moto_server', 'S3 event archive on moto', (executable) => {
  const s3 = useS3Bucket(executable);

  eventArchiveContract('S3, the whole bucket', async () => ({ archive: new S3EventArchive(s3().options) }));
  eventArchiveContract('S3, below a prefix', async () => ({
    archive: new S3EventArchive({ ...s3().options, prefix: 'a prefix+/°/' }),
  }));

  test('keeps archives of one bucket apart by their prefixes', async () => {
    const name = uniqueName('apart');
    const whole = new S3EventArchive(s3().options);
    const below = new S3EventArchive({ ...s3().options, prefix: `${name}/` });
    await below.put('key', bytesOf('below'));
    expect(await whole.get('key')).toBeUndefined();
    expect(await whole.list({ prefix: name, limit: 10 })).toMatchObject({
      objects: [{ key: `${name}/key`, size: 5 }],
      more: false,
    });
    expect(await below.list({ limit: 10 })).toMatchObject({ objects: [{ key: 'key', size: 5 }], more: false });
  });

  test('reads what Lambda itself puts into the bucket on failure', async () => {
    const { client, options } = s3();
    const Key =
      'aws/lambda/6d9c2f10-0000-4000-8000-0000000000aa/shardId-000000000000/2026/01/15/2026-01-15T12.00.00-uuid';
    await client.send(new PutObjectCommand({ Bucket: options.bucket, Key, Body: '{"version":"1.0"}' }));
    const archive = new S3EventArchive(options);
    const { objects } = await archive.list({ prefix: 'aws/lambda/', limit: 10 });
    expect(objects.map(({ key }) => key)).toContain(Key);
    expect(Buffer.from((await archive.get(Key))!).toString()).toBe('{"version":"1.0"}');
  });

  test('does not read an object that nobody here can have put, and does not replace it', async () => {
    const { client, options } = s3();
    const Key = uniqueName('huge');
    await client.send(new PutObjectCommand({ Bucket: options.bucket, Key, Body: Buffer.alloc(64 * 1_048_576 + 1) }));
    const archive = new S3EventArchive(options);
    await expect(archive.get(Key)).rejects.toThrow(ObjectTooLarge);
    await expect(archive.put(Key, bytesOf('small'))).rejects.toThrow(KeyTaken);
  });

  test('leaves out the folder that the console makes of a prefix', async () => {
    const { client, options } = s3();
    const prefix = `${uniqueName('folder')}/`;
    await client.send(new PutObjectCommand({ Bucket: options.bucket, Key: prefix, Body: new Uint8Array(0) }));
    const archive = new S3EventArchive({ ...options, prefix });
    expect(await archive.list({ limit: 10 })).toEqual({ objects: [], more: false });
  });

  test('says in the metadata what an object is', async () => {
    const { client, options } = s3();
    const archive = new S3EventArchive(options);
    const head = async (Key: string) => {
      await archive.put(Key, bytesOf('bytes'));
      const { ContentType, ContentEncoding } = await client.send(
        new HeadObjectCommand({ Bucket: options.bucket, Key }),
      );
      return { ContentType, ContentEncoding };
    };
    expect(await head(`${uniqueName('meta')}.ndjson.gz`)).toEqual({
      ContentType: 'application/x-ndjson',
      ContentEncoding: 'gzip',
    });
    expect(await head(`${uniqueName('meta')}.json`)).toMatchObject({ ContentType: 'application/json' });
  });

  test('has nothing under keys that S3 cannot have, and does not ask', async () => {
    const { proxy, options } = s3();
    const archive = new S3EventArchive(options);
    for (const key of ['', 'ü'.repeat(513), '\uD800', '\n', 'a\u0000b', '\u007f'])
      expect(await archive.get(key)).toBeUndefined();
    expect(proxy.calls).toEqual([]);
  });

  test('takes keys of 1,024 bytes', async () => {
    const archive = new S3EventArchive({ ...s3().options, prefix: 'limit/' });
    const key = 'ü'.repeat((1_024 - 'limit/'.length) / 2);
    await archive.put(key, bytesOf('fits'));
    expect(await archive.get(key)).toHaveLength(4);
  });

  test('loses nothing under any mix of faults', async () => {
    const { proxy, options } = s3();
    const faults = [slowDown, s3InternalError, conditionalRequestConflict, cutBefore, cutAfter];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 5 }), { maxLength: 12 }), async (choices) => {
        const archive = new S3EventArchive({ ...options, prefix: `${uniqueName('faults')}/`, patienceMillis: 600_000 });
        proxy.rules = [chosenBy(new Tape(choices), anyCall, faults)];
        for (const key of ['c', 'a', 'b']) await archive.put(key, bytesOf(`body of ${key}`));
        const { objects, more } = await archive.list({ limit: 3 });
        expect({ objects, more }).toMatchObject({
          objects: ['a', 'b', 'c'].map((key) => ({ key, size: 9 })),
          more: false,
        });
        for (const key of ['a', 'b', 'c']) {
          expect(Buffer.from((await archive.get(key))!).toString()).toBe(`body of ${key}`);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('asks again for a body that stalled on its way', async () => {
    const { proxy, options } = s3();
    const archive = new S3EventArchive({ ...options, patienceMillis: 400 });
    const key = uniqueName('stall');
    await archive.put(key, bytesOf('whole at last'));
    proxy.rules = [inTurn(calls('s3', 'GetObject'), [stallInBody])];
    expect(Buffer.from((await archive.get(key))!).toString()).toBe('whole at last');
    expect(proxy.calls.map(({ operation }) => operation)).toEqual(['PutObject', 'GetObject', 'GetObject']);
  });
});

describe('S3 event archive, where S3 does not do as asked', () => {
  let proxy: FaultProxy;
  let client: S3Client;

  beforeAll(async () => {
    proxy = await startFaultProxy({ target: 'http://127.0.0.1:9', limits: [] });
    client = s3Client({ ...engineCredentials, endpoint: proxy.url });
  });

  afterAll(async () => {
    client.destroy();
    await proxy.close();
  });

  function archiveMeeting(action: Action) {
    proxy.calls.length = 0;
    proxy.rules = [always(action)];
    const { clock, ...backoff } = sleepless();
    return { clock, archive: new S3EventArchive({ ...backoff, client, bucket: 'bucket' }) };
  }

  test('retries while time is left, no longer, and says what S3 said', async () => {
    const { clock, archive } = archiveMeeting(slowDown);
    const deadline = clock.now() + 5_000;
    const put = archive.put('key', bytesOf('body'), { remainingMillis: () => deadline - clock.now() });
    await expect(put).rejects.toThrow(StoreUnavailable);
    await expect(put).rejects.toThrow(/^archive: did not take key \(SlowDown: .*request fault-proxy/);
    expect(proxy.calls.length).toBeGreaterThan(3);
    expect(clock.now()).toBeLessThanOrEqual(deadline);
  });

  test('tries once where no time is left', async () => {
    const { archive } = archiveMeeting(slowDown);
    const put = archive.put('key', bytesOf('body'), { remainingMillis: () => 0 });
    await expect(put).rejects.toThrow(/SlowDown/);
    expect(proxy.calls).toHaveLength(1);
  });

  test('gives up by itself on an answer that does not come', async () => {
    const { archive } = archiveMeeting(hangBefore);
    const put = archive.put('key', bytesOf('body'), { remainingMillis: () => 100 });
    await expect(put).rejects.toThrow(StoreUnavailable);
  });

  test('loses patience where the caller sets no limit', async () => {
    const { clock, archive } = archiveMeeting(s3InternalError);
    const begin = clock.now();
    await expect(archive.get('key')).rejects.toThrow(StoreUnavailable);
    await expect(archive.list({ limit: 1 })).rejects.toThrow(StoreUnavailable);
    expect(clock.now() - begin).toBeLessThanOrEqual(20_000);
  });

  test('does not take a missing permission for a missing object', async () => {
    const { archive } = archiveMeeting(s3Error(403, 'AccessDenied'));
    await expect(archive.get('key')).rejects.toThrow(/AccessDenied/);
  });

  test('does not take a missing bucket for a missing object', async () => {
    const { archive } = archiveMeeting(s3Error(404, 'NoSuchBucket'));
    await expect(archive.get('key')).rejects.toThrow(/NoSuchBucket/);
  });

  test('does not retry what S3 will never take', async () => {
    const { archive } = archiveMeeting(s3Error(400, 'KeyTooLongError'));
    await expect(archive.put('k'.repeat(1_025), bytesOf('body'))).rejects.toThrow('KeyTooLongError');
    expect(proxy.calls).toHaveLength(1);
  });

  describe('stitching pages', () => {
    /** Pages as S3 may cut them, in the order of the calls. */
    function pages(...contents: readonly (readonly string[])[]): Action {
      let next = 0;
      return async () => {
        const keys = contents[next] ?? [];
        next += 1;
        const token = next < contents.length ? `<NextContinuationToken>${next}</NextContinuationToken>` : '';
        const listed = keys.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join('');
        return s3Answer(`<ListBucketResult><EncodingType>url</EncodingType>${token}${listed}</ListBucketResult>`);
      };
    }

    const parameters = (name: string) => proxy.calls.map(({ url }) => new URL(url, proxy.url).searchParams.get(name));

    test('goes on where S3 cuts a page short, even to nothing', async () => {
      const { archive } = archiveMeeting(pages(['a'], [], ['b', 'c']));
      const { objects, more } = await archive.list({ limit: 3 });
      expect(objects.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
      expect(more).toBe(false);
      expect(parameters('continuation-token')).toEqual([null, '1', '2']);
    });

    test('asks for more keys than a page has in pages of 1,000', async () => {
      const keys = range(1_500).map((index) => `key-${String(index).padStart(4, '0')}`);
      const { archive } = archiveMeeting(pages(keys.slice(0, 1_000), keys.slice(1_000, 1_201), keys.slice(1_201)));
      const { objects, more } = await archive.list({ limit: 1_200 });
      expect(objects.map(({ key }) => key)).toEqual(keys.slice(0, 1_200));
      expect(more).toBe(true);
      expect(parameters('max-keys')).toEqual(['1000', '201']);
    });

    test('does not believe a page that says more follows and is the last', async () => {
      const { archive } = archiveMeeting(pages(['a', 'b'], []));
      expect(await archive.list({ limit: 2 })).toMatchObject({ more: false });
    });

    test('reads keys as S3 encodes them', async () => {
      const { archive } = archiveMeeting(pages(['a+b%2Bc%01%C3%BC/%25']));
      const { objects } = await archive.list({ limit: 1 });
      expect(objects).toMatchObject([{ key: 'a b+c\u0001ü/%', size: 1 }]);
    });
  });
});
