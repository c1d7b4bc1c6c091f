/**
 * CBOR as the Java SDKs speak it, with times as tag 1 and whole milliseconds. The answers are read by a decoder that
 * knows no tags but that one.
 */
import { decode } from 'cborg';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { FakeEventStream } from '../fake-event-stream.ts';
import { frontDoor, names } from '../front-door.ts';
import { BREAK, jackson } from './jackson.ts';

const CREATED = Date.UTC(2026, 0, 1, 12, 0, 0, 500);
const StreamName = names.stream;

let app: FastifyInstance;
let address: string;
let stream: FakeEventStream;

beforeEach(async () => {
  stream = new FakeEventStream();
  app = await frontDoor({ eventStream: stream, shardReader: stream, clock: { now: () => CREATED } });
  address = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => app.close());

async function call(operation: string, body: Uint8Array) {
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-cbor-1.1', 'x-amz-target': `Kinesis_20131202.${operation}` },
    body: Buffer.from(body),
  });
  expect(response.headers.get('content-type')).toBe('application/x-amz-cbor-1.1');
  const tags = { 1: (content: () => unknown) => ({ tag1: content() }) };
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: decode(new Uint8Array(await response.arrayBuffer()), { tags }) as Record<string, unknown>,
  };
}

test('PutRecord takes bytes as they are', async () => {
  const Data = Uint8Array.from({ length: 256 }, (_, index) => index);
  const { status, body } = await call('PutRecord', jackson({ StreamName, PartitionKey: 'Küche', Data }));
  expect({ status, body }).toEqual({
    status: 200,
    body: { ShardId: 'shardId-000000000001', SequenceNumber: '4901' },
  });
  expect(stream.taken.map(({ partitionKey, data }) => [partitionKey, [...data]])).toEqual([['Küche', [...Data]]]);
});

test('PutRecords takes 10 MiB', async () => {
  const Data = new Uint8Array(1_048_000);
  const Records = Array.from({ length: 10 }, (_, index) => ({ Data, PartitionKey: String(index) }));
  const { body } = await call('PutRecords', jackson({ StreamName, Records }));
  expect(body).toMatchObject({ FailedRecordCount: 0, Records: { length: 10 } });
  expect(stream.taken).toHaveLength(10);
});

test('times are tag 1 with whole milliseconds', async () => {
  const { body } = await call('DescribeStreamSummary', jackson({ StreamName }));
  expect(body).toMatchObject({
    StreamDescriptionSummary: { OpenShardCount: 3, StreamCreationTimestamp: { tag1: CREATED } },
  });
});

describe('an error is CBOR, and stands in the headers that the Java SDKs read', () => {
  test.each([
    ['an operation that is not there', 'Nothing', jackson({}), 'UnknownOperationException', /^Nothing of Kinesis/],
    [
      'another stream',
      'PutRecord',
      jackson({ StreamName: 'x', PartitionKey: 'a', Data: BREAK }),
      'ResourceNotFoundException',
      /Stream x/,
    ],
    ['no body', 'ListStreams', new Uint8Array(), 'SerializationException', /Structure/],
    ['half a body', 'ListStreams', jackson({ Limit: 1 }).subarray(0, -1), 'SerializationException', /is not CBOR/],
    ['a list', 'ListStreams', jackson([]), 'SerializationException', /list can not be converted to Structure/],
    ['bytes', 'ListStreams', jackson(BREAK), 'SerializationException', /can not be converted to Structure/],
    [
      'a wrong member',
      'PutRecord',
      jackson({ StreamName: 1 }),
      'SerializationException',
      /number can not be converted/,
    ],
    ['a broken rule', 'ListStreams', jackson({ Limit: 10_001 }), 'ValidationException', /at 'limit' failed/],
  ])('%s', async (_what, operation, request, type, message) => {
    const { status, headers, body } = await call(operation, request);
    expect(status).toBe(400);
    expect(body).toEqual({ __type: type, message: expect.stringMatching(message) });
    expect(headers).toMatchObject({ 'x-amzn-errortype': type, 'x-amzn-error-message': body.message });
  });

  test('whose text no header can hold', async () => {
    const { body, headers } = await call('PutRecord', jackson({ StreamName: 'Küche\n' }));
    expect(body.message).toContain("'Küche\n'");
    expect(headers['x-amzn-error-message']).toContain("'K?che?'");
  });
});
