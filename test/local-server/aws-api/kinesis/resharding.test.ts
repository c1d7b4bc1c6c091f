/** Shards that a client splits, merges and counts anew, and the largest record, over the stream in memory. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { MemoryEventStream } from '../../../../adapters/memory/memory-event-stream.ts';
import { announced } from '../../../../local-server/aws-api/kinesis/stream-control.ts';
import { accountId, frontDoor, names, postKinesis, region } from '../front-door.ts';

const CREATED = Date.UTC(2026, 0, 1, 12);
const StreamName = names.stream;
const StreamARN = `arn:aws:kinesis:${region}:${accountId}:stream/${StreamName}`;
const MIDDLE = 2n ** 127n;
const KIB = 1_024;

let stream: MemoryEventStream;
let app: FastifyInstance;
/** How often the server was told that the shards became others. */
let announcements: number;

beforeEach(async () => {
  const clock = { now: () => CREATED };
  announcements = 0;
  stream = new MemoryEventStream({ clock, shards: 2 });
  const streamControl = announced(stream, () => (announcements += 1));
  app = await frontDoor({ eventStream: stream, shardReader: stream, streamControl, clock });
});
afterEach(() => app.close());

const post = (operation: string, input: object) => postKinesis(app, operation, input);
const error = (type: string, message: unknown) => ({ status: 400, body: { __type: type, message } });
const text = (pattern: RegExp) => expect.stringMatching(pattern) as unknown;
const shardId = (index: number) => `shardId-${String(index).padStart(12, '0')}`;

async function call(operation: string, input: object) {
  const { status, body } = await post(operation, input);
  expect({ operation, status, body }).toMatchObject({ status: 200 });
  return body;
}

/** The open shards with where they start, and from which shards they came. */
async function openShards(): Promise<[string, string[]][]> {
  const shards = await stream.listShards();
  return shards
    .filter(({ endingSequenceNumber }) => endingSequenceNumber === undefined)
    .map(({ startingHashKey, parentShardIds }) => [startingHashKey, [...parentShardIds]]);
}

test('SplitShard closes a shard and opens two, and takes any form of the id', async () => {
  const NewStartingHashKey = '5';
  expect(await call('SplitShard', { StreamName, ShardToSplit: 'any-0', NewStartingHashKey })).toEqual({});
  expect(await openShards()).toEqual([
    [String(MIDDLE), []],
    ['0', [shardId(0)]],
    ['5', [shardId(0)]],
  ]);
  expect(announcements).toBe(1);
});

test('MergeShards closes two shards and opens one', async () => {
  const input = { StreamARN, ShardToMerge: shardId(0), AdjacentShardToMerge: shardId(1) };
  expect(await call('MergeShards', input)).toEqual({});
  expect(await openShards()).toEqual([['0', [shardId(0), shardId(1)]]]);
  expect(announcements).toBe(1);
});

test('UpdateShardCount splits and merges to the count', async () => {
  const update = (TargetShardCount: number) =>
    call('UpdateShardCount', { StreamName, TargetShardCount, ScalingType: 'UNIFORM_SCALING' });
  expect(await update(4)).toEqual({ StreamName, StreamARN, CurrentShardCount: 2, TargetShardCount: 4 });
  expect(await openShards()).toHaveLength(4);
  expect(await update(3)).toMatchObject({ CurrentShardCount: 4, TargetShardCount: 3 });
  expect(await openShards()).toHaveLength(3);
  expect(announcements).toBe(2);
});

