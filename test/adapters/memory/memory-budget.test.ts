import { describe, expect, test } from '@jest/globals';
import { type FillState, MemoryBudget, type OnFull } from '../../../adapters/memory/memory-budget.ts';
import { MemoryEventArchive } from '../../../adapters/memory/memory-event-archive.ts';
import { MemoryEventStream, type MemoryEventStreamOptions } from '../../../adapters/memory/memory-event-stream.ts';
import { MemoryMetrics } from '../../../adapters/memory/memory-metrics.ts';
import { MemoryQuarantine } from '../../../adapters/memory/memory-quarantine.ts';
import { MemorySensorData } from '../../../adapters/memory/memory-sensor-data.ts';
import type { PutOutcome, ShardPosition } from '../../../core/ports.ts';
import { formatTimestamp } from '../../../core/timestamp.ts';
import { eventually } from '../../support/eventually.ts';
import { FixedClock } from '../../support/fixed-clock.ts';
import { quarantinedRecord, streamEvent } from '../../support/record-factory.ts';

const nothing = () => undefined;

function setUp(limitBytes: number, onFull: OnFull = 'refuse') {
  const clock = new FixedClock();
  const states: FillState[] = [];
  const budget = new MemoryBudget({ limitBytes, onFull, clock, onChange: ({ state }) => states.push(state) });
  const refusal = (unread = 0) => budget.refusal(unread, () => unread, nothing);
  return { clock, budget, states, refusal };
}

describe('the budget', () => {
  test('refuses when it is full, counts that, and takes again when there is room', () => {
    const { budget, states, refusal } = setUp(1_000);
    const store = budget.open('archive', 'objects', async () => undefined);
    store.add(1, 790);
    expect(refusal()).toBeUndefined();
    store.add(1, 20);
    expect(refusal(189)).toBeUndefined();
    expect(refusal(190)).toContain('--memory-mib');
    expect(budget.statistics()).toMatchObject({ usedBytes: 810, state: 'full', refusedPuts: 1 });
    // One byte is no room.
    expect(refusal(189)).toBeDefined();
    expect(refusal(10)).toBeUndefined();
    store.remove(1, 200);
    expect(refusal()).toBeUndefined();
    expect(states).toEqual(['filling', 'full', 'filling', 'room']);
  });

  test('asks for the exact backlog only where it matters', () => {
    const { budget } = setUp(1_000);
    expect(budget.refusal(700, () => Number.NaN, nothing)).toBeUndefined();
    expect(budget.refusal(5_000, () => 10, nothing)).toBeUndefined();
  });

  test('trims what arrived first from all stores, and tells since when and how much', async () => {
    const { clock, budget, refusal } = setUp(100_000, 'trim');
    const archive = new MemoryEventArchive({ clock, budget, store: 'archive' });
    const table = new MemorySensorData(budget);
    const start = clock.now();
    for (let index = 0; index < 100; index += 1) {
      clock.advance(1_000);
      await archive.put(`key-${index}`, new Uint8Array(1_000));
      const arrivedAt = clock.now();
      const timestamp = formatTimestamp(start - index * 1_000);
      await table.put([{ sensorId: 'a', value: index, timestamp, sequenceNumber: String(index), arrivedAt }]);
      refusal();
      await eventually(() => budget.usedBytes < 100_000);
    }
    const { trimmedBefore, stores } = budget.statistics();
    const held = new Map(stores.map((store) => [store.store, store]));
    for (const store of ['archive', 'table']) {
      const { items = 0, trimmedItems = 0 } = held.get(store) ?? {};
      expect(items + trimmedItems).toBe(100);
      expect(trimmedItems).toBeGreaterThan(20);
    }
    // The newest are there, and the oldest are not; both stores begin at the same instant.
    const first = Math.round((trimmedBefore! - start) / 1_000) - 1;
    expect(await archive.get(`key-${first}`)).toBeDefined();
    expect(await archive.get(`key-${first - 1}`)).toBeUndefined();
    const { readings } = await table.query({ sensorId: 'a', order: 'asc', limit: 1_000 });
    expect(readings.map(({ value }) => value).sort((a, b) => a - b)[0]).toBe(first);
    expect(readings).toHaveLength(100 - first);
  });

  test('has every store told, and nothing is left where all is dropped', async () => {
    const { clock, budget } = setUp(1_000_000, 'trim');
    const stream = new MemoryEventStream({ clock, shards: 2, budget });
    await stream.put([streamEvent('a'), streamEvent('b')]);
    const metrics = new MemoryMetrics(clock, budget);
    await metrics.publish([{ sensorId: 'a', minute: clock.now(), values: [1], counts: [1] }]);
    const quarantine = new MemoryQuarantine(budget);
    await quarantine.keep([{ ...quarantinedRecord(), quarantinedAt: clock.now() }]);
    const { stores } = budget.statistics();
    expect(stores.map(({ store, items }) => [store, items])).toEqual([
      ['stream', 2],
      ['metrics', 1],
      ['quarantine', 1],
    ]);
    expect(stores.every(({ usedBytes }) => usedBytes > 50)).toBe(true);

    clock.advance(120_000);
    budget.open('other', 'things', async () => undefined).add(1, 2_000_000);
    clock.advance(1);
    budget.open('another', 'things', async () => undefined).add(1, 2_000_000);
    await eventually(() =>
      budget
        .statistics()
        .stores.slice(0, 3)
        .every(({ usedBytes }) => usedBytes === 0),
    );
    expect(budget.statistics().stores.slice(0, 3)).toMatchObject([
      { items: 0, trimmedItems: 2 },
      { items: 0, trimmedItems: 1 },
      { items: 0, trimmedItems: 1 },
    ]);
  });
});

