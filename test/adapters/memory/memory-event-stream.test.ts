import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MemoryEventStream, type MemoryEventStreamOptions } from '../../../adapters/memory/memory-event-stream.ts';
import { OVERHEAD_BYTES } from '../../../adapters/memory/shard-log.ts';
import type { ShardPage, ShardPosition, StreamEvent, StreamRecord } from '../../../core/ports.ts';
import { compareSequenceNumbers } from '../../../core/sequence-number.ts';
import { eventStreamContract } from '../../contracts/event-stream-contract.ts';
import { range } from '../../contracts/harness.ts';
import { FixedClock } from '../../support/fixed-clock.ts';
import { bytesOf, streamEvent } from '../../support/record-factory.ts';

eventStreamContract('memory', async () => {
  const clock = new FixedClock();
  // Each look at the clock is a millisecond later: positions in time differ from each other.
  const ticking = { now: () => (clock.advance(1), clock.now()) };
  const stream = new MemoryEventStream({ clock: ticking, shards: 3 });
  return { stream, reader: stream };
});

const only = 'shardId-000000000000';
const trimHorizon: ShardPosition = { type: 'TRIM_HORIZON' };

function setUp(options: Partial<MemoryEventStreamOptions> = {}): { clock: FixedClock; stream: MemoryEventStream } {
  const clock = new FixedClock();
  return { clock, stream: new MemoryEventStream({ clock, shards: 1, ...options }) };
}

async function putOne(
  stream: MemoryEventStream,
  event: StreamEvent,
): Promise<{ shardId: string; sequenceNumber: string }> {
  const [outcome] = await stream.put([event]);
  if (outcome?.taken !== true) throw new Error(`not taken: ${JSON.stringify(outcome)}`);
  return outcome;
}

function after(sequenceNumber: string): ShardPosition {
  return { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber };
}

function texts({ records }: Pick<ShardPage, 'records'>): string[] {
  return records.map(({ data }) => Buffer.from(data).toString());
}

describe('shards', () => {
  test('are numbered from 0 and share the hash keys evenly, the last one up to 2^128 - 1', async () => {
    const { stream } = setUp({ shards: 3 });
    const third = 2n ** 128n / 3n;
    expect(await stream.listShards()).toMatchObject([
      {
        shardId: 'shardId-000000000000',
        parentShardIds: [],
        startingHashKey: '0',
        endingHashKey: (third - 1n).toString(),
      },
      {
        shardId: 'shardId-000000000001',
        parentShardIds: [],
        startingHashKey: third.toString(),
        endingHashKey: (third * 2n - 1n).toString(),
      },
      {
        shardId: 'shardId-000000000002',
        parentShardIds: [],
        startingHashKey: (third * 2n).toString(),
        endingHashKey: (2n ** 128n - 1n).toString(),
      },
    ]);
  });

  test.each(['kitchen', 'Küche', '°C', 'greenhouse 🌱', 'a'])(
    'take the key %s by the MD5 of its UTF-8 bytes, as a big-endian integer',
    async (key) => {
      const { stream } = setUp({ shards: 5 });
      const md5 = BigInt(`0x${createHash('md5').update(Buffer.from(key, 'utf8')).digest('hex')}`);
      const { shardId } = await putOne(stream, streamEvent(key));
      const shard = (await stream.listShards()).find((each) => each.shardId === shardId)!;
      expect(md5 >= BigInt(shard.startingHashKey) && md5 <= BigInt(shard.endingHashKey)).toBe(true);
    },
  );

  test('take the keys of known digests', async () => {
    // RFC 1321: MD5("a") starts with 0c, MD5("message digest") with f9, MD5("abc") with 90; four shards split at 40, 80, c0.
    const { stream } = setUp({ shards: 4 });
    const shardOf = async (key: string): Promise<string> => (await putOne(stream, streamEvent(key))).shardId.slice(-1);
    expect([await shardOf('a'), await shardOf('abc'), await shardOf('message digest')]).toEqual(['0', '2', '3']);
  });

  test('must be there: a stream without any is refused', () => {
    for (const shards of [0, -1, NaN]) expect(() => setUp({ shards })).toThrow('shards: ');
    expect(() => setUp({ retentionBytes: 0 })).toThrow('retentionBytes: ');
  });
});

