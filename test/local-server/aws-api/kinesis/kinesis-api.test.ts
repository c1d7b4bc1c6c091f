import type { KinesisClientConfig } from '@aws-sdk/client-kinesis';
import {
  DescribeLimitsCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListShardsCommand,
  ListStreamsCommand,
  PutRecordCommand,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { StoreUnavailable } from '../../../../core/errors.ts';
import { FakeEventStream } from '../fake-event-stream.ts';
import { accountId, frontDoor, names, region } from '../front-door.ts';

const CREATED = Date.UTC(2026, 0, 1, 12, 0, 0, 500);
const StreamName = names.stream;
const StreamARN = `arn:aws:kinesis:${region}:${accountId}:stream/${StreamName}`;
const Data = Buffer.from('{"sensorid":"a","value":1}');

let now: number;
let stream: FakeEventStream;
let app: FastifyInstance;
let address: string;
let client: KinesisClient;

beforeEach(async () => {
  now = CREATED;
  stream = new FakeEventStream();
  app = await frontDoor({ eventStream: stream, shardReader: stream, clock: { now: () => now } });
  address = await app.listen({ host: '127.0.0.1', port: 0 });
  client = connect();
});

afterEach(async () => {
  client.destroy();
  await app.close();
});

function connect(config: KinesisClientConfig = {}): KinesisClient {
  return new KinesisClient({
    endpoint: address,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    // The default handler speaks HTTP/2.
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
    ...config,
  });
}

/** A request below the SDK, which would not send it. */
async function post(operation: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(address, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `Kinesis_20131202.${operation}`,
      ...headers,
    },
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** What `post` answers for an error. */
function error(type: string, message: unknown, status = 400) {
  return expect.objectContaining({ status, body: { __type: type, message } }) as unknown;
}

const text = (pattern: RegExp) => expect.stringMatching(pattern);

describe('PutRecord', () => {
  test('puts the bytes as they are and answers where they went', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const answer = await client.send(new PutRecordCommand({ StreamName, PartitionKey: 'Küche', Data: bytes }));
    expect(answer).toMatchObject({ ShardId: 'shardId-000000000001', SequenceNumber: '4901' });
    expect(answer.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.$metadata.extendedRequestId).toMatch(/^[A-Za-z0-9+/]{96}$/);
    expect(stream.taken).toEqual([{ partitionKey: 'Küche', data: Buffer.from(bytes) }]);
  });

  test('finds the stream by its ARN, and passes the explicit hash key on', async () => {
    const ExplicitHashKey = String(2n ** 128n - 1n);
    await client.send(new PutRecordCommand({ StreamARN, PartitionKey: 'a', Data, ExplicitHashKey }));
    expect(stream.taken).toMatchObject([{ explicitHashKey: ExplicitHashKey }]);
  });

  test('tells the client what is throttled, without a retry of its own', async () => {
    stream.refused.set('busy', 'ProvisionedThroughputExceededException');
    await expect(client.send(new PutRecordCommand({ StreamName, PartitionKey: 'busy', Data }))).rejects.toMatchObject({
      name: 'ProvisionedThroughputExceededException',
      message: 'ProvisionedThroughputExceededException for shard shardId-000000000001',
      $metadata: { httpStatusCode: 400 },
    });
    expect(stream.options.map((options) => options?.remainingMillis?.())).toEqual([0]);
  });

  test('leaves it to the client to retry what is throttled', async () => {
    stream.refused.set('busy', 'ProvisionedThroughputExceededException');
    const retrying = connect({
      maxAttempts: 2,
      retryStrategy: {
        acquireInitialRetryToken: async () => ({ getRetryCount: () => 0, getRetryDelay: () => 0 }),
        refreshRetryTokenForRetry: async () => {
          stream.refused.clear();
          return { getRetryCount: () => 1, getRetryDelay: () => 0 };
        },
        recordSuccess: () => undefined,
      },
    });
    const answer = await retrying.send(new PutRecordCommand({ StreamName, PartitionKey: 'busy', Data }));
    expect(answer.SequenceNumber).toBe('4901');
    retrying.destroy();
  });

  test('answers a fault of the server as such, without its details', async () => {
    stream.failure = new StoreUnavailable('stream', 'secret detail');
    const put = client.send(new PutRecordCommand({ StreamName, PartitionKey: 'a', Data }));
    await expect(put).rejects.toMatchObject({
      name: 'InternalFailure',
      message: expect.not.stringContaining('secret'),
      $fault: 'server',
      $metadata: { httpStatusCode: 500 },
    });
  });

  test('answers a record that the stream could not take as a fault of the server', async () => {
    stream.refused.set('a', 'SomethingElse');
    expect(await post('PutRecord', { StreamName, PartitionKey: 'a', Data: '' })).toEqual(
      error('InternalFailure', expect.any(String), 500),
    );
  });
});

describe('PutRecords', () => {
  test('answers per record, in the order of the request, what was taken and what was throttled', async () => {
    stream.refused.set('busy', 'ProvisionedThroughputExceededException').set('odd', 'SomethingElse');
    const Records = ['a', 'busy', 'b', 'odd'].map((PartitionKey) => ({ PartitionKey, Data }));
    const answer = await client.send(new PutRecordsCommand({ StreamName, Records }));
    expect(answer.FailedRecordCount).toBe(2);
    expect(answer.Records).toEqual([
      { ShardId: 'shardId-000000000001', SequenceNumber: '4901' },
      {
        ErrorCode: 'ProvisionedThroughputExceededException',
        ErrorMessage: 'ProvisionedThroughputExceededException for shard shardId-000000000001',
      },
      { ShardId: 'shardId-000000000001', SequenceNumber: '4902' },
      { ErrorCode: 'InternalFailure', ErrorMessage: 'SomethingElse for shard shardId-000000000001' },
    ]);
    expect(stream.options.map((options) => options?.remainingMillis?.())).toEqual([0]);
  });

  test('takes 500 records and 10 MiB, partition keys included, and no more', async () => {
    const records = (bytes: number) =>
      Array.from({ length: 500 }, () => ({
        PartitionKey: 'k'.repeat(256),
        Data: Buffer.alloc(bytes).toString('base64'),
      }));
    const most = Math.floor((10 * 1_024 * 1_024) / 500) - 256;
    expect(await post('PutRecords', { StreamName, Records: records(most) })).toMatchObject({ status: 200 });
    expect(await post('PutRecords', { StreamName, Records: records(most + 1) })).toEqual(
      error('InvalidArgumentException', 'Records size exceeds 10 MB limit'),
    );
    expect(await post('PutRecords', { StreamName, Records: [...records(0), ...records(0)] })).toEqual(
      error(
        'ValidationException',
        "1 validation error detected: Value at 'records' failed to satisfy constraint: Member must have length less than or equal to 500",
      ),
    );
    expect(stream.taken).toHaveLength(500);
  });

  test('takes all or nothing where a record is not valid', async () => {
    const Records = [
      { PartitionKey: 'a', Data: '' },
      { PartitionKey: '', Data: '' },
    ];
    expect(await post('PutRecords', { StreamName, Records })).toEqual(
      error('ValidationException', text(/Value '' at 'records\.2\.member\.partitionKey' failed/)),
    );
    expect(await post('PutRecords', { StreamName, Records: [Records[0], { PartitionKey: 'a', Data: '?' }] })).toEqual(
      error('SerializationException', text(/can not be converted to a Blob/)),
    );
    expect(stream.taken).toEqual([]);
  });

  test('lists ten violations at the most', async () => {
    const Records = Array.from({ length: 11 }, () => ({ PartitionKey: '', Data: '' }));
    expect(await post('PutRecords', { StreamName, Records })).toEqual(
      error('ValidationException', text(/^10 validation errors detected: ([^;]+; ){9}[^;]+$/)),
    );
  });
});

describe('what a record may be', () => {
  const MiB = 1_024 * 1_024;
  const put = (record: object) => post('PutRecord', { StreamName, PartitionKey: 'a', Data: '', ...record });
  const zeros = (bytes: number) => Buffer.alloc(bytes).toString('base64');

  test('no data at all', async () => {
    expect(await put({ Data: '' })).toMatchObject({ status: 200 });
    expect(stream.taken).toMatchObject([{ data: Buffer.alloc(0) }]);
  });

  test('1 MiB of data and partition key together', async () => {
    expect(await put({ Data: zeros(MiB - 2), PartitionKey: 'ü' })).toMatchObject({ status: 200 });
    expect(await put({ Data: zeros(MiB - 1), PartitionKey: 'ü' })).toEqual(
      error('InvalidArgumentException', text(/at most 1048576 bytes together, but have 1048577/)),
    );
    expect(await put({ Data: zeros(MiB + 1) })).toEqual(
      error(
        'ValidationException',
        "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=1048577 cap=1048577]' at 'data' failed to satisfy constraint: Member must have length less than or equal to 1048576",
      ),
    );
  });

  test.each(['a', 'a===', 'YQ', 'YR==', 'YQ==YQ==', 'Y Q=', '-_-_', '°C'])('not what is no base64: %s', async (bad) => {
    expect(await put({ Data: bad })).toEqual(error('SerializationException', text(/can not be converted to a Blob/)));
  });

  test.each([
    [{ Data: 1 }, 'Data: number can not be converted to Blob'],
    [{ PartitionKey: true }, 'PartitionKey: boolean can not be converted to String'],
    [{ ExplicitHashKey: [] }, 'ExplicitHashKey: list can not be converted to String'],
    [{ StreamName: {} }, 'StreamName: object can not be converted to String'],
  ])('not members of another type: %j', async (member, message) => {
    expect(await put(member)).toEqual(error('SerializationException', message));
  });

  test('a partition key of 1 to 256 characters, whatever their bytes', async () => {
    expect(await put({ PartitionKey: '🌡'.repeat(256) })).toMatchObject({ status: 200 });
    expect(await put({ PartitionKey: 'k'.repeat(257) })).toEqual(
      error('ValidationException', text(/at 'partitionKey' failed .* length less than or equal to 256$/)),
    );
    expect(await put({ PartitionKey: '' })).toEqual(
      error(
        'ValidationException',
        "1 validation error detected: Value '' at 'partitionKey' failed to satisfy constraint: Member must have length greater than or equal to 1",
      ),
    );
  });

  test.each(['', '00', '01', '-1', '1.0', '1'.repeat(40)])('no hash key that is no 128-bit number: %s', async (bad) => {
    expect(await put({ ExplicitHashKey: bad })).toEqual(
      error(
        'ValidationException',
        `1 validation error detected: Value '${bad}' at 'explicitHashKey' failed to satisfy constraint: Member must satisfy regular expression pattern: 0|([1-9]\\d{0,38})`,
      ),
    );
  });

  test('no hash key from 2^128 on', async () => {
    expect(await put({ ExplicitHashKey: '0' })).toMatchObject({ status: 200 });
    expect(await put({ ExplicitHashKey: String(2n ** 128n) })).toEqual(
      error(
        'InvalidArgumentException',
        `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${2n ** 128n}`,
      ),
    );
  });

  test('no sequence number for ordering that is none', async () => {
    expect(await put({ SequenceNumberForOrdering: 'last' })).toEqual(
      error('ValidationException', text(/Value 'last' at 'sequenceNumberForOrdering' failed/)),
    );
  });

  test('missing members are named together', async () => {
    expect(await post('PutRecord', { StreamName, Data: null })).toEqual(
      error(
        'ValidationException',
        "2 validation errors detected: Value null at 'data' failed to satisfy constraint: Member must not be null; Value null at 'partitionKey' failed to satisfy constraint: Member must not be null",
      ),
    );
    expect(await post('PutRecords', { StreamName })).toEqual(
      error('ValidationException', text(/Value null at 'records' failed/)),
    );
    expect(await post('PutRecords', { StreamName, Records: [] })).toEqual(
      error('ValidationException', text(/Value '\[\]' at 'records' failed .* greater than or equal to 1$/)),
    );
  });
});

describe('which stream', () => {
  const put = (reference: object) => post('PutRecord', { PartitionKey: 'a', Data: '', ...reference });

  test('is refused where it is not this one', async () => {
    await expect(
      client.send(new PutRecordCommand({ StreamName: 'other', PartitionKey: 'a', Data })),
    ).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Stream other under account 000000000000 not found.',
    });
    expect(await put({ StreamARN: 'arn:aws:kinesis:eu-west-1:123456789012:stream/other' })).toEqual(
      error('ResourceNotFoundException', 'Stream other under account 123456789012 not found.'),
    );
    expect(await put({ StreamName: 'other', StreamARN })).toMatchObject({ status: 400 });
  });

  test('has to be said', async () => {
    expect(await put({})).toEqual(
      error('InvalidArgumentException', 'Either StreamName or StreamARN should be provided.'),
    );
  });

  test('has a name by the rules', async () => {
    expect(await put({ StreamName: 'a b' })).toEqual(
      error('ValidationException', text(/Value 'a b' at 'streamName' .* pattern: \[a-zA-Z0-9_\.-\]\+$/)),
    );
    expect(await put({ StreamARN: StreamName })).toEqual(error('ValidationException', text(/at 'streamARN' failed/)));
  });
});