describe('what is refused changes nothing, and is told in the words of Kinesis', () => {
  const place = `in stream ${StreamName} under account ${accountId}`;
  const split = (more: object) => ['SplitShard', { ShardToSplit: '0', NewStartingHashKey: '5', ...more }] as const;
  const merge = (more: object) => ['MergeShards', { ShardToMerge: '0', AdjacentShardToMerge: '1', ...more }] as const;
  const count = (more: object) =>
    ['UpdateShardCount', { TargetShardCount: 2, ScalingType: 'UNIFORM_SCALING', ...more }] as const;
  const notGreater = /is not both greater than one plus the shard's StartingHashKey 0 and less than the shard's/;

  test.each([
    [...split({ ShardToSplit: '7' }), 'ResourceNotFoundException', `Could not find shard ${shardId(7)} ${place}.`],
    [...split({ ShardToSplit: 'x' }), 'ResourceNotFoundException', `Could not find shard x ${place}.`],
    [...split({ StreamName: 'other' }), 'ResourceNotFoundException', text(/^Stream other under account/)],
    [...split({ NewStartingHashKey: '1' }), 'InvalidArgumentException', text(notGreater)],
    [...split({ NewStartingHashKey: String(MIDDLE - 1n) }), 'InvalidArgumentException', text(notGreater)],
    [...split({ NewStartingHashKey: '9'.repeat(39) }), 'InvalidArgumentException', text(notGreater)],
    [...split({ NewStartingHashKey: '-1' }), 'ValidationException', text(/at 'newStartingHashKey' failed/)],
    [...split({ NewStartingHashKey: undefined }), 'ValidationException', text(/Value null at 'newStartingHashKey'/)],
    [...split({ NewStartingHashKey: 5 }), 'SerializationException', text(/NewStartingHashKey/)],
    [...merge({ AdjacentShardToMerge: '2' }), 'ResourceNotFoundException', text(/Could not find shard shardId-0+2 /)],
    [
      ...merge({ ShardToMerge: '1', AdjacentShardToMerge: '0' }),
      'InvalidArgumentException',
      `Shards ${shardId(1)} and ${shardId(0)} ${place} are not an adjacent pair of shards eligible for merging`,
    ],
    [...merge({ AdjacentShardToMerge: '0' }), 'InvalidArgumentException', text(/not an adjacent pair/)],
    [...merge({ ShardToMerge: undefined }), 'ValidationException', text(/Value null at 'shardToMerge'/)],
    [
      ...count({ TargetShardCount: 5 }),
      'LimitExceededException',
      'UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: 2 Target shard count: 5',
    ],
    [...count({ TargetShardCount: 0 }), 'ValidationException', text(/at 'targetShardCount' failed/)],
    [...count({ TargetShardCount: 2.5 }), 'SerializationException', text(/TargetShardCount/)],
    [...count({ ScalingType: 'DOUBLE' }), 'ValidationException', text(/enum value set: \[UNIFORM_SCALING\]/)],
    [...count({ StreamName: undefined }), 'InvalidArgumentException', text(/StreamName or StreamARN/)],
  ])('%s %j', async (operation, input, type, message) => {
    const before = await stream.listShards();
    expect(await post(operation, { StreamName, ...input })).toEqual(error(type, message));
    expect(await stream.listShards()).toEqual(before);
    expect(announcements).toBe(0);
  });

  test('to scale down below half', async () => {
    await call('UpdateShardCount', { StreamName, TargetShardCount: 3, ScalingType: 'UNIFORM_SCALING' });
    expect(await post(...count({ StreamName, TargetShardCount: 1 }))).toEqual(
      error('LimitExceededException', text(/cannot scale down below half your current open shard count/)),
    );
  });

  test('a shard that is closed', async () => {
    await call(...split({ StreamName }));
    const closed = `Shard ${shardId(0)} ${place} has already been merged or split, and thus is not eligible for merging or splitting.`;
    expect(await post(...split({ StreamName, NewStartingHashKey: '7' }))).toEqual(
      error('InvalidArgumentException', closed),
    );
    expect(await post(...merge({ StreamName }))).toEqual(error('InvalidArgumentException', closed));
  });
});

describe('the largest record', () => {
  const update = (MaxRecordSizeInKiB: unknown, more: object = { StreamARN }) =>
    post('UpdateMaxRecordSize', { MaxRecordSizeInKiB, ...more });
  const put = (bytes: number) =>
    post('PutRecord', { StreamName, PartitionKey: 'k', Data: Buffer.alloc(bytes - 1).toString('base64') });
  const limit = async () =>
    (
      (await call('DescribeStreamSummary', { StreamName })) as {
        StreamDescriptionSummary: { MaxRecordSizeInKiB: number };
      }
    ).StreamDescriptionSummary.MaxRecordSizeInKiB;

  test('is raised and lowered by UpdateMaxRecordSize, at every way in', async () => {
    expect(await put(KIB * KIB + 1)).toMatchObject({ status: 400 });
    expect(await update(2_048)).toEqual({ status: 200, body: {} });
    expect(await limit()).toBe(2_048);
    expect(await put(2 * KIB * KIB)).toMatchObject({ status: 200 });
    const Data = Buffer.alloc(2 * KIB * KIB).toString('base64');
    expect(await post('PutRecords', { StreamName, Records: [{ PartitionKey: 'k', Data }] })).toEqual(
      error('InvalidArgumentException', text(/at most 2097152 bytes together, but have 2097153/)),
    );
    await update(1_024);
    expect(await put(KIB * KIB + 1)).toMatchObject({ status: 400 });
  });

  test('of 10 MiB goes in whole, and comes out whole', async () => {
    await update(10_240);
    const { status, body } = await put(10 * KIB * KIB);
    expect(status).toBe(200);
    expect(await put(10 * KIB * KIB + 1)).toEqual(error('InvalidArgumentException', text(/at most 10485760 bytes/)));
    const { ShardIterator } = await call('GetShardIterator', {
      ...{ StreamName, ShardId: body.ShardId, ShardIteratorType: 'TRIM_HORIZON' },
    });
    const { Records } = (await call('GetRecords', { ShardIterator })) as { Records: { Data: string }[] };
    expect(Records.map(({ Data }) => Buffer.from(Data, 'base64').length)).toEqual([10 * KIB * KIB - 1]);
  });

  test.each([
    [1_023, { StreamARN }, 'ValidationException', /greater than or equal to 1024/],
    [10_241, { StreamARN }, 'ValidationException', /less than or equal to 10240/],
    [undefined, { StreamARN }, 'ValidationException', /Value null at 'maxRecordSizeInKiB'/],
    ['2048', { StreamARN }, 'SerializationException', /MaxRecordSizeInKiB/],
    [2_048, {}, 'InvalidArgumentException', /StreamARN should be provided/],
    [2_048, { StreamARN: StreamARN.replace(region, 'us-west-2') }, 'ResourceNotFoundException', /region us-west-2/],
  ])('is not %j KiB with %j', async (kibibytes, more, type, message) => {
    expect(await update(kibibytes, more)).toEqual(error(type, text(message)));
    expect(await limit()).toBe(1_024);
  });
});

