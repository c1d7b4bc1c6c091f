/** Every operation answers in CBOR what it answers in JSON: only bytes and times are written in another way. */
import { decode } from 'cborg';
import { expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { MemoryEventStream } from '../../../../adapters/memory/memory-event-stream.ts';
import { accountId, addressOf, frontDoor, names, postKinesis, region } from '../front-door.ts';
import { jackson } from './jackson.ts';

const CREATED = Date.UTC(2026, 0, 1, 12, 0, 0, 500);
const StreamName = names.stream;
const StreamARN = `arn:aws:kinesis:${region}:${accountId}:stream/${StreamName}`;
const DATA = Uint8Array.of(0, 255, 10);
/** Iterators differ with every call. */
const ITERATOR = 'an iterator';

interface Call {
  readonly operation: string;
  readonly input: object;
}

type Ask = (call: Call) => Promise<unknown>;

async function setUp(): Promise<FastifyInstance> {
  const clock = { now: () => CREATED };
  const stream = new MemoryEventStream({ clock, shards: 2 });
  return frontDoor({ eventStream: stream, shardReader: stream, streamControl: stream, clock });
}

/** With the bytes and times of CBOR written as JSON writes them. */
function asJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== 'object' || value === null) return value;
  if ('tag1' in value) return Number(value.tag1) / 1_000;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asJson(member)]));
}

async function askInCbor(app: FastifyInstance, { operation, input }: Call): Promise<unknown> {
  const answer = await fetch(await addressOf(app), {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-cbor-1.1', 'x-amz-target': `Kinesis_20131202.${operation}` },
    body: Buffer.from(jackson(input)),
  });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const tags = { 1: (content: () => unknown) => ({ tag1: content() }) };
  const body = bytes.length === 0 ? {} : asJson(decode(bytes, { tags }));
  return { status: answer.status, body };
}

/** The calls in turn, each told the iterator that came last. */
async function answersOf(ask: Ask, data: unknown): Promise<readonly unknown[]> {
  const calls: Call[] = [
    { operation: 'PutRecord', input: { StreamName, PartitionKey: 'k', Data: data } },
    { operation: 'PutRecords', input: { StreamName, Records: [{ PartitionKey: 'k', Data: data }] } },
    { operation: 'ListStreams', input: { Limit: 5 } },
    { operation: 'DescribeStream', input: { StreamName } },
    { operation: 'DescribeStreamSummary', input: { StreamARN } },
    { operation: 'ListShards', input: { StreamName, ShardFilter: { Type: 'AT_LATEST' } } },
    ...['0', '1'].flatMap((ShardId) => [
      { operation: 'GetShardIterator', input: { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' } },
      { operation: 'GetRecords', input: { ShardIterator: ITERATOR, Limit: 10 } },
    ]),
    { operation: 'SplitShard', input: { StreamName, ShardToSplit: '0', NewStartingHashKey: '5' } },
    { operation: 'GetRecords', input: { ShardIterator: ITERATOR } },
    { operation: 'MergeShards', input: { StreamName, ShardToMerge: '2', AdjacentShardToMerge: '3' } },
    {
      operation: 'UpdateShardCount',
      input: { StreamName, TargetShardCount: 4, ScalingType: 'UNIFORM_SCALING' },
    },
    { operation: 'UpdateMaxRecordSize', input: { StreamARN, MaxRecordSizeInKiB: 2_048 } },
    { operation: 'AddTagsToStream', input: { StreamName, Tags: { team: 'water', stage: 'x' } } },
    { operation: 'RemoveTagsFromStream', input: { StreamName, TagKeys: ['stage'] } },
    { operation: 'ListTagsForStream', input: { StreamName } },
    { operation: 'ListTagsForResource', input: { ResourceARN: StreamARN } },
    // Errors, and the state at the end.
    { operation: 'SplitShard', input: { StreamName, ShardToSplit: '0', NewStartingHashKey: '5' } },
    { operation: 'UpdateMaxRecordSize', input: { StreamARN, MaxRecordSizeInKiB: 1 } },
    { operation: 'ListShards', input: { StreamName } },
  ];
  const answers: unknown[] = [];
  let iterator = '';
  for (const { operation, input } of calls) {
    const asked = 'ShardIterator' in input ? { ...input, ShardIterator: iterator } : input;
    const answer = (await ask({ operation, input: asked })) as { body: Record<string, unknown> };
    const { ShardIterator = iterator, NextShardIterator = ShardIterator, ...body } = answer.body;
    iterator = String(NextShardIterator);
    answers.push([operation, { ...answer, body, iterator: iterator !== '' }]);
  }
  return answers;
}

test('every operation answers in CBOR what it answers in JSON', async () => {
  const [inJson, inCbor] = [await setUp(), await setUp()];
  const expected = await answersOf(
    ({ operation, input }) => postKinesis(inJson, operation, input),
    Buffer.from(DATA).toString('base64'),
  );
  const answers = await answersOf((call) => askInCbor(inCbor, call), DATA);
  for (const [at, answer] of answers.entries()) expect(answer).toEqual(expected[at]);
  // The two reads found both records.
  const found = answers.flatMap((answer) => JSON.stringify(answer).match(/"Data":"AP8K"/g) ?? []);
  expect(found).toHaveLength(2);
  await Promise.all([inJson.close(), inCbor.close()]);
});
