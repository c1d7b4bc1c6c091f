/** How the reader goes about iterators, ends and refusals: kinesalite behind the fault proxy. */
import { KinesisClient, SplitShardCommand } from '@aws-sdk/client-kinesis';
import { describe, expect, test } from '@jest/globals';
import { KinesisEventStream } from '../../../adapters/aws/kinesis-event-stream.ts';
import { KinesisShardReader } from '../../../adapters/aws/kinesis-shard-reader.ts';
import { InvalidRequest, StoreUnavailable } from '../../../core/errors.ts';
import type { ShardPage, ShardPosition, StreamRecord } from '../../../core/ports.ts';
import { range, uniqueName } from '../../contracts/harness.ts';
import { useEngineBehindProxy } from '../../support/engine-behind-proxy.ts';
import { eventually } from '../../support/eventually.ts';
import { calls, cutBefore, inTurn, pass, refuse, throttle } from '../../support/fault-proxy/actions.ts';
import { jsonAnswer, jsonOf } from '../../support/fault-proxy/answer.ts';
import type { Action } from '../../support/fault-proxy/fault-proxy.ts';
import { kinesisLimits } from '../../support/fault-proxy/kinesis-rules.ts';
import { createStream, startKinesalite } from '../../support/kinesalite.ts';
import { streamEvent } from '../../support/record-factory.ts';

const shardId = 'shardId-000000000000';
const trimHorizon = { type: 'TRIM_HORIZON' } as const;
const getRecords = calls('kinesis', 'GetRecords');

const engine = useEngineBehindProxy({
  start: startKinesalite,
  limits: kinesisLimits,
  createClient: (options) => new KinesisClient(options),
});

/** A reader on a new stream whose first shard holds so many records. */
async function setUp(records: number, shards = 1): Promise<{ reader: KinesisShardReader; streamName: string }> {
  const streamName = uniqueName('stream');
  const { client, proxy } = engine();
  await createStream(client, streamName, shards);
  const stream = new KinesisEventStream({ client, streamName });
  await stream.put(range(records).map((index) => ({ ...streamEvent(`key-${index}`), explicitHashKey: '0' })));
  proxy.calls.splice(0);
  return { reader: new KinesisShardReader({ client, streamName }), streamName };
}

function after({ records }: Pick<ShardPage, 'records'>): ShardPosition {
  return { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: records.at(-1)!.sequenceNumber };
}

function numbers(records: readonly StreamRecord[]): string[] {
  return records.map(({ sequenceNumber }) => sequenceNumber);
}

/** How often each operation was called. */
function counts(): Record<string, number> {
  const count: Record<string, number> = {};
  for (const { operation } of engine().proxy.calls) count[operation] = (count[operation] ?? 0) + 1;
  return count;
}

describe('iterators', () => {
  test('are asked for once, however long reading goes on', async () => {
    const { reader } = await setUp(5);
    let position: ShardPosition = trimHorizon;
    for (const _ of range(5)) position = after(await reader.read(shardId, position, 1));
    for (const _ of range(5)) expect((await reader.read(shardId, position, 1)).records).toEqual([]);
    expect(counts()).toEqual({ GetShardIterator: 1, GetRecords: 10 });
  });

  test('serve a second reader that comes to the same positions', async () => {
    const { reader } = await setUp(4);
    const first = await reader.read(shardId, trimHorizon, 2);
    const [once, again] = [await reader.read(shardId, after(first), 10), await reader.read(shardId, after(first), 10)];
    expect(numbers(again.records)).toEqual(numbers(once.records));
    expect(counts()).toEqual({ GetShardIterator: 1, GetRecords: 3 });
  });

  test.each(['ExpiredIteratorException', 'InvalidArgumentException'])(
    'that the service does not take any more are renewed from the last sequence number: %s',
    async (name) => {
      const { reader } = await setUp(4);
      engine().proxy.rules = [inTurn(getRecords, [pass, refuse(name)])];
      const first = await reader.read(shardId, trimHorizon, 2);
      const second = await reader.read(shardId, after(first), 2);
      const all = await reader.read(shardId, trimHorizon, 10);
      expect(numbers(all.records)).toEqual(numbers([...first.records, ...second.records]));
    },
  );

  test('begin at the oldest record where a sequence number is refused', async () => {
    const { reader } = await setUp(2);
    engine().proxy.rules = [inTurn(calls('kinesis', 'GetShardIterator'), [refuse('InvalidArgumentException')])];
    const foreign: ShardPosition = { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: '1' };
    expect((await reader.read(shardId, foreign, 10)).records).toHaveLength(2);
    expect(counts()).toEqual({ GetShardIterator: 2, GetRecords: 1 });
  });
});

