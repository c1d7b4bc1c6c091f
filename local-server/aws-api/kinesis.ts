/**
 * The Kinesis API for unchanged AWS clients: AWS JSON 1.1 over HTTP/1.1, on `POST /`. It takes any bytes as data, as
 * Kinesis does; whether they are a reading is for the consumers to find out. Signatures are not checked.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyPluginCallback } from 'fastify';
import { AwsError } from './aws-error.ts';
import type { KinesisApiOptions, Operation } from './kinesis-context.ts';
import { createContext, invalidArgument } from './kinesis-context.ts';
import { Members, serializationException } from './members.ts';
import { describeStreamSummary } from './operations/describe-stream-summary.ts';
import { listShards } from './operations/list-shards.ts';
import { listStreams } from './operations/list-streams.ts';
import { putRecord } from './operations/put-record.ts';
import { putRecords } from './operations/put-records.ts';
import { decodeJson, encodeJson, speakAws } from './wire.ts';

const CONTENT_TYPE = 'application/x-amz-json-1.1';
const TARGET_PREFIX = 'Kinesis_20131202.';
/** 10 MiB of records in base64 are 14 MB; the rest is for 500 partition keys written with escapes. */
const BODY_LIMIT = 16 * 1_024 * 1_024;

const operations: ReadonlyMap<string, Operation> = new Map([
  ['PutRecord', putRecord],
  ['PutRecords', putRecords],
  ['ListStreams', listStreams],
  ['DescribeStreamSummary', describeStreamSummary],
  ['ListShards', listShards],
]);

export const kinesisApi: FastifyPluginCallback<KinesisApiOptions> = (app, options, done) => {
  const context = createContext(options);

  speakAws(app, {
    contentType: CONTENT_TYPE,
    bodyTooLarge: invalidArgument(`The request exceeds ${BODY_LIMIT} bytes; its records may have 10 MB.`),
    internalFailure: new AwsError('InternalFailure', 'The server could not do this now; its log says why.', 500),
    encodeError: ({ type, message }) => ({ __type: type, message }),
  });
  app.addHook('onRequest', (_request, reply, next) => {
    void reply.header('x-amz-id-2', randomBytes(72).toString('base64'));
    next();
  });

  app.post('/', { bodyLimit: BODY_LIMIT, schema: { hide: true } }, async (request, reply) => {
    checkContentType(request.headers['content-type']);
    const operation = findOperation(request.headers);
    const result = await operation(new Members(readJson(request.body)), context);
    return reply.type(CONTENT_TYPE).send(encodeJson(result));
  });
  done();
};

function checkContentType(header = ''): void {
  const mediaType = header.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (mediaType === CONTENT_TYPE || mediaType === 'application/json') return;
  throw serializationException(
    mediaType.includes('cbor')
      ? `CBOR is not understood here. Make the client send JSON: CBOR_ENABLED=false for the AWS SDK for Java 2, AWS_CBOR_DISABLE=true for others.`
      : `The content type must be ${CONTENT_TYPE}, but is '${mediaType}'.`,
  );
}

function findOperation(headers: IncomingHttpHeaders): Operation {
  const target = String(headers['x-amz-target'] ?? '');
  const operation = target.startsWith(TARGET_PREFIX) ? operations.get(target.slice(TARGET_PREFIX.length)) : undefined;
  if (operation !== undefined) return operation;
  throw new AwsError(
    'UnknownOperationException',
    `X-Amz-Target '${target}' is not offered here; ${TARGET_PREFIX} has ${[...operations.keys()].join(', ')}.`,
  );
}

function readJson(body: unknown): unknown {
  try {
    return decodeJson(body);
  } catch (error) {
    throw serializationException(`The body is not JSON: ${(error as Error).message}`);
  }
}
