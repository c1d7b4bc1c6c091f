import { describe, expect, test } from '@jest/globals';
import { MemoryEventStream } from '../../../adapters/memory/memory-event-stream.ts';
import type { InvocationOutcome } from '../../../core/event-source-mapping/decision.ts';
import {
  POLL_INTERVAL_MILLIS,
  type ShardCommand,
  ShardConsumer,
} from '../../../core/event-source-mapping/shard-consumer.ts';
import type { LaneState } from '../../../core/event-source-mapping/shard-state.ts';
import type { EventSourceMappingSettings } from '../../../core/pipeline.ts';
import type { ShardPage, ShardPosition, StreamRecord } from '../../../core/ports.ts';
import { FixedClock } from '../../support/fixed-clock.ts';
import { mappingSettings } from '../../support/mapping-settings.ts';
import { noon, records, sequenceNumber, streamEvent, streamRecord } from '../../support/record-factory.ts';

type Invoke = Extract<ShardCommand, { type: 'invoke' }>;
type Read = Extract<ShardCommand, { type: 'read' }>;

const ok: InvocationOutcome = { type: 'response', payload: null };
const failed: InvocationOutcome = { type: 'function-error' };
const start: ShardPosition = { type: 'TRIM_HORIZON' };

function consumerWith(changes: Partial<EventSourceMappingSettings> = {}): ShardConsumer {
  return new ShardConsumer(mappingSettings(changes), start);
}

function page(contents: readonly StreamRecord[] = [], changes: Partial<ShardPage> = {}): ShardPage {
  return { records: contents, next: start, trimmed: 0, endOfShard: false, millisBehindLatest: 0, ...changes };
}

/** Has the consumer read a page, and answers with the batches that it hands out then. */
function feed(consumer: ShardConsumer, contents: ShardPage, now = noon): Invoke[] {
  expect(readOf(consumer.next(now))).toBeDefined();
  consumer.read(contents, now);
  return invokesOf(consumer.next(now));
}

function readOf(commands: readonly ShardCommand[]): Read | undefined {
  return commands.find((command) => command.type === 'read');
}

function invokesOf(commands: readonly ShardCommand[]): Invoke[] {
  return commands.filter((command) => command.type === 'invoke');
}

function numbersOf(commands: readonly Invoke[]): string[] {
  return commands.flatMap((command) => command.records.map((record) => record.sequenceNumber));
}

function after(n: number): ShardPosition {
  return { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: sequenceNumber(n) };
}

/** The first records of a shard, with these partition keys. */
function keyed(...partitionKeys: readonly string[]): StreamRecord[] {
  return partitionKeys.map((partitionKey, n) =>
    streamRecord({ partitionKey, sequenceNumber: sequenceNumber(n + 1), arrivedAt: noon + n }),
  );
}