describe('a page', () => {
  test('without records is not the end, and the next read goes on behind it', async () => {
    const { reader } = await setUp(2);
    const emptied: Action = async (call, forward) => {
      const { NextShardIterator: _, ...rest } = jsonOf(await forward()) as Record<string, unknown>;
      const { ShardIterator } = jsonOf(call) as { ShardIterator: string };
      return jsonAnswer({ ...rest, Records: [], NextShardIterator: ShardIterator, MillisBehindLatest: 5_000 });
    };
    engine().proxy.rules = [inTurn(getRecords, [emptied, emptied])];
    for (const _ of range(2)) {
      expect(await reader.read(shardId, trimHorizon, 10)).toEqual({
        records: [],
        next: trimHorizon,
        trimmed: 0,
        endOfShard: false,
        millisBehindLatest: 5_000,
      });
    }
    expect((await reader.read(shardId, trimHorizon, 10)).records).toHaveLength(2);
    expect(counts()).toEqual({ GetShardIterator: 1, GetRecords: 3 });
  });

  test('ends the shard where the service gives no next iterator, also with records', async () => {
    const { reader } = await setUp(2);
    const closing: Action = async (_call, forward) =>
      jsonAnswer({ ...(jsonOf(await forward()) as object), NextShardIterator: null });
    engine().proxy.rules = [inTurn(getRecords, [closing])];
    const page = await reader.read(shardId, trimHorizon, 10);
    expect(page.records).toHaveLength(2);
    expect(page.endOfShard).toBe(true);
  });

  test('is refused, without a call, where position or limit are none', async () => {
    const { reader } = await setUp(0);
    for (const limit of [0, 10_001, 1.5, NaN]) {
      await expect(reader.read(shardId, trimHorizon, limit)).rejects.toThrow(InvalidRequest);
    }
    const nowhere: ShardPosition = { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: '01' };
    await expect(reader.read(shardId, nowhere, 1)).rejects.toThrow(InvalidRequest);
    expect(counts()).toEqual({});
  });

  test.each([
    ['throttled', throttle],
    ['cut off', cutBefore],
  ])('can be had later where it is %s', async (_, action) => {
    const { reader } = await setUp(1);
    engine().proxy.rules = [inTurn(getRecords, [action])];
    const failed: unknown = await reader.read(shardId, trimHorizon, 1).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(StoreUnavailable);
    expect((failed as StoreUnavailable).cause).toBeDefined();
    expect((await reader.read(shardId, trimHorizon, 1)).records).toHaveLength(1);
  });
});

describe('shards', () => {
  test('that were split end, and their children name them', async () => {
    const { reader, streamName } = await setUp(3);
    await engine().client.send(
      new SplitShardCommand({
        StreamName: streamName,
        ShardToSplit: shardId,
        NewStartingHashKey: (2n ** 127n).toString(),
      }),
    );
    await eventually(async () => (await reader.listShards()).length === 3);
    const shards = await reader.listShards();
    expect(shards.map(({ parentShardIds }) => parentShardIds)).toEqual([[], [shardId], [shardId]]);
    expect(shards.map(({ endingSequenceNumber }) => endingSequenceNumber !== undefined)).toEqual([true, false, false]);

    const page = await reader.read(shardId, trimHorizon, 10);
    expect(page.records).toHaveLength(3);
    await eventually(async () => (await reader.read(shardId, after(page), 10)).endOfShard);
  });

  test('that are listed in several pages are all found, with the names of parents that expired', async () => {
    const { reader } = await setUp(0, 5);
    const all = await reader.listShards();
    expect(all).toHaveLength(5);
    const onPage =
      (from: number, to: number, NextToken?: string): Action =>
      async () => {
        const Shards = all
          .slice(from, to)
          .map(({ shardId: ShardId, startingHashKey, endingHashKey, startingSequenceNumber }) => ({
            ShardId,
            HashKeyRange: { StartingHashKey: startingHashKey, EndingHashKey: endingHashKey },
            SequenceNumberRange: { StartingSequenceNumber: startingSequenceNumber, EndingSequenceNumber: null },
            ParentShardId: 'shardId-000000000099',
          }));
        return jsonAnswer({ Shards, NextToken });
      };
    engine().proxy.rules = [
      inTurn(calls('kinesis', 'ListShards'), [onPage(0, 2, 'a'), onPage(2, 4, 'b'), onPage(4, 5)]),
    ];
    engine().proxy.calls.splice(0);
    const parentShardIds = ['shardId-000000000099'];
    expect(await reader.listShards()).toEqual(all.map((shard) => ({ ...shard, parentShardIds })));
    const inputs = engine().proxy.calls.map((call) => jsonOf(call) as { NextToken?: string; StreamName?: string });
    expect(inputs.map(({ NextToken }) => NextToken)).toEqual([undefined, 'a', 'b']);
    expect(inputs.map(({ StreamName }) => StreamName === undefined)).toEqual([false, true, true]);
  });

  test('that expired end their reading; where the stream is gone, or cannot be listed, reading fails', async () => {
    const { reader } = await setUp(0);
    const gone = 'shardId-000000000077';
    expect(await reader.read(gone, trimHorizon, 10)).toMatchObject({ records: [], endOfShard: true, expired: true });

    engine().proxy.rules = [inTurn(calls('kinesis', 'ListShards'), [refuse('LimitExceededException')])];
    await expect(reader.read(gone, trimHorizon, 10)).rejects.toThrow(StoreUnavailable);
    const elsewhere = new KinesisShardReader({ client: engine().client, streamName: 'no-such-stream' });
    await expect(elsewhere.read(gone, trimHorizon, 10)).rejects.toThrow(StoreUnavailable);
  });

  test('cannot be listed where the service is down, and may be later', async () => {
    const { reader } = await setUp(0);
    engine().proxy.rules = [inTurn(calls('kinesis', 'ListShards'), [refuse('LimitExceededException')])];
    await expect(reader.listShards()).rejects.toThrow(StoreUnavailable);
    expect(await reader.listShards()).toHaveLength(1);
  });
});