describe('sequence numbers', () => {
  test('have 56 digits, increase within a shard and never repeat, also where the clock goes backwards', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: -100_000, max: 100_000 }), fc.integer({ min: 1, max: 5 })), {
          maxLength: 30,
        }),
        async (steps) => {
          const { clock, stream } = setUp({ shards: 3 });
          const newest = new Map<string, string>();
          const all = new Set<string>();
          let count = 0;
          for (const [millis, puts] of steps) {
            clock.advance(millis);
            for (const outcome of await stream.put(range(puts).map((n) => streamEvent(`key-${count + n}`)))) {
              if (!outcome.taken) throw new Error(outcome.message);
              const { shardId, sequenceNumber } = outcome;
              expect(sequenceNumber).toMatch(/^49\d{54}$/);
              expect(compareSequenceNumbers(newest.get(shardId) ?? '0', sequenceNumber)).toBeLessThan(0);
              newest.set(shardId, sequenceNumber);
              all.add(sequenceNumber);
            }
            count += puts;
          }
          expect(all.size).toBe(count);
        },
      ),
    );
  });
});

describe('readers', () => {
  test('see each record once and in order, however puts, reads and splits interleave', async () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ do: fc.constant('put' as const), keys: fc.array(fc.nat(9), { maxLength: 8 }) }),
      },
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constant('read' as const),
          reader: fc.nat(1),
          limit: fc.integer({ min: 1, max: 5 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('split' as const), shard: fc.nat(7) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { stream } = setUp({ shards: 2 });
        const readers = [new Reader(stream), new Reader(stream)];
        const put: string[] = [];
        for (const next of steps) {
          if (next.do === 'put') {
            const events = next.keys.map((key, n) => streamEvent(`key-${key}`, `${put.length + n}`));
            put.push(...texts({ records: events as unknown as StreamRecord[] }));
            await stream.put(events);
          } else if (next.do === 'read') await readers[next.reader]!.readOn(next.limit);
          else {
            const open = stream.statistics().filter(({ state }) => state === 'open');
            stream.splitShard(open[next.shard % open.length]!.shardId);
          }
        }
        for (const reader of readers) {
          await reader.readToTheEnd();
          expect(texts({ records: reader.seen }).sort()).toEqual(put.sort());
          for (const key of range(10)) {
            const ofKey = reader.seen.filter(({ partitionKey }) => partitionKey === `key-${key}`);
            const order = texts({ records: ofKey }).map(Number);
            expect(order).toEqual(order.toSorted((a, b) => a - b));
            const numbers = ofKey.map(({ sequenceNumber }) => sequenceNumber);
            expect(numbers).toEqual(numbers.toSorted(compareSequenceNumbers));
          }
        }
      }),
    );
  });

  test('are told what they ask for wrongly', async () => {
    const { stream } = setUp({ shards: 2 });
    const other = await putOne(stream, { ...streamEvent('a'), explicitHashKey: (2n ** 128n - 1n).toString() });
    await expect(stream.read('shardId-000000000009', trimHorizon, 1)).rejects.toThrow('shardId: ');
    await expect(stream.backlog('shardId-000000000009', trimHorizon)).rejects.toThrow('shardId: ');
    for (const limit of [0, 10_001, 1.5, NaN]) {
      await expect(stream.read(only, trimHorizon, limit)).rejects.toThrow('limit: ');
    }
    for (const number of ['', '1', other.sequenceNumber]) {
      await expect(stream.read(only, after(number), 1)).rejects.toThrow('sequenceNumber: ');
    }
  });

  test('are refused a sequence number that the shard has yet to give', async () => {
    const { stream: other } = setUp();
    await putOne(other, streamEvent('a'));
    const { sequenceNumber } = await putOne(other, streamEvent('a'));
    const { stream } = setUp();
    await putOne(stream, streamEvent('a'));
    await expect(stream.read(only, after(sequenceNumber), 1)).rejects.toThrow('sequenceNumber: ');
  });

  test('learn how far they are behind the newest record', async () => {
    const { clock, stream } = setUp();
    for (const text of ['a', 'b', 'c']) {
      await stream.put([streamEvent('key', text)]);
      clock.advance(1_000);
    }
    expect(await stream.read(only, trimHorizon, 1)).toMatchObject({ millisBehindLatest: 2_000 });
    expect(await stream.read(only, trimHorizon, 2)).toMatchObject({ millisBehindLatest: 1_000 });
    expect(await stream.read(only, trimHorizon, 3)).toMatchObject({ millisBehindLatest: 0 });
  });

  test('start at a timestamp in the order of arrival, also where the clock went backwards', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1_000, max: 1_100 }), { minLength: 1, maxLength: 40 }),
        fc.nat(40),
        fc.integer({ min: 990, max: 1_110 }),
        async (arrivals, trimmed, timestamp) => {
          // The bound keeps only so many of these records, which are equal in size.
          const held = Math.max(1, arrivals.length - trimmed);
          const { clock, stream } = setUp({ retentionBytes: held * (OVERHEAD_BYTES + 'key'.length + 1) });
          for (const arrival of arrivals) {
            clock.set(arrival);
            await stream.put([streamEvent('key', 'x')]);
          }
          const all = (await stream.read(only, trimHorizon, 10_000)).records;
          expect(all.map(({ arrivedAt }) => arrivedAt)).toEqual(arrivals.slice(-held));
          const first = all.findIndex(({ arrivedAt }) => arrivedAt >= timestamp);
          const page = await stream.read(only, { type: 'AT_TIMESTAMP', timestamp }, 10_000);
          expect(page.records).toEqual(first === -1 ? [] : all.slice(first));
        },
      ),
    );
  });
});

