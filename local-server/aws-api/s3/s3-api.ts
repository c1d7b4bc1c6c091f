/**
 * The S3 API, read only, over the archive and what was not delivered. The pipeline alone writes them: a client that could
 * replace an object would take away what was recorded.
 */
import { createHash } from 'node:crypto';
import type { FastifyPluginCallback, FastifyReply } from 'fastify';
import type { Clock } from '../../../core/ports.ts';
import type { StackNames } from '../../../core/stack-names.ts';
import { encodeXml, s3Headers } from '../aws-answer.ts';
import { AwsError } from '../aws-error.ts';
import { constraintsFor } from '../constraint.ts';
import { refuse } from '../refusals.ts';
import { callOf, speakAws } from '../wire.ts';
import { readAddress, type S3Address } from './address.ts';
import type { Bucket } from './bucket.ts';
import { getObject } from './get-object.ts';
import { listObjects, listObjectsV2 } from './list-objects.ts';

export interface S3ApiOptions {
  /** By name. */
  readonly buckets: ReadonlyMap<string, Bucket>;
  readonly names: StackNames;
  readonly accountId: string;
  readonly region: string;
  readonly clock: Clock;
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const offered = [
  'ListBuckets',
  'HeadBucket',
  'GetBucketLocation',
  'ListObjectsV2',
  'ListObjects',
  'GetObject',
  'HeadObject',
];
/** Parameters that say how, and not which, operation: these never make another one of a request. */
const readers = new Set(['GET', 'HEAD']);
/** Subresources of buckets and objects; each makes an operation of its own (API reference, "Actions"). */
const subresources =
  /^(?:accelerate|acl|analytics|attributes|cors|encryption|intelligent-tiering|inventory|legal-hold|lifecycle|logging|metadataConfiguration|metadataTable|metrics|notification|object-lock|ownershipControls|policy|policyStatus|publicAccessBlock|replication|requestPayment|retention|session|tagging|torrent|uploadId|uploads|versioning|versions|website)$/;

export const s3Api: FastifyPluginCallback<S3ApiOptions> = (app, options, done) => {
  speakAws(app, {
    bodyTooLarge: readOnly(options),
    internalFailure: new AwsError('InternalError', 'The server could not do this now; its log says why.', 500),
  });
  app.addHook('onRequest', (_request, reply, next) => {
    void reply.headers(s3Headers(String(reply.getHeader('x-amzn-requestid'))));
    next();
  });
  // Before the body, which nobody needs.
  app.addHook('onRequest', (request, _reply, next) => {
    next(readers.has(request.method) ? undefined : readOnly(options));
  });
  const createdAt = options.clock.now();

  app.all('/*', { constraints: constraintsFor('s3'), schema: { hide: true } }, async (request, reply) => {
    const { raw, headers, host } = request;
    const address = readAddress(raw.url ?? '/', headers.host ?? host, (name) => options.buckets.has(name));
    const { bucket: bucketName, key, query } = address;
    const subresource = [...query.keys()].find((name) => subresources.test(name));
    if (subresource !== undefined) {
      throw refuse({ ...callOf(reply), operation: `${request.method} ?${subresource}` }, raw, { ...options, offered });
    }
    if (bucketName === undefined) return sendXml(reply, listBuckets(options, createdAt, query));
    const bucket = options.buckets.get(bucketName);
    if (bucket === undefined) throw noSuchBucket(bucketName, options);
    return key === undefined
      ? answerBucket(reply, { ...address, bucket: bucketName }, bucket, options)
      : getObject(reply, bucket, key);
  });
  done();
};

async function answerBucket(
  reply: FastifyReply,
  { bucket: bucketName, query }: S3Address & { readonly bucket: string },
  bucket: Bucket,
  { region, accountId }: S3ApiOptions,
): Promise<FastifyReply> {
  void reply.header('x-amz-bucket-region', region);
  if (reply.request.method === 'HEAD') return reply.type('application/xml').send();
  if (query.has('location')) {
    // Empty for the oldest region (API reference of GetBucketLocation).
    return sendXml(reply, { LocationConstraint: region === 'us-east-1' ? '' : region });
  }
  const listed = { bucketName, bucket, query, owner: ownerOf(accountId) };
  return sendXml(reply, await (query.get('list-type') === '2' ? listObjectsV2(listed) : listObjects(listed)));
}

function listBuckets({ buckets, region, accountId }: S3ApiOptions, createdAt: number, query: URLSearchParams): object {
  const CreationDate = new Date(createdAt).toISOString();
  const names = [...buckets.keys()].filter((name) => name.startsWith(query.get('prefix') ?? '')).sort();
  return {
    ListAllMyBucketsResult: {
      Owner: ownerOf(accountId),
      Buckets: { Bucket: names.map((Name) => ({ Name, CreationDate, BucketRegion: region })) },
    },
  };
}

/** A canonical user id has 64 hexadecimal digits. */
function ownerOf(accountId: string): object {
  return { ID: createHash('sha256').update(accountId).digest('hex') };
}

/** @param root One element, which gets the namespace of S3. */
function sendXml(reply: FastifyReply, root: object): FastifyReply {
  const named = Object.entries(root).map(([name, content]: [string, unknown]) => [
    name,
    { '@_xmlns': NAMESPACE, ...(typeof content === 'string' ? { '#text': content } : (content as object)) },
  ]);
  return reply.type('application/xml').send(encodeXml(Object.fromEntries(named) as object));
}

function noSuchBucket(name: string, { buckets }: S3ApiOptions): AwsError {
  const known = [...buckets.keys()].join(', ');
  return new AwsError('NoSuchBucket', `The specified bucket does not exist. This server has ${known}.`, 404, {
    details: { BucketName: name },
  });
}

function readOnly({ names }: S3ApiOptions): AwsError {
  return new AwsError(
    'AccessDenied',
    `Access Denied. S3 is read only here: the pipeline writes the archive. Put readings into the stream ${names.stream}, or with POST /readings.`,
    403,
  );
}
