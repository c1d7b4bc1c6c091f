/**
 * The Kinesis API: AWS JSON 1.1, and the CBOR that Java SDKs send. It takes any bytes as data, as Kinesis does; the
 * consumers find out whether they are a reading.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyPluginCallback } from 'fastify';
import type { AwsCall } from '../aws-call.ts';
import { mediaTypeOf } from '../aws-call.ts';
import { AwsError } from '../aws-error.ts';
import type { Codec } from '../codec.ts';
import { cborCodec, jsonCodec } from '../codec.ts';
import { constraintsFor } from '../constraint.ts';
import { Members, serializationException } from '../members.ts';
import { refuse } from '../refusals.ts';
import { callOf, speakAws } from '../wire.ts';
import type { KinesisApiOptions, Operation } from './context.ts';
import { createContext, invalidArgument } from './context.ts';
import { describeStream } from './describe-stream.ts';
import { describeStreamSummary } from './describe-stream-summary.ts';
import { getRecords } from './get-records.ts';
import { getShardIterator } from './get-shard-iterator.ts';
import { listShards } from './list-shards.ts';
import { listStreams } from './list-streams.ts';
import { mergeShards } from './merge-shards.ts';
import { putRecord } from './put-record.ts';
import { putRecords } from './put-records.ts';
import { splitShard } from './split-shard.ts';
import { addTagsToStream, listTagsForResource, listTagsForStream, removeTagsFromStream } from './tags.ts';
import { updateMaxRecordSize } from './update-max-record-size.ts';
import { updateShardCount } from './update-shard-count.ts';

/** 10 MiB of records in base64 are 14 MB; the rest is for 500 partition keys written with escapes. */
const BODY_LIMIT = 16 * 1_024 * 1_024;

const operations: ReadonlyMap<string, Operation> = new Map([
  ['PutRecord', putRecord],
  ['PutRecords', putRecords],
  ['ListStreams', listStreams],
  ['DescribeStream', describeStream],
  ['DescribeStreamSummary', describeStreamSummary],
  ['ListShards', listShards],
  ['GetShardIterator', getShardIterator],
  ['GetRecords', getRecords],
  ['SplitShard', splitShard],
  ['MergeShards', mergeShards],
  ['UpdateShardCount', updateShardCount],
  ['UpdateMaxRecordSize', updateMaxRecordSize],
  ['ListTagsForStream', listTagsForStream],
  ['ListTagsForResource', listTagsForResource],
  ['AddTagsToStream', addTagsToStream],
  ['RemoveTagsFromStream', removeTagsFromStream],
]);

const codecs: ReadonlyMap<string, Codec> = new Map(
  [jsonCodec('application/x-amz-json-1.1'), jsonCodec('application/json'), cborCodec('application/x-amz-cbor-1.1')].map(
    (codec) => [codec.contentType, codec],
  ),
);

export const kinesisApi: FastifyPluginCallback<KinesisApiOptions> = (app, options, done) => {
  const context = createContext(options);

  speakAws(app, {
    bodyTooLarge: invalidArgument(`The request exceeds ${BODY_LIMIT} bytes; its records may have 10 MB.`),
    internalFailure: new AwsError('InternalFailure', 'The server could not do this now; its log says why.', 500),
  });
  app.addHook('onRequest', (_request, reply, next) => {
    void reply.header('x-amz-id-2', randomBytes(72).toString('base64'));
    next();
  });

  // Like Kinesis, this does not look at the path (kinesalite, index.js).
  app.all(
    '/*',
    { bodyLimit: BODY_LIMIT, constraints: constraintsFor('kinesis'), schema: { hide: true } },
    async (request, reply) => {
      const call = callOf(reply);
      const operation = request.method === 'POST' ? findOperation(call) : undefined;
      if (operation === undefined) {
        throw refuse(call, request.raw, { names: options.names, offered: [...operations.keys()] });
      }
      const codec = findCodec(mediaTypeOf(request.headers));
      const result = await operation(new Members(readBody(codec, request.body)), context);
      void reply.header('content-type', codec.contentType);
      return reply.send(result === undefined ? undefined : codec.encode(result));
    },
  );
  done();
};

function findOperation({ operation = '' }: AwsCall): Operation | undefined {
  return operations.get(operation);
}

/** AWS answers a content type that it does not know with this type and status (kinesalite, test/connection.js). */
function findCodec(mediaType: string): Codec {
  const codec = codecs.get(mediaType);
  if (codec !== undefined) return codec;
  throw new AwsError(
    'UnknownOperationException',
    `The content type must be one of ${[...codecs.keys()].join(', ')}, but is '${mediaType}'.`,
    404,
  );
}

function readBody(codec: Codec, body: unknown): unknown {
  try {
    return codec.decode(body);
  } catch (error) {
    throw serializationException(`The body is not ${codec.name}: ${(error as Error).message}`);
  }
}