describe('reading', () => {
  test('begins at the checkpoint, at once', () => {
    const consumer = new ShardConsumer(mappingSettings(), after(7));

    expect(consumer.dueAt()).toBeLessThanOrEqual(noon);
    expect(consumer.next(noon)).toEqual([{ type: 'read', position: after(7), limit: 200 }]);
    expect(consumer.checkpoint).toEqual(after(7));
  });

  test('goes on behind what was read, while that is being processed', () => {
    const consumer = consumerWith();
    feed(consumer, page(records(3)));
    consumer.wake();

    expect(readOf(consumer.next(noon))).toMatchObject({ position: after(3) });
  });

  test('is one call at a time', () => {
    const consumer = consumerWith();

    expect(consumer.next(noon)).toHaveLength(1);
    expect(consumer.next(noon)).toEqual([]);
    expect(consumer.dueAt()).toBeUndefined();
  });

  test('polls once per second at the tip of the shard', () => {
    const consumer = consumerWith();
    consumer.next(noon);
    consumer.read(page(), noon + 20);

    expect(POLL_INTERVAL_MILLIS).toBe(1_000);
    expect(consumer.dueAt()).toBe(noon + 20 + POLL_INTERVAL_MILLIS);
    expect(consumer.next(noon + 19 + POLL_INTERVAL_MILLIS)).toEqual([]);
    expect(readOf(consumer.next(noon + 20 + POLL_INTERVAL_MILLIS))).toMatchObject({ position: start });
  });

  test.each([
    ['the page was full', page(records(40))],
    ['the shard says that more is there', page(records(1), { millisBehindLatest: 1 })],
  ])('goes on at once when %s', (_, contents) => {
    const consumer = consumerWith({ batchSize: 20 });
    consumer.next(noon);
    consumer.read(contents, noon);

    const commands = [...consumer.next(noon)];
    consumer.invoked(0, ok, noon); // Makes room where the page took it all.
    commands.push(...consumer.next(noon));

    expect(readOf(commands)).toMatchObject({ position: after(contents.records.length) });
  });

  test('is done now and not at the next poll when records are known to be there', () => {
    const consumer = consumerWith();
    feed(consumer, page());
    expect(readOf(consumer.next(noon))).toBeUndefined();

    consumer.wake();

    expect(consumer.dueAt()).toBeLessThanOrEqual(noon);
    expect(readOf(consumer.next(noon))).toBeDefined();
  });

  test('a wake during a read is not lost: that read may have been too early to see the record', () => {
    const consumer = consumerWith();
    consumer.next(noon);
    consumer.wake();
    consumer.read(page(), noon);

    expect(readOf(consumer.next(noon))).toBeDefined();

    // And it is one read that it brings, not one after the other.
    consumer.read(page(), noon);
    expect(consumer.dueAt()).toBe(noon + POLL_INTERVAL_MILLIS);
  });

  test('that failed is tried again from the same position at the next poll', () => {
    const consumer = consumerWith();
    feed(consumer, page(records(3)));
    consumer.wake();
    consumer.next(noon);
    consumer.readFailed(noon + 5);

    expect(consumer.state()).toMatchObject({ readFailures: 1, lastRead: 'failed' });
    expect(consumer.next(noon + 5)).toEqual([]);
    expect(consumer.dueAt()).toBe(noon + 5 + POLL_INTERVAL_MILLIS);
    expect(readOf(consumer.next(noon + 5 + POLL_INTERVAL_MILLIS))).toMatchObject({ position: after(3) });
  });

  test('counts what was trimmed before it could be read', () => {
    const consumer = consumerWith();
    feed(consumer, page(records(1), { trimmed: 3 }));
    consumer.wake();
    feed(consumer, page([], { trimmed: 2 }));

    expect(consumer.state().trimmed).toBe(5);
  });
});

describe('reading ahead', () => {
  test.each([
    [1, 10, 20],
    [3, 10, 40],
    [1, 10_000, 10_000],
  ])('%i lanes of batches of %i: one batch per lane and one more, at most %i in a call', (lanes, batchSize, limit) => {
    const consumer = consumerWith({ parallelizationFactor: lanes, batchSize });

    expect(readOf(consumer.next(noon))?.limit).toBe(limit);
  });

  test('stops when as much waits, and goes on as the checkpoint moves', () => {
    const consumer = consumerWith({ batchSize: 10 });
    const [batch] = feed(consumer, page(records(20)));
    expect(batch?.records).toHaveLength(10);

    consumer.wake();
    expect(consumer.next(noon)).toEqual([]);
    expect(consumer.dueAt()).toBeUndefined();

    consumer.invoked(0, ok, noon);
    expect(readOf(consumer.next(noon))).toEqual({ type: 'read', position: after(20), limit: 10 });
  });

  test('is bounded in bytes too: 6 MB per lane and as much again', () => {
    const consumer = consumerWith({ batchSize: 10_000 });
    feed(consumer, page(records(8, { data: new Uint8Array(1_000_000) })));
    consumer.wake();
    expect(readOf(consumer.next(noon))).toBeDefined();

    consumer.read(page(records(2, { data: new Uint8Array(1_000_000) })), noon);
    consumer.wake();
    expect(readOf(consumer.next(noon))).toBeUndefined();
  });

  test('goes on for lanes that have less than a batch while another is stuck, so that a hot key does not starve them', () => {
    const keys = Array.from({ length: 220 }, (_, n) => (n % 11 === 10 ? `cool ${n}` : 'hot'));
    const contents = keyed(...keys);
    const consumer = consumerWith({ batchSize: 10, parallelizationFactor: 4 });
    const delivered = new Set<string>();
    for (let turn = 0, at = 0; turn < 200; turn += 1) {
      const now = noon + turn * 60_000;
      for (const command of consumer.next(now)) {
        if (command.type === 'read') {
          consumer.read(page(contents.slice(at, (at += command.limit))), now);
        } else if (command.type === 'invoke') {
          const isHot = command.records.some(({ partitionKey }) => partitionKey === 'hot');
          if (!isHot) for (const { partitionKey } of command.records) delivered.add(partitionKey);
          consumer.invoked(command.lane, isHot ? failed : ok, now);
        }
      }
    }
    const coolLanes = new Set(keys.filter((key) => key !== 'hot'));
    const [hotLane] = consumer.state().lanes.flatMap(({ waiting }, lane) => (waiting > 0 ? [lane] : []));
    expect(hotLane).toBeDefined();
    // A cool key in the lane of the hot one waits behind it: that is the order of the lane. All the others are done.
    const behindHot = consumer.state().lanes[hotLane!]!.waiting - keys.filter((key) => key === 'hot').length;
    expect(delivered.size).toBe(coolLanes.size - behindHot);
    expect(delivered.size).toBeGreaterThanOrEqual(12);
    expect(consumer.checkpoint).toEqual(start);
  });

  test('is bounded behind a lane that is stuck: the shard holds no more than one call of GetRecords can bring', () => {
    const consumer = consumerWith({ batchSize: 100, parallelizationFactor: 2 });
    let read = 0;
    for (let turn = 0; turn < 1_000; turn += 1) {
      consumer.wake();
      for (const command of consumer.next(noon)) {
        if (command.type !== 'read') continue;
        const contents = Array.from({ length: command.limit }, (_, n) =>
          streamRecord({ partitionKey: 'hot', sequenceNumber: sequenceNumber(read + n + 1), arrivedAt: noon }),
        );
        read += command.limit;
        consumer.read(page(contents), noon);
      }
    }
    expect(read).toBe(10_000);
    expect(consumer.dueAt()).toBeUndefined();
  });

  test('does not go on with one lane: nobody would get what is read', () => {
    const consumer = consumerWith({ batchSize: 1 });
    const [stuck] = feed(consumer, page(keyed('a', 'b')));
    consumer.invoked(stuck!.lane, failed, noon);
    consumer.wake();
    expect(readOf(consumer.next(noon))).toBeUndefined();
    expect(consumer.state()).toMatchObject({ unfinished: 2, checkpoint: start });
  });
});