describe('put', () => {
  test('keeps a copy of the bytes', async () => {
    const { stream } = setUp();
    const data = bytesOf('kept');
    await stream.put([{ partitionKey: 'a', data }]);
    data.fill(0);
    expect(texts(await stream.read(only, trimHorizon, 1))).toEqual(['kept']);
  });

  test('takes a record of 1 MiB with its key, and refuses one byte more', async () => {
    const { stream } = setUp();
    const largest = new Uint8Array(1_048_576 - 'ü'.length - 1);
    const outcomes = await stream.put([
      { partitionKey: 'ü', data: largest },
      { partitionKey: 'üx', data: largest },
    ]);
    expect(outcomes).toMatchObject([{ taken: true }, { taken: false, code: 'ValidationException' }]);
  });

  test('counts the characters of a partition key, not its code units', async () => {
    const { stream } = setUp();
    const outcomes = await stream.put([streamEvent('🌱'.repeat(256)), streamEvent('🌱'.repeat(257))]);
    expect(outcomes).toMatchObject([{ taken: true }, { taken: false, code: 'ValidationException' }]);
  });

  test.each(['-1', '01', '1e3', '', '340282366920938463463374607431768211456'])(
    'refuses the explicit hash key "%s"',
    async (explicitHashKey) => {
      const { stream } = setUp();
      const outcomes = await stream.put([{ ...streamEvent('a'), explicitHashKey }]);
      expect(outcomes).toMatchObject([{ taken: false, code: 'ValidationException' }]);
    },
  );

  test('wakes once per call, after the records can be read, and only where some were taken', async () => {
    const seen: number[] = [];
    const { stream } = setUp({ onAppend: () => seen.push(stream.statistics()[0]!.records) });
    await stream.put(range(5).map((n) => streamEvent(`key-${n}`)));
    await stream.put([]);
    await stream.put([streamEvent('')]);
    await stream.put([streamEvent('a')]);
    expect(seen).toEqual([5, 6]);
  });
});

