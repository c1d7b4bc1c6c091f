/** What every stream promises, on its way in (`EventStream`) and on its way out (`ShardReader`). */
import { describe, expect, test } from '@jest/globals';
import type {
  EventStream,
  PutOutcome,
  ShardPosition,
  ShardReader,
  StreamEvent,
  StreamRecord,
} from '../../core/ports.ts';
import { compareSequenceNumbers, isSequenceNumber } from '../../core/sequence-number.ts';
import { bytesOf, streamEvent } from '../support/record-factory.ts';
import { awkwardIds, eventually, type Harness, range, uniqueName, useHarness } from './harness.ts';

export interface EventStreamHarness extends Harness {
  readonly stream: EventStream;
  /** Reads the same stream, which has two or more open shards and no closed ones. */
  readonly reader: ShardReader;
}

const trimHorizon: ShardPosition = { type: 'TRIM_HORIZON' };

export function eventStreamContract(name: string, create: () => Promise<EventStreamHarness>): void {
  describe(`event stream: ${name}`, () => {
    const harness = useHarness(create);

    /** Puts events that the stream must take. */
    async function putAll(events: readonly StreamEvent[]): Promise<Extract<PutOutcome, { taken: true }>[]> {
      const outcomes = await harness().stream.put(events);
      expect(outcomes).toHaveLength(events.length);
      return outcomes.map((outcome) => {
        if (!outcome.taken) throw new Error(`not taken: ${outcome.code} ${outcome.message}`);
        return outcome;
      });
    }

    async function readOn(shardId: string, start: ShardPosition, pageSize: number): Promise<StreamRecord[]> {
      const records: StreamRecord[] = [];
      for (let position = start; ;) {
        const page = await harness().reader.read(shardId, position, pageSize);
        expect(page.records.length).toBeLessThanOrEqual(pageSize);
        records.push(...page.records);
        const last = page.records.at(-1);
        if (last !== undefined) position = after(last);
        else if (page.millisBehindLatest === 0) return records;
      }
    }

    /** All that was put under the keys, from the trim horizon on, shard after shard. */
    async function readBack(keys: ReadonlySet<string>, count: number, pageSize = 10_000): Promise<StreamRecord[]> {
      const look = async (): Promise<StreamRecord[]> => {
        const records: StreamRecord[] = [];
        for (const { shardId } of await harness().reader.listShards()) {
          records.push(...(await readOn(shardId, trimHorizon, pageSize)));
        }
        return records.filter(({ partitionKey }) => keys.has(partitionKey));
      };
      return eventually(harness(), look, ({ length }) => length >= count);
    }

    test('takes no events with no outcomes', async () => {
      expect(await harness().stream.put([])).toEqual([]);
    });

    test('gives back the bytes that it took, whatever they are', async () => {
      const payloads = [
        Uint8Array.from(range(256)),
        new Uint8Array(0),
        bytesOf('°C 🌱'),
        new Uint8Array(100_000).fill(7),
      ];
      const key = uniqueName('bytes');
      const outcomes = await putAll(payloads.map((data) => ({ partitionKey: key, data })));
      const records = await readBack(new Set([key]), payloads.length);
      expect(records.map(({ data }) => Buffer.from(data).toString('base64'))).toEqual(
        payloads.map((data) => Buffer.from(data).toString('base64')),
      );
      expect(records.map(({ shardId, sequenceNumber }) => ({ taken: true, shardId, sequenceNumber }))).toEqual(
        outcomes,
      );
      for (const { arrivedAt } of records) expect(Number.isFinite(arrivedAt)).toBe(true);
    });

    test('takes partition keys of any characters, one to 256 of them', async () => {
      const keys = [
        ...awkwardIds.map(uniqueName),
        uniqueName('long').padEnd(256, 'x'),
        uniqueName('ü').padEnd(256, 'ü'),
      ];
      const outcomes = await putAll(keys.map((key) => streamEvent(key)));
      const records = await readBack(new Set(keys), keys.length);
      expect(new Map(records.map((record) => [record.partitionKey, record.sequenceNumber]))).toEqual(
        new Map(keys.map((key, index) => [key, outcomes[index]?.sequenceNumber])),
      );
    });

    test.each([26, 500, 10_000])(
      'takes %i events in one call: each is readable once, in the order of its key',
      async (count) => {
        const keys = range(7).map(() => uniqueName('device'));
        const events = range(count).map((index) => streamEvent(keys[index % keys.length]!, { index }));
        const outcomes = await putAll(events);

        const records = await readBack(new Set(keys), count);
        expect(records).toHaveLength(count);
        const contentByNumber = new Map(records.map((record) => [placeOf(record), indexIn(record)]));
        expect(outcomes.map((outcome) => contentByNumber.get(placeOf(outcome)))).toEqual(range(count));
        for (const key of keys) {
          const indexes = records.filter(({ partitionKey }) => partitionKey === key).map(indexIn);
          expect(indexes).toEqual(range(count).filter((index) => keys[index % keys.length] === key));
        }
      },
    );

    test('keeps the order of a key from one call to the next', async () => {
      const key = uniqueName('serial');
      for (const index of range(5)) await putAll([streamEvent(key, { index })]);
      expect((await readBack(new Set([key]), 5)).map(indexIn)).toEqual(range(5));
    });

    test('puts a key into the same shard each time, and different keys into more than one', async () => {
      const keys = range(64).map(() => uniqueName('spread'));
      const first = await putAll(keys.map((key) => streamEvent(key)));
      const second = await putAll(keys.map((key) => streamEvent(key)));
      expect(second.map(({ shardId }) => shardId)).toEqual(first.map(({ shardId }) => shardId));
      expect(new Set(first.map(({ shardId }) => shardId)).size).toBeGreaterThan(1);
    });

    test('lets an explicit hash key decide the shard, both ends of its range inclusive', async () => {
      const shards = await harness().reader.listShards();
      for (const { shardId, startingHashKey, endingHashKey } of shards) {
        const outcomes = await putAll(
          [startingHashKey, endingHashKey].map((explicitHashKey) => ({
            ...streamEvent(uniqueName('explicit')),
            explicitHashKey,
          })),
        );
        expect(outcomes.map((outcome) => outcome.shardId)).toEqual([shardId, shardId]);
      }
    });

    test('refuses an event that no stream can take and takes those around it', async () => {
      const key = uniqueName('around');
      const outcomes = await harness().stream.put([
        streamEvent(key),
        streamEvent(''),
        streamEvent('x'.repeat(257)),
        { ...streamEvent(key), explicitHashKey: (2n ** 128n).toString() },
        { ...streamEvent(key), explicitHashKey: 'none' },
        streamEvent(key),
      ]);
      expect(outcomes.map(({ taken }) => taken)).toEqual([true, false, false, false, false, true]);
      for (const outcome of outcomes.filter(({ taken }) => !taken)) {
        expect(outcome).toMatchObject({ code: expect.stringMatching(/./), message: expect.stringMatching(/./) });
      }
      expect(await readBack(new Set([key]), 2)).toHaveLength(2);
    });

    test('takes every event also where no time is left for retries', async () => {
      const [key, other] = [uniqueName('late'), uniqueName('late')];
      const outcomes = await harness().stream.put([streamEvent(key), streamEvent(other), streamEvent(key)], {
        remainingMillis: () => 0,
      });
      expect(outcomes.map(({ taken }) => taken)).toEqual([true, true, true]);
      expect(await readBack(new Set([key, other]), 3)).toHaveLength(3);
    });

    test('lists shards whose ranges cover every hash key once', async () => {
      const shards = [...(await harness().reader.listShards())].sort((a, b) =>
        BigInt(a.startingHashKey) < BigInt(b.startingHashKey) ? -1 : 1,
      );
      expect(new Set(shards.map(({ shardId }) => shardId)).size).toBe(shards.length);
      let next = 0n;
      for (const { startingHashKey, endingHashKey } of shards) {
        expect(BigInt(startingHashKey)).toBe(next);
        next = BigInt(endingHashKey) + 1n;
      }
      expect(next).toBe(2n ** 128n);
    });

    test('numbers the records of a shard in increasing order', async () => {
      const keys = range(20).map(() => uniqueName('numbers'));
      await putAll(keys.map((key) => streamEvent(key)));
      await readBack(new Set(keys), keys.length);
      for (const { shardId } of await harness().reader.listShards()) {
        const numbers = (await readOn(shardId, trimHorizon, 10_000)).map(({ sequenceNumber }) => sequenceNumber);
        expect(numbers.every(isSequenceNumber)).toBe(true);
        expect(numbers.every((number, at) => at === 0 || compareSequenceNumbers(numbers[at - 1]!, number) < 0)).toBe(
          true,
        );
      }
    });

    test('goes on behind a sequence number without a gap and without a repeat, whatever the page size', async () => {
      const key = uniqueName('resume');
      await putAll(range(20).map((index) => streamEvent(key, { index })));
      const [first] = await readBack(new Set([key]), 20);
      for (const pageSize of [1, 3, 10_000]) {
        const rest = await readOn(first!.shardId, after(first!), pageSize);
        const indexes = rest.filter(({ partitionKey }) => partitionKey === key).map(indexIn);
        expect(indexes).toEqual(range(20).slice(1));
      }
    });

    test('starts at the first record that arrived at a timestamp or later', async () => {
      const key = uniqueName('time');
      for (const index of range(4)) await putAll([streamEvent(key, { index })]);
      const [{ shardId } = { shardId: '' }] = await readBack(new Set([key]), 4);
      const all = await readOn(shardId, trimHorizon, 10_000);
      const last = all.at(-1)!;
      for (const timestamp of [0, all[0]!.arrivedAt, last.arrivedAt, last.arrivedAt - 1]) {
        const expected = all.slice(all.findIndex(({ arrivedAt }) => arrivedAt >= timestamp));
        const read = await readOn(shardId, { type: 'AT_TIMESTAMP', timestamp }, 10_000);
        expect(read.map(({ sequenceNumber }) => sequenceNumber)).toEqual(
          expected.map(({ sequenceNumber }) => sequenceNumber),
        );
      }
    });

    test('says at the tip that nothing is behind, and that the open shard goes on', async () => {
      const key = uniqueName('tip');
      await putAll([streamEvent(key)]);
      const [record] = await readBack(new Set([key]), 1);
      const page = await harness().reader.read(record!.shardId, after(record!), 10);
      expect(page).toEqual({
        records: [],
        next: after(record!),
        trimmed: 0,
        endOfShard: false,
        millisBehindLatest: 0,
      });
    });

    test('starts at the record of a sequence number, that record included', async () => {
      const key = uniqueName('at');
      await putAll(range(3).map((index) => streamEvent(key, { index })));
      const [, second] = await readBack(new Set([key]), 3);
      const { shardId, sequenceNumber } = second!;
      const from = await readOn(shardId, { type: 'AT_SEQUENCE_NUMBER', sequenceNumber }, 2);
      expect(from[0]).toEqual(second);
      expect(from.filter(({ partitionKey }) => partitionKey === key).map(indexIn)).toEqual([1, 2]);
    });

    test('tells with each page where to read on', async () => {
      const key = uniqueName('next');
      await putAll(range(5).map((index) => streamEvent(key, { index })));
      const [first] = await readBack(new Set([key]), 5);
      const seen: StreamRecord[] = [];
      let position = after(first!);
      for (let pages = 0; pages < 20 && seen.length < 4; pages += 1) {
        const page = await harness().reader.read(first!.shardId, position, 1);
        seen.push(...page.records.filter(({ partitionKey }) => partitionKey === key));
        position = page.next;
      }
      expect(seen.map(indexIn)).toEqual([1, 2, 3, 4]);
    });

    test('shows from LATEST on what arrives afterwards, and nothing from before', async () => {
      const key = uniqueName('latest');
      const [before] = await putAll([streamEvent(key, 'before')]);
      await readBack(new Set([key]), 1);
      const { reader } = harness();
      const page = await reader.read(before!.shardId, { type: 'LATEST' }, 10);
      expect(page.records).toEqual([]);
      await putAll([streamEvent(key, 'behind')]);
      const seen: StreamRecord[] = [];
      let position = page.next;
      await eventually(
        harness(),
        async () => {
          const next = await reader.read(before!.shardId, position, 10);
          position = next.next;
          seen.push(...next.records.filter(({ partitionKey }) => partitionKey === key));
          return seen;
        },
        ({ length }) => length > 0,
      );
      expect(seen.map(({ data }) => Buffer.from(data).toString())).toEqual(['behind']);
    });

    test('gives each open shard the number that it starts at, and no end', async () => {
      for (const { startingSequenceNumber, endingSequenceNumber } of await harness().reader.listShards()) {
        expect(isSequenceNumber(startingSequenceNumber)).toBe(true);
        expect(endingSequenceNumber).toBeUndefined();
      }
      const outcomes = await putAll(range(8).map(() => streamEvent(uniqueName('start'))));
      const starts = new Map(
        (await harness().reader.listShards()).map((shard) => [shard.shardId, shard.startingSequenceNumber]),
      );
      for (const { shardId, sequenceNumber } of outcomes) {
        expect(compareSequenceNumbers(starts.get(shardId)!, sequenceNumber)).toBeLessThanOrEqual(0);
      }
    });

    test('reads from the number that a shard starts at as from its beginning', async () => {
      const key = uniqueName('origin');
      await putAll([streamEvent(key)]);
      const [record] = await readBack(new Set([key]), 1);
      const { shardId, startingSequenceNumber: sequenceNumber } = (await harness().reader.listShards()).find(
        (shard) => shard.shardId === record!.shardId,
      )!;
      const all = await readOn(shardId, trimHorizon, 10_000);
      expect(await readOn(shardId, { type: 'AT_SEQUENCE_NUMBER', sequenceNumber }, 10_000)).toEqual(all);
    });

    test('counts the records that follow a position, or says that it cannot', async () => {
      const key = uniqueName('backlog');
      await putAll(range(3).map((index) => streamEvent(key, { index })));
      const [first, , third] = await readBack(new Set([key]), 3);
      const { reader } = harness();
      expect([2, undefined]).toContain(await reader.backlog(first!.shardId, after(first!)));
      expect([0, undefined]).toContain(await reader.backlog(first!.shardId, after(third!)));
    });
  });
}

function after({ sequenceNumber }: StreamRecord): ShardPosition {
  return { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber };
}

function placeOf({ shardId, sequenceNumber }: { shardId: string; sequenceNumber: string }): string {
  return `${shardId} ${sequenceNumber}`;
}

function indexIn({ data }: StreamRecord): number {
  return (JSON.parse(Buffer.from(data).toString()) as { index: number }).index;
}