describe('asking about the stream', () => {
  test('DescribeStreamSummary tells all that clients show', async () => {
    const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName }));
    expect(StreamDescriptionSummary).toEqual({
      StreamName,
      StreamARN,
      StreamStatus: 'ACTIVE',
      StreamModeDetails: { StreamMode: 'PROVISIONED' },
      RetentionPeriodHours: 24,
      StreamCreationTimestamp: new Date(CREATED),
      EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
      EncryptionType: 'NONE',
      OpenShardCount: 3,
      ConsumerCount: 0,
      MaxRecordSizeInKiB: 1_024,
    });
  });

  test('ListStreams has the one stream', async () => {
    expect(await client.send(new ListStreamsCommand({}))).toMatchObject({
      StreamNames: [StreamName],
      HasMoreStreams: false,
      StreamSummaries: [{ StreamName, StreamARN, StreamStatus: 'ACTIVE' }],
    });
    expect(await client.send(new ListStreamsCommand({ ExclusiveStartStreamName: StreamName }))).toMatchObject({
      StreamNames: [],
      StreamSummaries: [],
    });
    await expect(client.send(new ListStreamsCommand({ NextToken: 'any' }))).rejects.toMatchObject({
      name: 'InvalidArgumentException',
    });
  });

  test('ListShards tells each shard with its hash keys and parents', async () => {
    const { Shards, NextToken } = await client.send(new ListShardsCommand({ StreamARN }));
    expect(NextToken).toBeUndefined();
    expect(Shards).toHaveLength(4);
    expect(Shards?.[1]).toEqual({
      ShardId: 'shardId-000000000001',
      HashKeyRange: { StartingHashKey: String(2n ** 127n), EndingHashKey: String(2n ** 128n - 1n) },
      SequenceNumberRange: { StartingSequenceNumber: `49${'1'.padStart(54, '0')}` },
    });
    expect(Shards?.[2]?.ParentShardId).toBe('shardId-000000000000');
  });
});

