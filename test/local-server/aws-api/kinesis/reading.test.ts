/** What a client reads of the stream: shards, iterators and records, over the stream in memory. */
import { decode } from 'cborg';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { MemoryEventStream } from '../../../../adapters/memory/memory-event-stream.ts';
import { accountId, addressOf, frontDoor, names, postKinesis, region } from '../front-door.ts';

const CREATED = Date.UTC(2026, 0, 1, 12, 0, 0, 500);
const HOUR = 3_600_000;
const StreamName = names.stream;
const StreamARN = `arn:aws:kinesis:${region}:${accountId}:stream/${StreamName}`;
const FIRST = 'shardId-000000000000';
const SECOND = 'shardId-000000000001';
const MIDDLE = 2n ** 127n;

let now: number;
/** Of the monotonic clock. */
let running: number;
let stream: MemoryEventStream;
let app: FastifyInstance;

beforeEach(async () => {
  now = CREATED;
  running = 0;
  const clock = { now: () => now };
  stream = new MemoryEventStream({ clock, shards: 2, maxRecordKib: 10_240 });
  app = await frontDoor({
    ...{ eventStream: stream, shardReader: stream, streamControl: stream, clock },
    monotonic: () => running,
  });
});
afterEach(() => app.close());

const post = (operation: string, input: object) => postKinesis(app, operation, input);

async function call<Result = Record<string, unknown>>(operation: string, input: object): Promise<Result> {
  const { status, body } = await post(operation, input);
  expect({ operation, status, body }).toMatchObject({ status: 200 });
  return body as Result;
}

const error = (type: string, message: unknown) => ({ status: 400, body: { __type: type, message } });
const text = (pattern: RegExp) => expect.stringMatching(pattern) as unknown;

/** Into the first shard unless another hash key is given. */
async function put(texts: readonly string[], explicitHashKey = '0'): Promise<string[]> {
  const events = texts.map((each) => ({ partitionKey: 'k', explicitHashKey, data: Buffer.from(each) }));
  return (await stream.put(events)).map((outcome) => {
    if (!outcome.taken) throw new Error(outcome.message);
    return outcome.sequenceNumber;
  });
}

async function iterator(type: string, more: object = {}, ShardId = FIRST): Promise<string> {
  const input = { StreamName, ShardId, ShardIteratorType: type, ...more };
  return (await call<{ ShardIterator: string }>('GetShardIterator', input)).ShardIterator;
}

interface Page {
  readonly Records: readonly { readonly Data: string; readonly SequenceNumber: string }[];
  readonly NextShardIterator?: string;
  readonly MillisBehindLatest: number;
  readonly ChildShards?: readonly unknown[];
}

const read = (ShardIterator: string, Limit?: number) => call<Page>('GetRecords', { ShardIterator, Limit });
const texts = ({ Records }: Page) => Records.map(({ Data }) => Buffer.from(Data, 'base64').toString());

interface ShardAnswer {
  readonly ShardId: string;
  readonly SequenceNumberRange: { readonly StartingSequenceNumber: string; readonly EndingSequenceNumber?: string };
}

const listShards = async (input: object = {}) =>
  (await call<{ Shards: ShardAnswer[] }>('ListShards', { StreamName, ...input })).Shards;
const ids = (shards: readonly ShardAnswer[]) => shards.map(({ ShardId }) => Number(ShardId.slice(-2)));