describe('the checkpoint', () => {
  test('moves behind a batch that is done', () => {
    const consumer = consumerWith({ batchSize: 2 });
    feed(consumer, page(records(3)));
    expect(consumer.checkpoint).toEqual(start);

    consumer.invoked(0, ok, noon);
    expect(consumer.checkpoint).toEqual(after(2));
  });

  test('stays in front of a batch that failed', () => {
    const consumer = consumerWith();
    feed(consumer, page(records(3)));
    consumer.invoked(0, failed, noon);

    expect(consumer.checkpoint).toEqual(start);
  });

  test('moves to the record that a partial response names', () => {
    const consumer = consumerWith({ reportBatchItemFailures: true });
    feed(consumer, page(records(3)));
    const payload = { batchItemFailures: [{ itemIdentifier: sequenceNumber(2) }] };
    consumer.invoked(0, { type: 'response', payload }, noon);

    expect(consumer.checkpoint).toEqual(after(1));
  });

  test('moves behind records that were given up only when the failure destination holds them', () => {
    const consumer = consumerWith({ maximumRetryAttempts: 0 });
    feed(consumer, page(records(2)));
    consumer.invoked(0, failed, noon);
    expect(consumer.next(noon)).toMatchObject([{ type: 'give-up', lane: 0, condition: 'RetryAttemptsExhausted' }]);

    consumer.givenUp(0, false, noon);
    expect(consumer.checkpoint).toEqual(start);

    const again = consumer.dueAt()!;
    expect(again).toBeGreaterThan(noon);
    expect(consumer.next(again)).toContainEqual(expect.objectContaining({ type: 'give-up' }));
    consumer.givenUp(0, true, again);
    expect(consumer.checkpoint).toEqual(after(2));
  });

  test('stands in front of the oldest record that any lane has not done', () => {
    const consumer = consumerWith({ parallelizationFactor: 2 });
    const invokes = feed(consumer, page(keyed('a', 'b', 'a', 'b')));
    const laneOf = (key: string) => invokes.find((command) => command.records[0]?.partitionKey === key)!.lane;
    expect(laneOf('a')).not.toBe(laneOf('b')); // Else this test is about nothing.
    expect(consumer.state().oldestArrival).toBe(noon);

    consumer.invoked(laneOf('b'), ok, noon); // 2 and 4 are done, 1 and 3 are not.
    expect(consumer.checkpoint).toEqual(start);
    expect(consumer.state()).toMatchObject({ unfinished: 4, oldestArrival: noon });

    consumer.invoked(laneOf('a'), ok, noon);
    expect(consumer.checkpoint).toEqual(after(4));
    expect(consumer.state().unfinished).toBe(0);
  });

  test('moves past what another lane did earlier, up to the next that is open', () => {
    const consumer = consumerWith({ parallelizationFactor: 2, reportBatchItemFailures: true });
    const invokes = feed(consumer, page(keyed('a', 'b', 'a', 'b')));
    const [a, b] = ['a', 'b'].map((key) => invokes.find((command) => command.records[0]?.partitionKey === key)!.lane);
    consumer.invoked(b!, ok, noon);
    const payload = { batchItemFailures: [{ itemIdentifier: sequenceNumber(3) }] };
    consumer.invoked(a!, { type: 'response', payload }, noon);

    expect(consumer.checkpoint).toEqual(after(2));
  });
});