describe('pages of ListShards', () => {
  const ids = (shards: readonly { ShardId?: string | undefined }[] | undefined) =>
    shards?.map(({ ShardId }) => Number(ShardId?.slice(-1)));

  test('together have every shard once', async () => {
    const first = await client.send(new ListShardsCommand({ StreamName, MaxResults: 2 }));
    const second = await client.send(new ListShardsCommand({ NextToken: first.NextToken, MaxResults: 1 }));
    const third = await client.send(new ListShardsCommand({ NextToken: second.NextToken }));
    expect([first, second, third].map(({ Shards }) => ids(Shards))).toEqual([[0, 1], [2], [3]]);
    expect(third.NextToken).toBeUndefined();
  });

  test('start behind the shard that was asked for', async () => {
    const command = new ListShardsCommand({ StreamName, ExclusiveStartShardId: 'shardId-000000000002' });
    expect(ids((await client.send(command)).Shards)).toEqual([3]);
  });

  test('cannot be had with a token that is too old, made up, or joined with a stream', async () => {
    const { NextToken } = await client.send(new ListShardsCommand({ StreamName, MaxResults: 2 }));
    const listed = (input: object) => post('ListShards', input);
    expect(await listed({ NextToken, StreamName })).toEqual(
      error('InvalidArgumentException', 'NextToken and StreamName cannot be provided together.'),
    );
    expect(await listed({ NextToken, ExclusiveStartShardId: 'shardId-000000000000' })).toEqual(
      error('InvalidArgumentException', text(/cannot be provided together/)),
    );
    expect(await listed({ NextToken: 'made-up' })).toEqual(error('InvalidArgumentException', text(/NextToken/)));
    now += 300_000;
    expect(await listed({ NextToken })).toMatchObject({ status: 200 });
    now += 1;
    expect(await listed({ NextToken })).toEqual(error('ExpiredNextTokenException', expect.any(String)));
  });

  test.each([0, 10_001])('have 1 to 10,000 shards, not %d', async (MaxResults) => {
    expect(await post('ListShards', { StreamName, MaxResults })).toEqual(
      error('ValidationException', text(new RegExp(`Value '${MaxResults}' at 'maxResults' failed`))),
    );
  });
});