describe('an iterator', () => {
  test('starts where its type says', async () => {
    const [first, second] = await put(['a', 'b']);
    now += 1_000;
    await put(['c']);
    const latest = await iterator('LATEST');
    await put(['d']);
    const at = async (type: string, more?: object) => texts(await read(await iterator(type, more)));
    expect(await at('TRIM_HORIZON')).toEqual(['a', 'b', 'c', 'd']);
    expect(await at('AT_SEQUENCE_NUMBER', { StartingSequenceNumber: second })).toEqual(['b', 'c', 'd']);
    expect(await at('AFTER_SEQUENCE_NUMBER', { StartingSequenceNumber: first })).toEqual(['b', 'c', 'd']);
    expect(await at('AT_TIMESTAMP', { Timestamp: now / 1_000 })).toEqual(['c', 'd']);
    expect(await at('AT_TIMESTAMP', { Timestamp: (now - 1) / 1_000 })).toEqual(['c', 'd']);
    expect(texts(await read(latest))).toEqual(['d']);
  });

  test('starts at both ends of a range, which are numbers of no record', async () => {
    await put(['a', 'b']);
    stream.splitShard(FIRST);
    const [range] = (await listShards()).map(({ SequenceNumberRange }) => SequenceNumberRange);
    const at = async (StartingSequenceNumber: string | undefined) =>
      texts(await read(await iterator('AT_SEQUENCE_NUMBER', { StartingSequenceNumber })));
    expect(await at(range?.StartingSequenceNumber)).toEqual(['a', 'b']);
    expect(await at(range?.EndingSequenceNumber)).toEqual([]);
  });

  test('names its shard in any of the forms that Kinesis takes', async () => {
    await put(['a']);
    for (const ShardId of ['0', 'shardId-0', 'any-00', '-0']) {
      expect(texts(await read(await iterator('TRIM_HORIZON', { ShardId })))).toEqual(['a']);
    }
  });

  test.each([
    [
      { ShardIteratorType: 'NEWEST' },
      'ValidationException',
      /'shardIteratorType' failed .* enum value set: \[AFTER_SEQ/,
    ],
    [{}, 'ValidationException', /Value null at 'shardIteratorType' failed/],
    [
      { ShardIteratorType: 'LATEST', StartingSequenceNumber: '5' },
      'InvalidArgumentException',
      /specified LATEST and also a/,
    ],
    [
      { ShardIteratorType: 'AT_SEQUENCE_NUMBER' },
      'InvalidArgumentException',
      /specified AT_SEQUENCE_NUMBER and no Starting/,
    ],
    [
      { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: '5' },
      'InvalidArgumentException',
      /^StartingSequenceNumber 5 .* is invalid/,
    ],
    [{ ShardIteratorType: 'AT_TIMESTAMP' }, 'InvalidArgumentException', /Must specify timestampInMillis/],
    [
      { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: CREATED / 1_000 + 2 },
      'InvalidArgumentException',
      /cannot be greater than/,
    ],
    [{ ShardIteratorType: 'AT_TIMESTAMP', Timestamp: 'now' }, 'SerializationException', /Timestamp/],
    [
      { ShardIteratorType: 'LATEST', ShardId: 'shardId-7' },
      'ResourceNotFoundException',
      /^Shard shardId-000000000007 in stream .* does not exist$/,
    ],
    [{ ShardIteratorType: 'LATEST', ShardId: '2.14E4' }, 'ResourceNotFoundException', /^Could not find shard 2\.14E4/],
    [
      { ShardIteratorType: 'LATEST', StreamName: 'other' },
      'ResourceNotFoundException',
      /in stream other under account/,
    ],
    [
      { ShardIteratorType: 'LATEST', StreamARN: StreamARN.replace(region, 'us-west-2') },
      'ResourceNotFoundException',
      /names region us-west-2 .*the stream of this server is arn:aws:kinesis:eu-west-1/,
    ],
  ])('is refused for %j', async (input, type, message) => {
    const answer = await post('GetShardIterator', { StreamName, ShardId: FIRST, ...input });
    expect(answer).toEqual(error(type, text(message)));
  });

  test('is refused for a sequence number of another shard', async () => {
    const [other] = await put(['x'], String(MIDDLE));
    const input = {
      StreamName,
      ShardId: FIRST,
      ShardIteratorType: 'AT_SEQUENCE_NUMBER',
      StartingSequenceNumber: other,
    };
    expect(await post('GetShardIterator', input)).toEqual(error('InvalidArgumentException', text(/is invalid/)));
  });

  test('expires after five minutes of running time, however the clock is set', async () => {
    const given = await iterator('LATEST');
    now += 48 * HOUR;
    running = 299_999;
    expect((await read(given)).Records).toEqual([]);
    running = 300_000;
    expect(await post('GetRecords', { ShardIterator: given })).toEqual(
      error(
        'ExpiredIteratorException',
        'Iterator expired. The iterator was created at time Thu Jan 01 12:00:00 UTC 2026 while right now it is Sat Jan 03 12:00:00 UTC 2026 which is further in the future than the tolerated delay of 300000 milliseconds.',
      ),
    );
  });

  test('is refused where a bit of it was changed, or where another server gave it', async () => {
    const given = await iterator('TRIM_HORIZON');
    expect(Buffer.from(given, 'base64').toString()).not.toContain('shardId');
    for (const at of [8, 20, 36, 100]) {
      const bytes = Buffer.from(given, 'base64');
      bytes[at]! ^= 1;
      const changed = bytes.toString('base64');
      expect(await post('GetRecords', { ShardIterator: changed })).toEqual(
        error('InvalidArgumentException', 'Invalid ShardIterator.'),
      );
    }
    const other = await frontDoor({ eventStream: stream, shardReader: stream });
    expect(await postKinesis(other, 'GetRecords', { ShardIterator: given })).toEqual(
      error('InvalidArgumentException', 'Invalid ShardIterator.'),
    );
    await other.close();
  });

  test.each([
    ['', /length greater than or equal to 1/],
    ['a'.repeat(513), /length less than or equal to 512/],
  ])('has 1 to 512 characters', async (ShardIterator, message) => {
    expect(await post('GetRecords', { ShardIterator })).toEqual(error('ValidationException', text(message)));
  });
});

describe('GetRecords', () => {
  test('leads through a shard page by page and says how far behind each page is', async () => {
    await put(['a']);
    now += 700;
    await put(['b', 'c']);
    const first = await read(await iterator('TRIM_HORIZON'), 1);
    const second = await read(first.NextShardIterator ?? '', 1);
    const third = await read(second.NextShardIterator ?? '', 10_000);
    const fourth = await read(third.NextShardIterator ?? '');
    const pages = [first, second, third, fourth];
    expect(pages.map(texts)).toEqual([['a'], ['b'], ['c'], []]);
    expect(pages.map(({ MillisBehindLatest }) => MillisBehindLatest)).toEqual([700, 0, 0, 0]);
    expect(fourth).not.toHaveProperty('ChildShards');
    await put(['d']);
    expect(texts(await read(fourth.NextShardIterator ?? ''))).toEqual(['d']);
  });

  test('gives each record as it was put', async () => {
    const [SequenceNumber] = await put(['a']);
    const { Records } = await read(await iterator('TRIM_HORIZON'));
    const Data = Buffer.from('a').toString('base64');
    expect(Records).toEqual([
      { SequenceNumber, PartitionKey: 'k', Data, ApproximateArrivalTimestamp: CREATED / 1_000 },
    ]);
  });

  test('gives at most 10 MiB, and the rest next time', async () => {
    const large = 'x'.repeat(4 * 1_024 * 1_024);
    await put([`1${large}`]);
    now += 50;
    await put([`2${large}`]);
    now += 50;
    await put([`3${large}`]);
    const first = await read(await iterator('TRIM_HORIZON'));
    expect(texts(first).map(([digit]) => digit)).toEqual(['1', '2']);
    expect(first.MillisBehindLatest).toBe(50);
    expect(texts(await read(first.NextShardIterator ?? '')).map(([digit]) => digit)).toEqual(['3']);
  });

  test('gives a record of 10 MiB whole', async () => {
    await put(['x'.repeat(10_240 * 1_024 - 1)]);
    expect((await read(await iterator('TRIM_HORIZON'))).Records).toHaveLength(1);
  });

  test('ends at the end of a closed shard, and names its children', async () => {
    await put(['a', 'b']);
    stream.splitShard(FIRST);
    const first = await read(await iterator('TRIM_HORIZON'), 1);
    expect(first).toHaveProperty('NextShardIterator');
    const last = await read(first.NextShardIterator ?? '');
    expect(texts(last)).toEqual(['b']);
    expect(last).not.toHaveProperty('NextShardIterator');
    const quarter = MIDDLE / 2n;
    expect(last.ChildShards).toEqual(
      [
        ['02', 0n, quarter - 1n],
        ['03', quarter, MIDDLE - 1n],
      ].map(([id, start, end]) => ({
        ShardId: `shardId-0000000000${id}`,
        ParentShards: [FIRST],
        HashKeyRange: { StartingHashKey: String(start), EndingHashKey: String(end) },
      })),
    );
    const latest = await read(await iterator('LATEST'));
    expect(latest).not.toHaveProperty('NextShardIterator');
  });

  test('names both parents of a merged shard', async () => {
    stream.mergeShards(FIRST, SECOND);
    expect((await read(await iterator('LATEST'))).ChildShards).toMatchObject([{ ParentShards: [FIRST, SECOND] }]);
  });

  test('starts at the oldest record where those behind the iterator are gone', async () => {
    const [first] = await put(['a', 'b']);
    const given = await iterator('AT_SEQUENCE_NUMBER', { StartingSequenceNumber: first });
    now += 25 * HOUR;
    await put(['c']);
    expect(texts(await read(given))).toEqual(['c']);
  });

  test.each([0, 10_001])('takes a limit from 1 to 10,000, not %d', async (Limit) => {
    const answer = await post('GetRecords', { ShardIterator: await iterator('LATEST'), Limit });
    expect(answer).toEqual(error('ValidationException', text(new RegExp(`Value '${Limit}' at 'limit'`))));
  });

  test('speaks CBOR: bytes as they are, times as whole milliseconds', async () => {
    await put(['a']);
    const ShardIterator = await iterator('TRIM_HORIZON');
    const payload = Buffer.concat([
      Buffer.from([0xbf, 0x6d]),
      Buffer.from('ShardIterator'),
      Buffer.from([0x79, ShardIterator.length >> 8, ShardIterator.length & 0xff]),
      Buffer.from(ShardIterator),
      Buffer.from([0xff]),
    ]);
    const answer = await fetch(await addressOf(app), {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-cbor-1.1', 'x-amz-target': 'Kinesis_20131202.GetRecords' },
      body: payload,
    });
    const tags = { 1: (content: () => unknown) => ({ tag1: content() }) };
    expect(decode(new Uint8Array(await answer.arrayBuffer()), { tags })).toMatchObject({
      Records: [{ Data: Uint8Array.of(97), ApproximateArrivalTimestamp: { tag1: CREATED } }],
      NextShardIterator: expect.any(String),
      MillisBehindLatest: 0,
    });
  });
});

describe('shards', () => {
  /** The first shard is closed an hour after the start, its left child two hours after. */
  async function reshard(): Promise<void> {
    now = CREATED + HOUR;
    stream.splitShard(FIRST);
    now = CREATED + 2 * HOUR;
    stream.splitShard('shardId-000000000002');
  }

  test('that are closed have an end, and start at a number of 56 digits', async () => {
    await put(['a']);
    await reshard();
    const shards = await listShards();
    const ranges = shards.map(({ SequenceNumberRange }) => SequenceNumberRange);
    expect(ranges.map(({ EndingSequenceNumber }) => EndingSequenceNumber !== undefined)).toEqual([
      true,
      false,
      true,
      false,
      false,
      false,
    ]);
    for (const { StartingSequenceNumber, EndingSequenceNumber = StartingSequenceNumber } of ranges) {
      expect(StartingSequenceNumber).toMatch(/^\d{56}$/);
      expect(EndingSequenceNumber).toMatch(/^\d{56}$/);
      expect(EndingSequenceNumber >= StartingSequenceNumber).toBe(true);
    }
    const { StreamDescriptionSummary: summary } = await call<{ StreamDescriptionSummary: object }>(
      'DescribeStreamSummary',
      { StreamName },
    );
    expect(summary).toMatchObject({ OpenShardCount: 4 });
  });

  test.each([
    [{ Type: 'AT_LATEST' }, [1, 3, 4, 5]],
    [{ Type: 'FROM_TRIM_HORIZON' }, [0, 1, 2, 3, 4, 5]],
    [{ Type: 'AT_TRIM_HORIZON' }, [0, 1]],
    [{ Type: 'AFTER_SHARD_ID', ShardId: 'shardId-000000000003' }, [4, 5]],
    [{ Type: 'AT_TIMESTAMP', Timestamp: (CREATED + HOUR / 2) / 1_000 }, [0, 1]],
    [{ Type: 'AT_TIMESTAMP', Timestamp: (CREATED + 1.5 * HOUR) / 1_000 }, [1, 2, 3]],
    [{ Type: 'FROM_TIMESTAMP', Timestamp: (CREATED + 1.5 * HOUR) / 1_000 }, [1, 2, 3, 4, 5]],
    [{ Type: 'FROM_TIMESTAMP', Timestamp: 0 }, [0, 1, 2, 3, 4, 5]],
  ])('that pass %j', async (ShardFilter, expected) => {
    await reshard();
    expect(ids(await listShards({ ShardFilter }))).toEqual(expected);
  });

  test('of which all records are gone are listed no more', async () => {
    await reshard();
    now = CREATED + 25.5 * HOUR;
    expect(ids(await listShards())).toEqual([1, 2, 3, 4, 5]);
    expect(ids(await listShards({ ShardFilter: { Type: 'AT_TRIM_HORIZON' } }))).toEqual([1, 2, 3]);
    expect(ids(await listShards({ ShardFilter: { Type: 'FROM_TIMESTAMP', Timestamp: 0 } }))).toEqual([1, 2, 3, 4, 5]);
  });

  test('come in pages that keep to the filter', async () => {
    await reshard();
    const input = { StreamName, MaxResults: 2, ShardFilter: { Type: 'AT_LATEST' } };
    const first = await call<{ Shards: ShardAnswer[]; NextToken: string }>('ListShards', input);
    const second = await call<{ Shards: ShardAnswer[] }>('ListShards', { NextToken: first.NextToken });
    expect([first, second].map(({ Shards }) => ids(Shards))).toEqual([
      [1, 3],
      [4, 5],
    ]);
    expect(second).not.toHaveProperty('NextToken');
  });

  test.each([
    [
      { Type: 'ALL' },
      'ValidationException',
      /at 'shardFilter\.type' failed to satisfy constraint: Member must satisfy enum/,
    ],
    [{}, 'ValidationException', /Value null at 'shardFilter\.type'/],
    [{ Type: 'AT_TIMESTAMP' }, 'InvalidArgumentException', /needs a Timestamp/],
    [{ Type: 'AFTER_SHARD_ID' }, 'InvalidArgumentException', /needs a ShardId/],
    [{ Type: 'AT_LATEST', ShardId: FIRST }, 'InvalidArgumentException', /ShardId goes with/],
    [{ Type: 'AT_LATEST', Timestamp: 1 }, 'InvalidArgumentException', /Timestamp goes with/],
    [{ Type: 'AT_TIMESTAMP', Timestamp: '1' }, 'SerializationException', /Timestamp/],
    ['AT_LATEST', 'SerializationException', /ShardFilter/],
  ])('are not listed for the filter %j', async (ShardFilter, type, message) => {
    expect(await post('ListShards', { StreamName, ShardFilter })).toEqual(error(type, text(message)));
  });

  test.each(['yesterday', {}, [1], true])('are not listed for a StreamCreationTimestamp of %j', async (value) => {
    expect(await post('ListShards', { StreamName, StreamCreationTimestamp: value })).toEqual(
      error('SerializationException', text(/StreamCreationTimestamp/)),
    );
  });

  test('are described in pages, with the stream', async () => {
    await reshard();
    interface Description {
      readonly StreamDescription: { readonly Shards: ShardAnswer[]; readonly HasMoreShards: boolean };
    }
    const describeStream = (input: object) => call<Description>('DescribeStream', { StreamName, ...input });
    const { StreamDescription: first } = await describeStream({ Limit: 4 });
    expect(first).toMatchObject({
      ...{ StreamName, StreamARN, StreamStatus: 'ACTIVE', RetentionPeriodHours: 24, HasMoreShards: true },
      ...{ StreamCreationTimestamp: CREATED / 1_000, EncryptionType: 'NONE' },
      EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
    });
    expect(ids(first.Shards)).toEqual([0, 1, 2, 3]);
    const rest = await describeStream({ ExclusiveStartShardId: first.Shards[3]?.ShardId });
    expect(rest.StreamDescription.HasMoreShards).toBe(false);
    expect(ids(rest.StreamDescription.Shards)).toEqual([4, 5]);
  });

  test('are described 100 at a time at most', async () => {
    const many = new MemoryEventStream({ clock: { now: () => now }, shards: 101 });
    const door = await frontDoor({ shardReader: many, streamControl: many });
    const { body } = await postKinesis(door, 'DescribeStream', { StreamName, Limit: 10_000 });
    const { StreamDescription } = body as { StreamDescription: { Shards: unknown[]; HasMoreShards: boolean } };
    expect([StreamDescription.Shards.length, StreamDescription.HasMoreShards]).toEqual([100, true]);
    await door.close();
  });
});

describe('tags', () => {
  const list = (input: object = {}) => call('ListTagsForStream', { StreamName, ...input });
  const [team, stage] = [
    { Key: 'team', Value: 'water' },
    { Key: 'stage', Value: '' },
  ];

  test('are added, replaced, listed in order, and removed', async () => {
    expect(await list()).toEqual({ Tags: [], HasMoreTags: false });
    await call('AddTagsToStream', { StreamARN, Tags: { team: 'air', stage: '' } });
    await call('AddTagsToStream', { StreamName, Tags: { team: 'water' } });
    expect(await list()).toEqual({ Tags: [stage, team], HasMoreTags: false });
    expect(await list({ Limit: 1 })).toEqual({ Tags: [stage], HasMoreTags: true });
    expect(await list({ ExclusiveStartTagKey: 'stage' })).toEqual({ Tags: [team], HasMoreTags: false });
    expect(await call('ListTagsForResource', { ResourceARN: StreamARN })).toEqual({ Tags: [stage, team] });
    await call('RemoveTagsFromStream', { StreamName, TagKeys: ['team', 'none'] });
    expect(await list()).toEqual({ Tags: [stage], HasMoreTags: false });
  });

  test.each([
    ['AddTagsToStream', {}, 'ValidationException', /Value null at 'tags'/],
    ['AddTagsToStream', { Tags: {} }, 'ValidationException', /Value '{}' at 'tags'/],
    ['AddTagsToStream', { Tags: { a: 1 } }, 'SerializationException', /Tags/],
    [
      'AddTagsToStream',
      { Tags: { ['k'.repeat(129)]: '' } },
      'ValidationException',
      /Map keys must satisfy constraint: \[.*128/,
    ],
    [
      'AddTagsToStream',
      { Tags: { a: 'v'.repeat(257) } },
      'ValidationException',
      /Map value must satisfy constraint: \[.*256/,
    ],
    ['AddTagsToStream', { Tags: { 'a^': '' } }, 'InvalidArgumentException', /invalid characters/],
    // As recorded by kinesalite.
    ['AddTagsToStream', { Tags: { a: 'b\t' } }, 'InvalidArgumentException', /invalid characters/],
    ['AddTagsToStream', { Tags: { 'a\n': '' } }, 'InvalidArgumentException', /invalid characters/],
    [
      'AddTagsToStream',
      { Tags: { 'a%': '' } },
      'InvalidArgumentException',
      /^Failed to add tags to stream \S+ under account \d{12} because some tags contained illegal characters/,
    ],
    [
      'RemoveTagsFromStream',
      { TagKeys: ['a%'] },
      'InvalidArgumentException',
      /^Failed to remove tags from stream .* illegal characters/,
    ],
    [
      'AddTagsToStream',
      { Tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ''])) },
      'InvalidArgumentException',
      /more than 50 tags/,
    ],
    ['RemoveTagsFromStream', { TagKeys: [] }, 'ValidationException', /Value '\[\]' at 'tagKeys'/],
    [
      'RemoveTagsFromStream',
      { TagKeys: [''] },
      'ValidationException',
      /Value '\[\]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: \[/,
    ],
    [
      'ListTagsForResource',
      { ResourceARN: StreamARN.replace('iot-', 'other-') },
      'ResourceNotFoundException',
      /other-SensorStream/,
    ],
  ])('%s is refused for %j', async (operation, input, type, message) => {
    const stream = operation === 'ListTagsForResource' ? {} : { StreamName };
    expect(await post(operation, { ...stream, ...input })).toEqual(error(type, text(message)));
    expect(await list()).toEqual({ Tags: [], HasMoreTags: false });
  });
});

