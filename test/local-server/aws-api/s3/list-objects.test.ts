/** Listings, page by page, against what a listing is: a filter over all keys in order. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MemoryEventArchive } from '../../../../adapters/memory/memory-event-archive.ts';
import { listObjects, listObjectsV2 } from '../../../../local-server/aws-api/s3/list-objects.ts';

interface Result {
  readonly ListBucketResult: {
    readonly Contents: readonly { readonly Key: string }[];
    readonly CommonPrefixes: readonly { readonly Prefix: string }[];
    readonly IsTruncated: boolean;
    readonly KeyCount?: number;
    readonly NextContinuationToken?: string;
    readonly NextMarker?: string;
    readonly [member: string]: unknown;
  };
}

async function bucketOf(keys: readonly string[]): Promise<MemoryEventArchive> {
  const bucket = new MemoryEventArchive({ clock: { now: () => 0 } });
  for (const key of keys) await bucket.put(key, Buffer.from(key));
  return bucket;
}

const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** What all pages together must have, in order: keys, and common prefixes once each. */
function expected(keys: readonly string[], prefix: string, delimiter: string, after: string): string[] {
  const items = keys
    .filter((key) => key.startsWith(prefix) && compare(key, after) > 0)
    .map((key) => {
      const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      return end < 0 ? key : `common ${key.slice(0, end + delimiter.length)}`;
    });
  return [...new Set(items)].sort();
}

const itemsOf = ({ ListBucketResult: { Contents, CommonPrefixes } }: Result) => [
  ...Contents.map(({ Key }) => Key),
  ...CommonPrefixes.map(({ Prefix }) => `common ${Prefix}`),
];

const text = (maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é', '\u{1F331}'), maxLength });
const listing = fc.record({
  keys: fc.uniqueArray(
    text(6).filter((key) => key !== ''),
    { maxLength: 25 },
  ),
  prefix: text(2),
  delimiter: fc.constantFrom('', '/', 'b', 'a/'),
  startAfter: text(3),
  maxKeys: fc.integer({ min: 1, max: 8 }),
});
const queryOf = (members: Record<string, string>) =>
  new URLSearchParams(Object.entries(members).filter(([, value]) => value !== ''));

describe('the pages of a listing', () => {
  test('of ListObjectsV2 have everything once, and no page more than was asked for', async () => {
    await fc.assert(
      fc.asyncProperty(listing, async ({ keys, prefix, delimiter, startAfter, maxKeys }) => {
        const bucket = await bucketOf(keys);
        const seen: string[] = [];
        let token = '';
        do {
          const query = queryOf({
            ...{ prefix, delimiter, 'max-keys': String(maxKeys) },
            ...{ 'start-after': startAfter, 'continuation-token': token },
          });
          const result = (await listObjectsV2({ bucketName: 'any', bucket, query, owner: {} })) as Result;
          const { KeyCount, IsTruncated, NextContinuationToken = '' } = result.ListBucketResult;
          const items = itemsOf(result);
          expect(items).toHaveLength(Math.min(KeyCount ?? 0, maxKeys));
          expect(IsTruncated).toBe(NextContinuationToken !== '');
          if (IsTruncated) expect(items).toHaveLength(maxKeys);
          seen.push(...items);
          token = NextContinuationToken;
        } while (token !== '');
        expect([...seen].sort()).toEqual(expected(keys, prefix, delimiter, startAfter));
      }),
    );
  });

  test('of ListObjects go on behind the marker', async () => {
    await fc.assert(
      fc.asyncProperty(listing, async ({ keys, prefix, delimiter, maxKeys }) => {
        const bucket = await bucketOf(keys);
        const seen: string[] = [];
        let marker = '';
        for (let more = true; more;) {
          const query = queryOf({ prefix, delimiter, marker, 'max-keys': String(maxKeys) });
          const result = (await listObjects({ bucketName: 'any', bucket, query, owner: {} })) as Result;
          seen.push(...itemsOf(result));
          ({ IsTruncated: more, NextMarker: marker = '' } = result.ListBucketResult);
          expect(marker !== '').toBe(more);
        }
        expect([...seen].sort()).toEqual(expected(keys, prefix, delimiter, ''));
      }),
    );
  });

  test('ask the bucket once for a thousand keys below one prefix', async () => {
    const bucket = await bucketOf(Array.from({ length: 3_000 }, (_, index) => `day/${index}`));
    let asked = 0;
    const counted = {
      get: (key: string) => bucket.get(key),
      list: (options: Parameters<typeof bucket.list>[0]) => {
        asked += 1;
        return bucket.list(options);
      },
    };
    const query = queryOf({ delimiter: '/' });
    const result = (await listObjectsV2({ bucketName: 'any', bucket: counted, query, owner: {} })) as Result;
    expect(itemsOf(result)).toEqual(['common day/']);
    expect(asked).toBe(2);
  });
});

describe('a listing', () => {
  const list = async (members: Record<string, string>, keys = ['a b/ü&', 'c']) =>
    (
      (await listObjectsV2({
        bucketName: 'any',
        bucket: await bucketOf(keys),
        query: queryOf(members),
        owner: { ID: 'me' },
      })) as Result
    ).ListBucketResult;

  test('says what was asked for, and of each object when it was put, how large it is and its MD5', async () => {
    const asked = { prefix: 'a ', delimiter: '/', 'start-after': 'a', 'max-keys': '5000', 'encoding-type': 'url' };
    expect(await list(asked)).toMatchObject({
      ...{ Name: 'any', Prefix: 'a%20', Delimiter: '/', StartAfter: 'a', MaxKeys: 1_000, EncodingType: 'url' },
      ...{ KeyCount: 1, IsTruncated: false, Contents: [], CommonPrefixes: [{ Prefix: 'a%20b/' }] },
    });
    expect(await list({ 'fetch-owner': 'true', prefix: 'c' })).toMatchObject({
      Contents: [
        {
          ...{ Key: 'c', Size: 1, StorageClass: 'STANDARD', Owner: { ID: 'me' } },
          ...{ LastModified: '1970-01-01T00:00:00.000Z', ETag: '"4a8a08f09d37b73795649038408b5f33"' },
        },
      ],
    });
    expect(await list({ 'max-keys': '0' })).toMatchObject({ KeyCount: 0, IsTruncated: false, MaxKeys: 0 });
  });

  test.each([
    [{ 'max-keys': '-1' }, 'max-keys'],
    [{ 'max-keys': 'many' }, 'max-keys'],
    [{ 'max-keys': '2147483648' }, 'max-keys'],
    [{ 'encoding-type': 'base64' }, 'encoding-type'],
    [{ 'continuation-token': 'x' }, 'continuation-token'],
    [{ 'continuation-token': Buffer.from('[]').toString('base64url') }, 'continuation-token'],
  ])('with %j is refused', async (members: Record<string, string>, ArgumentName) => {
    await expect(list(members)).rejects.toMatchObject({
      ...{ type: 'InvalidArgument', statusCode: 400 },
      details: { ArgumentName, ArgumentValue: members[ArgumentName] },
    });
  });
});