describe('SequenceNumberForOrdering', () => {
  const put = (SequenceNumberForOrdering: string) =>
    post('PutRecord', { StreamName, PartitionKey: 'k', Data: '', SequenceNumberForOrdering });
  const fromHex = (digits: string) => String(BigInt(`0x${digits}`));

  test('is the number of the record before', async () => {
    const first = await call('PutRecord', { StreamName, PartitionKey: 'k', Data: '' });
    expect(await put(String(first.SequenceNumber))).toMatchObject({ status: 200 });
  });

  test.each([
    ['all 0', '20000000000000000000000000000000000000000000002'],
    ['all 0 in version 1', '20000000000000000000000000000000000000000000001'],
    ['8 near the end', '20000000000000000000000000000000000000800000002'],
    // https://github.com/mhart/kinesalite/issues/33
    ['one that AWS gave', BigInt('49563335997420305725896584603874146327194044269160562690').toString(16)],
  ])('may be one that Kinesis takes: %s', async (_what, digits) => {
    expect(await put(fromHex(digits))).toMatchObject({ status: 200 });
  });

  // kinesalite, test/putRecord.js; the last four are ours.
  test.each([
    ['version 0', '20000000000000000000000000000000000000000000000'],
    ['version 3', '20000000000000000000000000000000000000000000003'],
    ['version 4', '20000000000000000000000000000000000000000000004'],
    ['initial 3', '30000000000000000000000000000000000000000000001'],
    ['initial 1', '1ffffffffff7fffffffffffffff000000000007fffffff2'],
    ['8 in the index', '20000000000800000000000000000000000000000000002'],
    ['a large date', '13bb2cc3d80000000000000000000000'],
    ['all f', '2ffffffffff7fffffffffffffff000000000007fffffff2'],
    [
      'a record of tomorrow',
      `20000000000000000000000000000${(CREATED / 1_000 + 86_400).toString(16).padStart(9, '0')}000000002`,
    ],
    ['zero', '0'],
    ['one', '1'],
    ['the longest', BigInt('9'.repeat(129)).toString(16)],
  ])('is refused where it is impossible: %s', async (_what, digits) => {
    const number = fromHex(digits);
    expect(await put(number)).toEqual(
      error(
        'InvalidArgumentException',
        `ExclusiveMinimumSequenceNumber ${number} used in PutRecord on stream ${StreamName} under account ${accountId} is invalid.`,
      ),
    );
    expect(stream.statistics().reduce((sum, { recordsPut }) => sum + recordsPut, 0)).toBe(0);
  });
});

test.each([
  ['SplitShard', { StreamName, ShardToSplit: '0', NewStartingHashKey: '5' }],
  ['MergeShards', { StreamName, ShardToMerge: '0', AdjacentShardToMerge: '1' }],
  ['UpdateShardCount', { StreamName, TargetShardCount: 2, ScalingType: 'UNIFORM_SCALING' }],
  ['UpdateMaxRecordSize', { StreamARN, MaxRecordSizeInKiB: 2_048 }],
])('%s leaves a stream at AWS to AWS', async (operation, input) => {
  const door = await frontDoor({ eventStream: stream, shardReader: stream, streamControl: undefined });
  expect(await postKinesis(door, operation, input)).toEqual(
    error('UnknownOperationException', text(/is not in this server: it runs with --adapters aws/)),
  );
  expect(await openShards()).toHaveLength(2);
  await door.close();
});

test('a record of 2 MiB goes on to a stream at AWS, which has a limit of its own', async () => {
  stream.updateMaxRecordKib(10_240);
  const door = await frontDoor({ eventStream: stream, shardReader: stream, streamControl: undefined });
  const Data = Buffer.alloc(2 * KIB * KIB).toString('base64');
  expect(await postKinesis(door, 'PutRecord', { StreamName, PartitionKey: 'k', Data })).toMatchObject({ status: 200 });
  await door.close();
});
