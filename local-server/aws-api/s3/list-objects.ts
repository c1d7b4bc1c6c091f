/** ListObjectsV2 and ListObjects: keys in order, page by page, with those below a delimiter rolled up. */
import type { ArchivedObject } from '../../../core/ports.ts';
import { AwsError } from '../aws-error.ts';
import type { Bucket } from './bucket.ts';

/** API reference of ListObjectsV2. */
const MAX_KEYS = 1_000;
/** In the order of UTF-8 nothing that a key goes on with comes after this, which is no character of any text. */
const LAST_CHARACTER = '\u{10FFFF}';

interface Listing {
  readonly objects: readonly ArchivedObject[];
  readonly commonPrefixes: readonly string[];
  /** Behind what is listed; absent where nothing follows. */
  readonly next?: string;
}

interface Asked {
  readonly prefix: string;
  readonly delimiter: string;
  readonly maxKeys: number;
  readonly encode: (text: string) => string;
  readonly encoding: 'url' | undefined;
}

export interface Listed {
  readonly bucketName: string;
  readonly bucket: Bucket;
  readonly query: URLSearchParams;
  /** Of everything that is here. */
  readonly owner: object;
}

export async function listObjectsV2({ bucketName, bucket, query, owner }: Listed): Promise<object> {
  const asked = readAsked(query);
  const { prefix, delimiter, maxKeys, encode, encoding } = asked;
  const token = query.get('continuation-token') ?? undefined;
  const startAfter = query.get('start-after') ?? '';
  const listing = await list(bucket, asked, token === undefined ? startAfter : parseToken(token));
  return {
    ListBucketResult: {
      Name: bucketName,
      Prefix: encode(prefix),
      Delimiter: delimiter === '' ? undefined : encode(delimiter),
      MaxKeys: maxKeys,
      EncodingType: encoding,
      StartAfter: startAfter === '' ? undefined : encode(startAfter),
      ContinuationToken: token,
      NextContinuationToken: listing.next === undefined ? undefined : formatToken(listing.next),
      KeyCount: listing.objects.length + listing.commonPrefixes.length,
      ...describeListing(listing, asked, query.get('fetch-owner') === 'true' ? owner : undefined),
    },
  };
}

export async function listObjects({ bucketName, bucket, query, owner }: Listed): Promise<object> {
  const asked = readAsked(query);
  const { prefix, delimiter, maxKeys, encode, encoding } = asked;
  const marker = query.get('marker') ?? '';
  // A marker that is a common prefix stands for all keys below it.
  const isCommonPrefix = marker.startsWith(prefix) && commonPrefixOf(marker, prefix, delimiter) === marker;
  const listing = await list(bucket, asked, isCommonPrefix ? marker + LAST_CHARACTER : marker);
  const last = [...listing.objects.map(({ key }) => key), ...listing.commonPrefixes].sort(compareUtf8).at(-1);
  return {
    ListBucketResult: {
      Name: bucketName,
      Prefix: encode(prefix),
      Delimiter: delimiter === '' ? undefined : encode(delimiter),
      MaxKeys: maxKeys,
      EncodingType: encoding,
      Marker: encode(marker),
      NextMarker: listing.next === undefined || last === undefined ? undefined : encode(last),
      ...describeListing(listing, asked, owner),
    },
  };
}

function describeListing({ objects, commonPrefixes, next }: Listing, { encode }: Asked, owner: object | undefined) {
  return {
    IsTruncated: next !== undefined,
    Contents: objects.map(({ key, size, modifiedAt, etag }) => ({
      Key: encode(key),
      LastModified: new Date(modifiedAt).toISOString(),
      ETag: `"${etag}"`,
      Size: size,
      StorageClass: 'STANDARD',
      Owner: owner,
    })),
    CommonPrefixes: commonPrefixes.map((each) => ({ Prefix: encode(each) })),
  };
}

async function list(bucket: Bucket, { prefix, delimiter, maxKeys }: Asked, from: string): Promise<Listing> {
  const objects: ArchivedObject[] = [];
  const commonPrefixes: string[] = [];
  let after = from;
  for (let more = maxKeys > 0; more;) {
    const left = maxKeys - objects.length - commonPrefixes.length;
    // One more than wanted tells whether any follow.
    const page = await bucket.list({ prefix, after, limit: left + 1 });
    for (const object of page.objects) {
      const common = commonPrefixOf(object.key, prefix, delimiter);
      if (common === undefined || common !== commonPrefixes.at(-1)) {
        if (objects.length + commonPrefixes.length === maxKeys) return { objects, commonPrefixes, next: after };
        if (common === undefined) objects.push(object);
        else commonPrefixes.push(common);
      }
      // The next page starts behind everything below the prefix.
      const end = common === undefined ? object.key : common + LAST_CHARACTER;
      after = compareUtf8(end, object.key) < 0 ? object.key : end;
    }
    ({ more } = page);
  }
  return { objects, commonPrefixes };
}

function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}

function readAsked(query: URLSearchParams): Asked {
  const encoding = query.get('encoding-type') ?? undefined;
  if (encoding !== undefined && encoding !== 'url') {
    throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', encoding);
  }
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    maxKeys: Math.min(readMaxKeys(query.get('max-keys') ?? String(MAX_KEYS)), MAX_KEYS),
    encode: encoding === 'url' ? encodeKey : (text) => text,
    encoding,
  };
}

function readMaxKeys(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 31) return Number(text);
  throw invalidArgument('Provided max-keys not an integer or within integer range', 'max-keys', text);
}

/** Every reader of keys knows `%20` for a space; not all know `+`. */
function encodeKey(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/');
}

function formatToken(after: string): string {
  return Buffer.from(JSON.stringify({ after })).toString('base64url');
}

/** Undoes `formatToken`. */
function parseToken(token: string): string {
  try {
    const { after } = JSON.parse(Buffer.from(token, 'base64url').toString()) as { readonly after?: unknown };
    if (typeof after === 'string') return after;
  } catch {
    // Told below.
  }
  throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
}

function invalidArgument(message: string, name: string, value: string): AwsError {
  return new AwsError('InvalidArgument', message, 400, {
    details: { ArgumentName: name, ArgumentValue: value.slice(0, 256) },
  });
}

function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