describe('write limits', () => {
  function limited(options: Partial<MemoryEventStreamOptions> = {}): {
    clock: FixedClock;
    stream: MemoryEventStream;
    waits: number[];
  } {
    const waits: number[] = [];
    const { clock, stream } = setUp({
      writeLimits: true,
      streamName: 'telemetry',
      accountId: '123456789012',
      random: () => 0.5,
      sleep: async (millis) => {
        waits.push(millis);
        clock.advance(millis);
      },
      ...options,
    });
    return { clock, stream, waits };
  }

  test('are off unless asked for', async () => {
    const { stream } = setUp();
    const outcomes = await stream.put(range(5_000).map((n) => streamEvent(`key-${n}`)));
    expect(outcomes.every(({ taken }) => taken)).toBe(true);
  });

  test('let a shard take 1,000 records, and tell of each further one why not', async () => {
    const { stream, waits } = limited();
    const outcomes = await stream.put(
      range(1_002).map((n) => streamEvent(`key-${n}`)),
      { remainingMillis: () => 0 },
    );
    expect(outcomes.slice(0, 1_000).every(({ taken }) => taken)).toBe(true);
    const throttled = {
      taken: false,
      code: 'ProvisionedThroughputExceededException',
      message: 'Rate exceeded for shard shardId-000000000000 in stream telemetry under account 123456789012.',
    };
    expect(outcomes.slice(1_000)).toEqual([throttled, throttled]);
    expect(waits).toEqual([]);
  });

  test('let a shard take 1 MiB, and nothing pass a record that waits for it', async () => {
    const { stream } = limited();
    const half = { partitionKey: 'a', data: new Uint8Array(600_000) };
    const outcomes = await stream.put([half, half, streamEvent('a')], { remainingMillis: () => 0 });
    expect(outcomes.map(({ taken }) => taken)).toEqual([true, false, false]);
  });

  test('fill up again with time, not beyond a second, and not by a clock that goes backwards', async () => {
    const { clock, stream } = limited();
    const takenOf = async (count: number): Promise<number> => {
      const outcomes = await stream.put(
        range(count).map(() => streamEvent('a')),
        { remainingMillis: () => 0 },
      );
      return outcomes.filter(({ taken }) => taken).length;
    };
    expect(await takenOf(1_100)).toBe(1_000);
    clock.advance(10);
    expect(await takenOf(100)).toBe(10);
    clock.advance(-5_000);
    expect(await takenOf(100)).toBe(0);
    clock.advance(20);
    expect(await takenOf(100)).toBe(20);
    clock.advance(60_000);
    expect(await takenOf(1_100)).toBe(1_000);
  });

  test('hold each shard on its own', async () => {
    const { stream } = limited({ shards: 2 });
    const toShard = (explicitHashKey: string) => (): StreamEvent => ({ ...streamEvent('a'), explicitHashKey });
    await stream.put(range(1_000).map(toShard('0')), { remainingMillis: () => 0 });
    const outcomes = await stream.put([toShard('0')(), toShard((2n ** 128n - 1n).toString())()], {
      remainingMillis: () => 0,
    });
    expect(outcomes.map(({ taken }) => taken)).toEqual([false, true]);
  });

  test('are waited for until all is taken, in the order of the events', async () => {
    const woken: number[] = [];
    const { stream, waits } = limited({ onAppend: () => woken.push(1) });
    const outcomes = await stream.put(range(2_500).map((n) => streamEvent(`key-${n % 7}`, `${n}`)));
    expect(outcomes.every(({ taken }) => taken)).toBe(true);
    expect(texts(await stream.read(only, trimHorizon, 10_000))).toEqual(range(2_500).map(String));
    // Half of 100, 200, 400, 800 ms, then of a second; each wait lets in as many records as it has milliseconds.
    expect(waits).toEqual([50, 100, 200, 400, 500, 500]);
    expect(woken).toHaveLength(7);
  });

  test('are waited for no longer than time is left', async () => {
    const { clock, stream, waits } = limited();
    const end = clock.now() + 120;
    const outcomes = await stream.put(
      range(2_000).map((n) => streamEvent('a', `${n}`)),
      {
        remainingMillis: () => end - clock.now(),
      },
    );
    expect(waits).toEqual([50, 70]);
    expect(outcomes.map(({ taken }) => taken)).toEqual(range(2_000).map((n) => n < 1_120));
  });

  test('let events go to the children of a shard that is split while they wait', async () => {
    const { clock, stream } = limited({
      sleep: async (millis) => {
        if (stream.statistics().length === 1) stream.splitShard(only);
        clock.advance(millis);
      },
    });
    const outcomes = await stream.put(range(1_010).map(() => streamEvent('a')));
    const shards = outcomes.map((outcome) => (outcome.taken ? outcome.shardId : outcome.code));
    expect(shards).toEqual([...Array<string>(1_000).fill(only), ...Array<string>(10).fill('shardId-000000000001')]);
  });
});