describe('on the wire', () => {
  test('answers and errors carry the ids and the exact content type of Kinesis', async () => {
    const answers = [await post('ListStreams', {}), await post('PutRecord', {})];
    expect(answers.map(({ status }) => status)).toEqual([200, 400]);
    for (const { headers } of answers) {
      expect(headers.get('content-type')).toBe('application/x-amz-json-1.1');
      expect(headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
      expect(Buffer.from(headers.get('x-amz-id-2') ?? '', 'base64')).toHaveLength(72);
    }
  });

  test('an operation that is not there is answered with those that are', async () => {
    await expect(client.send(new DescribeLimitsCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringContaining('Kinesis has PutRecord, PutRecords, ListStreams, '),
    });
    expect(await post('', {}, { 'x-amz-target': 'DynamoDB_20120810.PutItem' })).toMatchObject({
      body: { __type: 'UnknownOperationException' },
    });
  });

  test('plain JSON is taken too', async () => {
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' };
    expect(await post('ListStreams', {}, headers)).toMatchObject({ status: 200 });
  });

  test('a content type that Kinesis does not know is named, with those that it knows', async () => {
    expect(await post('ListStreams', {}, { 'content-type': 'text/plain' })).toEqual(
      error('UnknownOperationException', text(/one of application\/x-amz-json-1\.1, .*, but is 'text\/plain'/), 404),
    );
  });

  test('an unknown operation is told before the content type is looked at', async () => {
    expect(await post('Nothing', {}, { 'content-type': 'text/plain' })).toEqual(
      error('UnknownOperationException', text(/^Nothing of Kinesis is not offered here/)),
    );
  });

  test.each([
    ['no body', ''],
    ['no JSON', '{"StreamName":'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['no object', '[]'],
    ['null', 'null'],
  ])('%s is a SerializationException', async (_what, body) => {
    expect(await post('ListStreams', body)).toEqual(error('SerializationException', expect.any(String)));
  });

  test('a body over the limit is answered in the way of Kinesis', async () => {
    const Records = Array.from({ length: 24 }, () => ({ PartitionKey: 'a', Data: new Uint8Array(1_000_000) }));
    await expect(client.send(new PutRecordsCommand({ StreamName, Records }))).rejects.toMatchObject({
      name: 'InvalidArgumentException',
      message: expect.stringContaining('exceeds 16777216 bytes'),
    });
  });

  test('a body over the limit is heard out, as a client that is still sending would miss the answer', async () => {
    const { status, headers } = await post('PutRecords', ' '.repeat(16 * 1_024 * 1_024 + 1));
    expect(status).toBe(400);
    expect(headers.get('connection')).not.toBe('close');
  });

  test('the rest of the server parses bodies as before', async () => {
    const send = (contentType: string) =>
      fetch(`${address}/elsewhere`, { method: 'POST', headers: { 'content-type': contentType }, body: '{}' });
    expect(await (await send('application/json')).json()).toEqual({ type: 'object' });
    const amazonJson = await send('application/x-amz-json-1.1');
    expect(amazonJson.status).toBe(415);
    expect(amazonJson.headers.has('x-amzn-requestid')).toBe(false);
  });
});