describe('a stream that is at AWS', () => {
  const ask = async (operation: string, input: object) => (await post(operation, input)).body;
  beforeEach(async () => {
    await app.close();
    app = await frontDoor({ eventStream: stream, shardReader: stream, streamControl: undefined });
  });

  test('is read through this server', async () => {
    await put(['a']);
    const { ShardIterator } = await ask('GetShardIterator', {
      ...{ StreamName, ShardId: FIRST, ShardIteratorType: 'TRIM_HORIZON' },
    });
    expect(await ask('GetRecords', { ShardIterator })).toMatchObject({ Records: [{ PartitionKey: 'k' }] });
    expect(await ask('ListShards', { StreamName })).toMatchObject({ Shards: [{}, {}] });
    expect(await ask('ListStreams', {})).toEqual({ StreamNames: [StreamName], HasMoreStreams: false });
  });

  test.each(['DescribeStream', 'DescribeStreamSummary', 'ListTagsForStream'])(
    'is not told of by %s',
    async (operation) => {
      const advice = `${operation} is not offered here, because the stream ${StreamARN} is not in this server: it runs with --adapters aws. Ask Kinesis in ${region}: unset AWS_ENDPOINT_URL_KINESIS and AWS_ENDPOINT_URL.`;
      expect(await ask(operation, { StreamName })).toEqual({ __type: 'UnknownOperationException', message: advice });
    },
  );
});