describe('retention', () => {
  const hour = 60 * 60 * 1_000;

  test('forgets records that are older than 24 hours, unless another age is given', async () => {
    for (const [options, age] of [
      [{}, 24 * hour],
      [{ retentionMillis: hour }, hour],
    ] as const) {
      const { clock, stream } = setUp(options);
      await stream.put([streamEvent('a', 'old')]);
      clock.advance(age);
      await stream.put([streamEvent('a', 'new')]);
      expect(texts(await stream.read(only, trimHorizon, 10))).toEqual(['old', 'new']);
      clock.advance(1);
      expect(texts(await stream.read(only, trimHorizon, 10))).toEqual(['new']);
    }
  });

  test('forgets the oldest records of all shards where they take more than the bound', async () => {
    const { stream } = setUp({ shards: 2, retentionBytes: 10 * 1_024 });
    const last = (2n ** 128n - 1n).toString();
    for (const n of range(100)) {
      await stream.put([{ ...streamEvent('a', 'x'.repeat(500)), explicitHashKey: n % 10 === 9 ? last : '0' }]);
    }
    const [first, second] = stream.statistics();
    expect(first!.bytes + second!.bytes).toBeLessThanOrEqual(10 * 1_024);
    expect(first!.bytes + second!.bytes).toBeGreaterThan(9 * 1_024);
    // What is held are the newest eighteen: 82 to 99, of which 89 and 99 went to the second shard.
    expect([first, second].map((shard) => [shard!.records, shard!.recordsTrimmed])).toEqual([
      [16, 74],
      [2, 8],
    ]);
  });

  test('tells a reader how many records it missed, and goes on at the trim horizon', async () => {
    const { clock, stream } = setUp({ retentionMillis: hour });
    const { sequenceNumber } = await putOne(stream, streamEvent('a', '0'));
    await stream.put(range(5).map((n) => streamEvent('a', `missed ${n}`)));
    clock.advance(hour + 1);
    await stream.put([streamEvent('a', 'new')]);
    const page = await stream.read(only, after(sequenceNumber), 10);
    expect(page).toMatchObject({ trimmed: 5, endOfShard: false, millisBehindLatest: 0 });
    expect(texts(page)).toEqual(['new']);
    expect(await stream.backlog(only, after(sequenceNumber))).toBe(1);
    expect(await stream.read(only, trimHorizon, 10)).toMatchObject({ trimmed: 0 });
  });

  test('tells nothing of records that were read before they were trimmed', async () => {
    const { clock, stream } = setUp({ retentionMillis: hour });
    const { sequenceNumber } = await putOne(stream, streamEvent('a'));
    clock.advance(hour + 1);
    expect(await stream.read(only, after(sequenceNumber), 10)).toMatchObject({ records: [], trimmed: 0 });
  });

  test('holds what it should after any number of records, and numbers on', async () => {
    const { clock, stream } = setUp({ retentionMillis: 100 });
    for (const n of range(300)) {
      clock.advance(1);
      await stream.put(range(20).map((k) => streamEvent('a', `${n * 20 + k}`)));
    }
    expect(texts(await stream.read(only, trimHorizon, 10_000))).toEqual(
      range(6_000)
        .slice(-101 * 20)
        .map(String),
    );
    expect(stream.statistics()).toMatchObject([{ recordsPut: 6_000, recordsTrimmed: 6_000 - 2_020, records: 2_020 }]);
  });
});

describe('a split', () => {
  test('closes the shard and opens two over the halves of its range', async () => {
    const { clock, stream } = setUp();
    await putOne(stream, streamEvent('a', 'before'));
    clock.advance(5_000);
    const half = 2n ** 127n;
    const children = [
      {
        shardId: 'shardId-000000000001',
        parentShardIds: [only],
        startingHashKey: '0',
        endingHashKey: (half - 1n).toString(),
      },
      {
        shardId: 'shardId-000000000002',
        parentShardIds: [only],
        startingHashKey: half.toString(),
        endingHashKey: (2n ** 128n - 1n).toString(),
      },
    ];
    expect(stream.splitShard(only)).toMatchObject(children);
    expect((await stream.listShards()).slice(1)).toMatchObject(children);

    const outcomes = await stream.put(
      [half - 1n, half].map((key) => ({ ...streamEvent('a', 'behind'), explicitHashKey: key.toString() })),
    );
    expect(outcomes).toMatchObject([{ shardId: 'shardId-000000000001' }, { shardId: 'shardId-000000000002' }]);
    expect(texts(await stream.read(only, trimHorizon, 10))).toEqual(['before']);
  });

  test('ends the shard for a reader that has read all of it', async () => {
    const { stream } = setUp();
    await putOne(stream, streamEvent('a', '1'));
    const last = await putOne(stream, streamEvent('a', '2'));
    stream.splitShard(only);
    expect(await stream.read(only, trimHorizon, 1)).toMatchObject({ endOfShard: false });
    expect(await stream.read(only, trimHorizon, 2)).toMatchObject({ endOfShard: true });
    expect(await stream.read(only, after(last.sequenceNumber), 2)).toMatchObject({ records: [], endOfShard: true });
  });

  test('lets the numbers of a key go on growing, also within the second of the creation', async () => {
    const { stream } = setUp();
    const numbers: string[] = [];
    for (const n of range(4)) {
      const { shardId, sequenceNumber } = await putOne(stream, streamEvent('a', `${n}`));
      numbers.push(sequenceNumber);
      stream.splitShard(shardId);
    }
    expect(numbers).toEqual(numbers.toSorted(compareSequenceNumbers));
    expect(new Set(numbers).size).toBe(4);
  });

  test('is refused for a shard that is closed or unknown, or has too few hash keys', async () => {
    const { stream } = setUp();
    expect(() => stream.splitShard('shardId-000000000009')).toThrow('shardId: ');
    stream.splitShard(only);
    expect(() => stream.splitShard(only)).toThrow('closed');
    let smallest = (await stream.listShards()).at(-1)!;
    for (let n = 0; n < 125; n += 1) smallest = stream.splitShard(smallest.shardId)[1]!;
    expect(BigInt(smallest.endingHashKey) - BigInt(smallest.startingHashKey)).toBe(3n);
    smallest = stream.splitShard(smallest.shardId)[1]!;
    expect(() => stream.splitShard(smallest.shardId)).toThrow('too few hash keys');
  });
});

