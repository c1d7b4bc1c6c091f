/** GetObject and HeadObject. */
import type { FastifyReply } from 'fastify';
import { archivedContent, type ArchivedContent } from '../../../core/archived-content.ts';
import { AwsError } from '../aws-error.ts';
import type { Bucket } from './bucket.ts';
import { isUnchanged, readRange } from './conditions.ts';

/** What S3 says of objects that were put without a type. */
const ANY_BYTES: ArchivedContent = { contentType: 'binary/octet-stream' };

export async function getObject(reply: FastifyReply, bucket: Bucket, key: string): Promise<FastifyReply> {
  const { headers, method } = reply.request;
  const [object] = (await bucket.list({ prefix: key, limit: 1 })).objects;
  if (object?.key !== key) throw noSuchKey(key);
  const { size, etag, modifiedAt } = object;
  void reply.headers({
    etag: `"${etag}"`,
    'last-modified': new Date(modifiedAt).toUTCString(),
    'accept-ranges': 'bytes',
  });
  if (isUnchanged(headers, object)) return reply.code(304).send();

  const { contentType, contentEncoding } = archivedContent(key) ?? ANY_BYTES;
  const range = readRange(headers.range, size);
  const { first, last } = range ?? { first: 0, last: size - 1 };
  void reply.code(range === undefined ? 200 : 206).headers({
    'content-type': contentType,
    'content-length': String(last + 1 - first),
    ...(contentEncoding !== undefined && { 'content-encoding': contentEncoding }),
    ...(range !== undefined && { 'content-range': `bytes ${first}-${last}/${size}` }),
  });
  if (method === 'HEAD') return reply.send();
  const body = await bucket.get(key);
  if (body === undefined) throw noSuchKey(key); // Deleted since it was listed.
  return reply.send(Buffer.from(body.buffer, body.byteOffset + first, last + 1 - first));
}

function noSuchKey(key: string): AwsError {
  return new AwsError('NoSuchKey', 'The specified key does not exist.', 404, { details: { Key: key } });
}