describe('a stream that is full of unread records', () => {
  const event = () => ({ partitionKey: 'a', data: new Uint8Array(936) }); // 1,001 bytes are held of it.

  function streamWith(options: Partial<MemoryEventStreamOptions>, onFull: OnFull = 'refuse') {
    const { clock, budget } = setUp(100_000_000, onFull);
    return new MemoryEventStream({ clock, shards: 1, retentionBytes: 10_010, budget, ...options });
  }

  test('refuses until the slowest consumer has read, and drops nothing meanwhile', async () => {
    const positions: (ShardPosition | undefined)[] = [undefined, undefined];
    const stream = streamWith({ readUpTo: () => positions });
    const outcomes: PutOutcome[] = [];
    for (let index = 0; index < 11; index += 1) outcomes.push(...(await stream.put([event()])));
    expect(outcomes.slice(0, 10).every(({ taken }) => taken)).toBe(true);
    expect(outcomes[10]).toEqual({
      taken: false,
      code: 'ProvisionedThroughputExceededException',
      message: expect.stringContaining('--retention-mib'),
      retryAfterSeconds: 10,
    });
    expect(stream.statistics()[0]).toMatchObject({ records: 10, recordsTrimmed: 0 });

    const after = (index: number): ShardPosition => {
      const outcome = outcomes[index];
      return { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: outcome?.taken === true ? outcome.sequenceNumber : '' };
    };
    positions[0] = after(9);
    expect(await stream.put([event()])).toMatchObject([{ taken: false }]);
    positions[1] = after(1);
    expect(await stream.put([event()])).toMatchObject([{ taken: true }]);
    expect(await stream.put([event()])).toMatchObject([{ taken: true }]);
    expect(await stream.put([event()])).toMatchObject([{ taken: false }]);
    expect(stream.statistics()[0]).toMatchObject({ records: 10, recordsTrimmed: 2 });
  });

  test('makes room in other shards than that of a consumer that stands still', async () => {
    const stream = streamWith({ shards: 2, readUpTo: (shardId) => [shardId.endsWith('0') ? undefined : latest] });
    const latest: ShardPosition = { type: 'LATEST' };
    const [first, second] = ['0', (2n ** 128n - 1n).toString()].map((explicitHashKey) => ({
      ...event(),
      explicitHashKey,
    }));
    await stream.put([first!]);
    for (let index = 0; index < 30; index += 1) {
      expect(await stream.put([second!])).toMatchObject([{ taken: true }]);
    }
    expect(stream.statistics()).toMatchObject([{ records: 1 }, { records: 9 }]);
  });

  test('drops the oldest where that is wanted', async () => {
    const stream = streamWith({ readUpTo: () => [undefined] }, 'trim');
    for (let index = 0; index < 20; index += 1) expect(await stream.put([event()])).toMatchObject([{ taken: true }]);
    expect(stream.statistics()[0]).toMatchObject({ records: 10, recordsTrimmed: 10 });
  });

  test('counts what the consumers will make of its records', async () => {
    const { clock, budget } = setUp(100_000);
    const stream = new MemoryEventStream({ clock, shards: 1, budget, readUpTo: () => [undefined] });
    let taken = 0;
    while ((await stream.put([event()]))[0]?.taken === true) taken += 1;
    // Each takes its bytes twice, and a reading.
    expect(taken).toBeLessThan(50);
    expect(taken).toBeGreaterThan(20);
  });
});