describe('a split at a hash key', () => {
  test('lets the second child start there', async () => {
    const { stream } = setUp();
    const children = stream.splitShard(only, '2');
    expect(children.map(({ startingHashKey, endingHashKey }) => [startingHashKey, endingHashKey])).toEqual([
      ['0', '1'],
      ['2', (2n ** 128n - 1n).toString()],
    ]);
  });

  // kinesalite, actions/splitShard.js: greater than one plus the start, less than the end.
  test.each(['0', '1', (2n ** 128n - 1n).toString(), (2n ** 128n).toString(), '-5', 'x', '', '007'])(
    'is refused at %p',
    (key) => {
      const { stream } = setUp();
      expect(() => stream.splitShard(only, key)).toThrow('newStartingHashKey: ');
      expect(stream.statistics()).toMatchObject([{ state: 'open' }]);
    },
  );
});

describe('a merge', () => {
  test('closes two neighbours and opens one over both, in either order', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const { stream } = setUp({ shards: 3 });
      const shards = await stream.listShards();
      const [first, second] = order.map((index) => shards[index]!.shardId);
      expect(stream.mergeShards(first!, second!)).toMatchObject({
        shardId: 'shardId-000000000003',
        parentShardIds: [first, second],
        startingHashKey: shards[0]!.startingHashKey,
        endingHashKey: shards[1]!.endingHashKey,
      });
      expect(stream.statistics().map(({ state }) => state)).toEqual(['closed', 'closed', 'open', 'open']);
      expect((await putOne(stream, { ...streamEvent('a'), explicitHashKey: '0' })).shardId).toBe(
        'shardId-000000000003',
      );
    }
  });

  test('is refused for shards that are not neighbours, closed, unknown or the same', async () => {
    const { stream } = setUp({ shards: 3 });
    const [first, second, third] = (await stream.listShards()).map(({ shardId }) => shardId);
    expect(() => stream.mergeShards(first!, third!)).toThrow('are not neighbours');
    expect(() => stream.mergeShards(first!, first!)).toThrow('are not neighbours');
    expect(() => stream.mergeShards(first!, 'shardId-000000000009')).toThrow('there is no shard');
    stream.splitShard(second!);
    expect(() => stream.mergeShards(first!, second!)).toThrow('closed');
    expect(stream.statistics().filter(({ state }) => state === 'closed')).toHaveLength(1);
  });
});

describe('a new shard count', () => {
  test.each([
    [4, 8],
    [4, 2],
    [3, 4],
    [5, 3],
    [7, 7],
    [3, 6],
    [1, 2],
    [2, 1],
    [10, 17],
  ])('from %i to %i shards leaves ranges of equal size', async (from, to) => {
    const { stream } = setUp({ shards: from });
    const open = stream.updateShardCount(to);
    expect(open).toHaveLength(to);
    const sizes = open.map(
      ({ startingHashKey, endingHashKey }) => BigInt(endingHashKey) - BigInt(startingHashKey) + 1n,
    );
    expect(sizes.reduce((sum, size) => sum + size)).toBe(2n ** 128n);
    for (const size of sizes) expect(Number(size - 2n ** 128n / BigInt(to))).toBeLessThanOrEqual(from + to);
    for (const { parentShardIds } of await stream.listShards()) expect(parentShardIds.length).toBeLessThanOrEqual(2);
  });

  test('opens no shards on the way where it doubles or halves', async () => {
    const { stream } = setUp({ shards: 3 });
    stream.updateShardCount(6);
    expect(await stream.listShards()).toHaveLength(9);
    stream.updateShardCount(3);
    expect(await stream.listShards()).toHaveLength(12);
  });

  test.each([0, 1, 9, 2.5, NaN])('of %p is refused for four shards', (target) => {
    const { stream } = setUp({ shards: 4 });
    expect(() => stream.updateShardCount(target)).toThrow('targetShardCount: ');
  });
});

