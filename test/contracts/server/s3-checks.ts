/** The buckets as a client of S3 reads them, with the SDK as it comes. */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect } from '@jest/globals';
import {
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  NoSuchKey,
  S3Client,
} from '@aws-sdk/client-s3';
import { type Checks, type ContractServer, SENSOR, VALUES } from './fixture.ts';

interface Buckets {
  readonly s3: S3Client;
  readonly archive: string;
  readonly undelivered: string;
}

/** A check with a client of S3. */
const asS3 = (check: (buckets: Buckets) => Promise<void>) => async (server: ContractServer) => {
  const { names, region } = server.services.identity;
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  const s3 = new S3Client({ endpoint: server.url, region, credentials, forcePathStyle: true });
  try {
    await check({ s3, archive: names.bucket, undelivered: names.undeliveredBucket });
  } finally {
    s3.destroy();
  }
};

async function keysOf({ s3 }: Buckets, Bucket: string): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  return Contents.map(({ Key = '' }) => Key);
}

export const s3Checks: Readonly<Record<string, Checks>> = {
  's3 ListBuckets': {
    'lists the two buckets': asS3(async ({ s3, archive, undelivered }) => {
      const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
      expect(Buckets.map(({ Name }) => Name).sort()).toEqual([archive, undelivered].sort());
    }),
  },
  's3 HeadBucket': {
    'knows the bucket, and no other': asS3(async ({ s3, archive }) => {
      expect((await s3.send(new HeadBucketCommand({ Bucket: archive }))).$metadata.httpStatusCode).toBe(200);
      await expect(s3.send(new HeadBucketCommand({ Bucket: 'of-someone-else' }))).rejects.toMatchObject({
        name: 'NotFound',
      });
    }),
  },
  's3 GetBucketLocation': {
    // S3 tells us-east-1 by an empty element.
    'tells the region': asS3(async ({ s3, archive }) => {
      const { LocationConstraint } = await s3.send(new GetBucketLocationCommand({ Bucket: archive }));
      expect(LocationConstraint ?? '').toBe('');
    }),
  },
  's3 ListObjectsV2': {
    'lists the archive page by page': asS3(async (buckets) => {
      const { s3, archive } = buckets;
      const all = await keysOf(buckets, archive);
      const paged: string[] = [];
      for (let token: string | undefined, more = true; more; more = token !== undefined) {
        const page: ListObjectsV2CommandOutput = await s3.send(
          new ListObjectsV2Command({ Bucket: archive, MaxKeys: 1, ...(token && { ContinuationToken: token }) }),
        );
        paged.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
        token = page.NextContinuationToken;
      }
      expect(all.length).toBeGreaterThan(0);
      // Other checks put readings meanwhile: what was there before is listed, what is listed is there after, in order, each once.
      const after = await keysOf(buckets, archive);
      expect(paged.filter((key) => all.includes(key))).toEqual(all);
      expect(after.filter((key) => paged.includes(key))).toEqual(paged);
    }),
    'lists what was rejected and what was given up': asS3(async (buckets) => {
      const folders = (await keysOf(buckets, buckets.undelivered)).map((key) => key.split('/')[0]);
      expect(new Set(folders).size).toBe(2);
      expect(folders).toContain('quarantine');
    }),
  },
  's3 ListObjects': {
    'lists the days of the archive': asS3(async ({ s3, archive }) => {
      const { CommonPrefixes = [] } = await s3.send(new ListObjectsCommand({ Bucket: archive, Delimiter: '/' }));
      expect(CommonPrefixes.length).toBeGreaterThan(0);
      for (const { Prefix } of CommonPrefixes) expect(Prefix).toMatch(/^\d{4}-\d\d-\d\d\/$/);
    }),
  },
  's3 GetObject': {
    'reads the readings': asS3(async (buckets) => {
      const { s3, archive } = buckets;
      const texts = (await keysOf(buckets, archive)).map(async (Key) => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: archive, Key }));
        return gunzipSync(await Body!.transformToByteArray()).toString();
      });
      const lines = (await Promise.all(texts)).flatMap((text) => text.trimEnd().split('\n'));
      const archived = lines.map((line) => JSON.parse(line) as { partitionKey: string; data?: { value: number } });
      const values = archived.filter(({ partitionKey }) => partitionKey === SENSOR).map(({ data }) => data?.value);
      expect(values).toEqual(VALUES);
    }),
    'reads a range of bytes': asS3(async (buckets) => {
      const { s3, archive } = buckets;
      const [Key] = await keysOf(buckets, archive);
      const { Body, ContentRange } = await s3.send(new GetObjectCommand({ Bucket: archive, Key, Range: 'bytes=0-1' }));
      expect(ContentRange).toMatch(/^bytes 0-1\/\d+$/);
      expect([...(await Body!.transformToByteArray())]).toEqual([0x1f, 0x8b]);
    }),
    'does not know an object that is not here': asS3(async ({ s3, archive }) => {
      await expect(s3.send(new GetObjectCommand({ Bucket: archive, Key: 'nothing' }))).rejects.toThrow(NoSuchKey);
    }),
  },
  's3 HeadObject': {
    'tells size and ETag': asS3(async (buckets) => {
      const { s3, archive } = buckets;
      const [Key] = await keysOf(buckets, archive);
      const { ContentLength, ETag } = await s3.send(new HeadObjectCommand({ Bucket: archive, Key }));
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: archive, Key }));
      const bytes = await Body!.transformToByteArray();
      expect(ContentLength).toBe(bytes.length);
      expect(ETag).toBe(`"${createHash('md5').update(bytes).digest('hex')}"`);
    }),
  },
};