describe('lanes', () => {
  test('keep the records of a key together and in order, whatever their number', () => {
    const keys = Array.from({ length: 300 }, (_, n) => `sensor ${n % 30}`);
    const contents = keyed(...keys);
    const invokes = feed(consumerWith({ parallelizationFactor: 10, batchSize: 300 }), page(contents));

    expect(invokes.length).toBeGreaterThan(1);
    for (const key of new Set(keys)) {
      const lanes = invokes.filter((command) => command.records.some(({ partitionKey }) => partitionKey === key));
      expect(lanes).toHaveLength(1);
      expect(lanes[0]!.records.filter(({ partitionKey }) => partitionKey === key)).toEqual(
        contents.filter(({ partitionKey }) => partitionKey === key),
      );
    }
  });

  test('are all used where there are enough keys', () => {
    const invokes = feed(
      consumerWith({ parallelizationFactor: 10, batchSize: 1_000 }),
      page(keyed(...Array.from({ length: 200 }, (_, n) => `sensor ${n}`))),
    );

    expect(invokes.map(({ lane }) => lane)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('that wait for a window or a retry are due when it is over, if no read is due before', () => {
    const consumer = consumerWith();
    feed(consumer, page(records(1)));
    consumer.invoked(0, failed, noon);

    expect(consumer.dueAt()).toBe(noon + 200);
    expect(invokesOf(consumer.next(noon + 199))).toEqual([]);
    expect(invokesOf(consumer.next(noon + 200))).toHaveLength(1);
    expect(consumer.dueAt()).toBe(noon + POLL_INTERVAL_MILLIS);
  });

  test('that do not exist cannot be answered', () => {
    expect(() => consumerWith().invoked(1, ok, noon)).toThrow(RangeError);
  });
});

describe('a crash', () => {
  test('loses nothing: a new consumer from the checkpoint has everything behind it delivered again', async () => {
    const clock = new FixedClock(noon);
    const stream = new MemoryEventStream({ clock, shards: 1 });
    await stream.put(Array.from({ length: 5 }, (_, n) => streamEvent(`sensor ${n}`)));
    const shardId = 'shardId-000000000000';
    const settings = mappingSettings({ batchSize: 2 });
    const readInto = async (consumer: ShardConsumer) => {
      const { position, limit } = readOf(consumer.next(noon))!;
      consumer.read(await stream.read(shardId, position, limit), noon);
      return invokesOf(consumer.next(noon));
    };
    const all = (await stream.read(shardId, start, 10)).records.map((record) => record.sequenceNumber);

    const crashed = new ShardConsumer(settings, start);
    expect(numbersOf(await readInto(crashed))).toEqual(all.slice(0, 2));
    crashed.invoked(0, ok, noon);
    expect(numbersOf(invokesOf(crashed.next(noon)))).toEqual(all.slice(2, 4)); // In flight when it crashes.

    const successor = new ShardConsumer(settings, crashed.checkpoint);
    expect(numbersOf(await readInto(successor))).toEqual(all.slice(2, 4));
    successor.invoked(0, ok, noon);
    expect(numbersOf(invokesOf(successor.next(noon)))).toEqual(all.slice(4));
  });
});

describe('a closed shard', () => {
  test('is finished when everything in it is done, and not read any more', () => {
    const consumer = consumerWith();
    feed(consumer, page(records(2), { endOfShard: true }));
    consumer.wake();
    expect(readOf(consumer.next(noon + POLL_INTERVAL_MILLIS))).toBeUndefined();
    expect(consumer.finished).toBe(false);

    consumer.invoked(0, ok, noon);
    expect(consumer.finished).toBe(true);
    expect(consumer.dueAt()).toBeUndefined();
  });

  test('that is empty is finished at once; an open one never is', () => {
    const closed = consumerWith();
    feed(closed, page([], { endOfShard: true }));
    expect(closed.finished).toBe(true);

    const open = consumerWith();
    feed(open, page());
    expect(open.finished).toBe(false);
  });
});

test('its state shows where it stands and what every lane is at', () => {
  const consumer = consumerWith({ batchSize: 4, bisectBatchOnFunctionError: true });
  expect(consumer.state()).toEqual({
    checkpoint: start,
    unfinished: 0,
    trimmed: 0,
    readFailures: 0,
    lastRead: 'none',
    expired: false,
    filteredOut: 0,
    millisBehindLatest: 0,
    finished: false,
    lanes: [{ waiting: 0, inFlight: 0, pieces: [] }],
  });

  feed(consumer, page(records(6), { millisBehindLatest: 70 }));
  consumer.invoked(0, failed, noon);
  consumer.next(noon);

  const last = { requestId: '', functionError: 'Unhandled' } as const;
  const attempts = { failures: 0, refusals: 0, invocations: 1, last };
  const lane: LaneState = {
    waiting: 6,
    inFlight: 2,
    pieces: [
      { count: 2, attempts },
      { count: 2, attempts },
    ],
  };
  expect(consumer.state()).toEqual({
    checkpoint: start,
    oldestArrival: noon,
    unfinished: 6,
    trimmed: 0,
    readFailures: 0,
    lastRead: 'done',
    expired: false,
    filteredOut: 0,
    millisBehindLatest: 70,
    finished: false,
    lanes: [lane],
  });
});

describe('records that are filtered out', () => {
  const even = { filterCriteria: { filters: [{ pattern: JSON.stringify({ data: { even: [true] } }) }] } };
  const record = (index: number, isEven: boolean) =>
    streamRecord({ sequenceNumber: sequenceNumber(index), data: Buffer.from(JSON.stringify({ even: isEven })) });
  const behind = (index: number): ShardPosition => ({
    type: 'AFTER_SEQUENCE_NUMBER',
    sequenceNumber: sequenceNumber(index),
  });

  test('move the checkpoint as soon as they are read, and are counted', () => {
    const consumer = consumerWith(even);
    expect(feed(consumer, page([record(1, false), record(2, false)]))).toEqual([]);
    expect(consumer.checkpoint).toEqual(behind(2));
    expect(consumer.state()).toMatchObject({ filteredOut: 2, unfinished: 0, lanes: [{ waiting: 0 }] });
  });

  test('move it only together with what is in front of them', () => {
    const consumer = consumerWith(even);
    const [invoke] = feed(consumer, page([record(1, false), record(2, true), record(3, false), record(4, false)]));
    expect(invoke!.records.map((each) => each.sequenceNumber)).toEqual([sequenceNumber(2)]);
    expect(consumer.checkpoint).toEqual(behind(1));
    consumer.invoked(0, failed, noon);
    expect(consumer.checkpoint).toEqual(behind(1));
    consumer.next(noon + 60_000);
    consumer.invoked(0, ok, noon + 60_000);
    expect(consumer.checkpoint).toEqual(behind(4));
  });

  test('take no room: a batch is collected across any number of them', () => {
    const consumer = consumerWith({ ...even, batchSize: 2, maximumBatchingWindowInSeconds: 300 });
    expect(feed(consumer, page([record(0, true)]))).toEqual([]);
    for (let start = 1; start < 1_000; start += 2) {
      consumer.wake();
      expect(feed(consumer, page([record(start, false), record(start + 1, false)]))).toEqual([]);
    }
    consumer.wake();
    const [invoke] = feed(consumer, page([record(2_000, true)]));
    expect(invoke!.records.map((each) => each.sequenceNumber)).toEqual([sequenceNumber(0), sequenceNumber(2_000)]);
  });

  test('end a closed shard when all before them is done', () => {
    const consumer = consumerWith(even);
    feed(consumer, page([record(1, true), record(2, false)], { endOfShard: true }));
    expect(consumer.finished).toBe(false);
    consumer.invoked(0, ok, noon);
    expect(consumer.finished).toBe(true);
    expect(consumer.checkpoint).toEqual(behind(2));
  });
});