describe('sequence number ranges', () => {
  test('hold the numbers of all records; a closed shard has an end, before the start of its children', async () => {
    const { stream } = setUp({ shards: 2 });
    await stream.put(range(20).map((n) => streamEvent(`key-${n}`)));
    const [left, right] = (await stream.listShards()).map(({ shardId }) => shardId);
    stream.splitShard(left!);
    const open = (await stream.listShards()).slice(1).map(({ shardId }) => shardId);
    stream.mergeShards(open[2]!, right!);
    const shards = await stream.listShards();
    expect(shards.map(({ endingSequenceNumber }) => endingSequenceNumber !== undefined)).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
    const byId = new Map(shards.map((shard) => [shard.shardId, shard]));
    for (const { shardId, parentShardIds, startingSequenceNumber, endingSequenceNumber } of shards) {
      expect(startingSequenceNumber).toMatch(/^49\d{54}$/);
      for (const { sequenceNumber } of (await stream.read(shardId, trimHorizon, 100)).records) {
        expect(compareSequenceNumbers(startingSequenceNumber, sequenceNumber)).toBeLessThan(0);
        if (endingSequenceNumber !== undefined) {
          expect(compareSequenceNumbers(sequenceNumber, endingSequenceNumber)).toBeLessThan(0);
        }
      }
      for (const parent of parentShardIds) {
        const { endingSequenceNumber: end } = byId.get(parent)!;
        expect(compareSequenceNumbers(end!, startingSequenceNumber)).toBeLessThan(0);
      }
    }
  });

  test('are positions to read from: the start shows all, the end nothing but the end', async () => {
    const { stream } = setUp();
    await stream.put(range(3).map((n) => streamEvent('a', `${n}`)));
    stream.splitShard(only);
    const { startingSequenceNumber, endingSequenceNumber } = (await stream.listShards())[0]!;
    for (const type of ['AT_SEQUENCE_NUMBER', 'AFTER_SEQUENCE_NUMBER'] as const) {
      const all = await stream.read(only, { type, sequenceNumber: startingSequenceNumber }, 10);
      expect(texts(all)).toEqual(['0', '1', '2']);
      const none = await stream.read(only, { type, sequenceNumber: endingSequenceNumber! }, 10);
      expect(none).toMatchObject({ records: [], endOfShard: true });
    }
  });

  test('tell numbers that were given from numbers that cannot have been', async () => {
    const { clock, stream } = setUp({ shards: 2, retentionMillis: 1_000 });
    const { shardId, sequenceNumber } = await putOne(stream, streamEvent('a'));
    const shard = (await stream.listShards()).find((each) => each.shardId === shardId)!;
    expect(stream.hasIssued(sequenceNumber)).toBe(true);
    expect(stream.hasIssued(shard.startingSequenceNumber)).toBe(true);

    const next = `${sequenceNumber.slice(0, 28)}1${sequenceNumber.slice(29)}`;
    const otherArrival = `${sequenceNumber.slice(0, 43)}${(Number(sequenceNumber[43]) + 1) % 10}${sequenceNumber.slice(44)}`;
    const otherShard = `${sequenceNumber.slice(0, -1)}7`;
    const elsewhere = new MemoryEventStream({ clock: { now: () => clock.now() + 60_000 }, shards: 2 });
    const foreign = (await putOne(elsewhere, streamEvent('a'))).sequenceNumber;
    for (const impossible of ['0', '1', '9'.repeat(56), next, otherArrival, otherShard, foreign, 'x', '']) {
      expect([impossible, stream.hasIssued(impossible)]).toEqual([impossible, false]);
    }

    clock.advance(2_000);
    expect(stream.statistics().every(({ records }) => records === 0)).toBe(true);
    expect(stream.hasIssued(sequenceNumber)).toBe(true);

    const afterRestart = new MemoryEventStream({ clock, shards: 1 });
    expect(afterRestart.hasIssued(sequenceNumber)).toBe(true);
    expect(afterRestart.hasIssued(foreign)).toBe(false);
  });
});

describe('the size of a record', () => {
  test('is at most 1 MiB unless the limit is raised, also while the stream is in use', async () => {
    const { stream } = setUp();
    const large = { partitionKey: 'k', data: new Uint8Array(1_048_576) };
    const message: unknown = expect.stringContaining('1048576 bytes');
    const refused = { taken: false, code: 'ValidationException', message, permanent: true };
    expect(await stream.put([large])).toEqual([refused]);
    stream.updateMaxRecordKib(10_240);
    expect(stream.maxRecordKib).toBe(10_240);
    const largest = { partitionKey: 'k', data: new Uint8Array(10_240 * 1_024 - 1).fill(7) };
    expect(await stream.put([large, largest])).toMatchObject([{ taken: true }, { taken: true }]);
    expect(await stream.put([{ partitionKey: 'ü', data: largest.data }])).toMatchObject([{ taken: false }]);
    const { records } = await stream.read(only, trimHorizon, 10);
    expect(Buffer.from(records[1]!.data).equals(largest.data)).toBe(true);
  });

  test.each([0, 1_023, 10_241, 2_000.5, NaN])('cannot be limited to %p KiB', (maxRecordKib) => {
    expect(() => setUp({ maxRecordKib })).toThrow('maxRecordKib: ');
    expect(() => setUp().stream.updateMaxRecordKib(maxRecordKib)).toThrow('maxRecordKib: ');
  });

  test('can be above what a shard takes in a second: the shard bursts and then waits', async () => {
    const { clock, stream } = setUp({ writeLimits: true, maxRecordKib: 10_240 });
    const put = async (size: number): Promise<boolean> => {
      const [outcome] = await stream.put([{ partitionKey: 'k', data: new Uint8Array(size) }], {
        remainingMillis: () => 0,
      });
      return outcome!.taken;
    };
    expect(await put(3 * 1_048_576 - 1)).toBe(true);
    expect(await put(1)).toBe(false);
    clock.advance(2_000);
    expect(await put(1)).toBe(false);
    clock.advance(1_000);
    expect(await put(1_000_000)).toBe(true);
  });
});

describe('a partition key', () => {
  test('with a lone surrogate is refused, as it would be another key in UTF-8', async () => {
    const { stream } = setUp();
    expect(await stream.put([streamEvent('\uD800'), streamEvent('🌱')])).toMatchObject([
      { taken: false, message: 'The partition key must not contain lone surrogates.' },
      { taken: true },
    ]);
  });
});

describe('statistics', () => {
  test('show per shard what is held and what was put', async () => {
    const { stream } = setUp();
    expect(stream.statistics()).toEqual([
      {
        ...(await stream.listShards())[0]!,
        state: 'open',
        records: 0,
        bytes: 0,
        recordsPut: 0,
        bytesPut: 0,
        recordsTrimmed: 0,
      },
    ]);
    await stream.put([streamEvent('Küche', '12345')]);
    const { sequenceNumber } = await putOne(stream, streamEvent('a', '1'));
    stream.splitShard(only);
    expect(stream.statistics()).toMatchObject([
      { state: 'closed', records: 2, recordsPut: 2, bytesPut: 13, newestSequenceNumber: sequenceNumber },
      { state: 'open', records: 0 },
      { state: 'open', records: 0 },
    ]);
  });
});

/** Reads on in every shard, parents first, from where it was. */
class Reader {
  readonly seen: StreamRecord[] = [];
  readonly #stream: MemoryEventStream;
  readonly #positions = new Map<string, ShardPosition>();
  readonly #ended = new Set<string>();

  constructor(stream: MemoryEventStream) {
    this.#stream = stream;
  }

  async readOn(limit: number): Promise<number> {
    const before = this.seen.length + this.#ended.size;
    for (const { shardId, parentShardIds } of await this.#stream.listShards()) {
      if (this.#ended.has(shardId) || !parentShardIds.every((parent) => this.#ended.has(parent))) continue;
      const page = await this.#stream.read(shardId, this.#positions.get(shardId) ?? trimHorizon, limit);
      this.seen.push(...page.records);
      const last = page.records.at(-1);
      if (last !== undefined) this.#positions.set(shardId, after(last.sequenceNumber));
      if (page.endOfShard) this.#ended.add(shardId);
    }
    return this.seen.length + this.#ended.size - before;
  }

  async readToTheEnd(): Promise<void> {
    while ((await this.readOn(100)) > 0);
  }
}
