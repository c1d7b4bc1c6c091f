/**
 * Tumbling windows, as properties: whatever fails, is given up, is split or merged, every record comes to exactly one window
 * of its shard, in order, and each window is closed once. The function under test lists what it was given in its state.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MemoryEventStream } from '../adapters/memory/memory-event-stream.ts';
import { compileFilterCriteria, type RecordFilter } from '../core/event-source-mapping/filter-criteria.ts';
import { MAX_STATE_BYTES } from '../core/event-source-mapping/tumbling-window.ts';
import type { EventSourceMappingSettings } from '../core/pipeline.ts';
import type { StreamRecord } from '../core/ports.ts';
import { FixedClock } from './support/fixed-clock.ts';
import { mappingSettings } from './support/mapping-settings.ts';
import { bytesOf } from './support/record-factory.ts';
import { Tape } from './support/tape.ts';
import { type Told, VirtualConsumer } from './support/virtual-consumer.ts';

const identity = ({ shardId, sequenceNumber }: { shardId: string; sequenceNumber: string }) =>
  `${shardId}:${sequenceNumber}`;
const seenIn = (state: Readonly<Record<string, unknown>>) => (state.seen ?? []) as readonly string[];

class World {
  readonly clock = new FixedClock(Date.UTC(2026, 0, 15, 23, 59, 58));
  readonly stream: MemoryEventStream;
  readonly records: StreamRecord[] = [];
  readonly consumer: VirtualConsumer;
  readonly violations: string[] = [];
  readonly #settings: EventSourceMappingSettings;
  readonly #filter: RecordFilter;
  readonly #faults: Tape;
  readonly #states: 'small' | 'any';
  #shards: number;

  constructor(settings: EventSourceMappingSettings, shards: number, faults: Tape, states: 'small' | 'any') {
    this.#states = states;
    this.#settings = settings;
    this.#filter = compileFilterCriteria(settings.filterCriteria ?? { filters: [] });
    this.#faults = faults;
    this.#shards = shards;
    this.stream = new MemoryEventStream({ clock: this.clock, shards });
    this.consumer = new VirtualConsumer({
      settings,
      reader: this.stream,
      clock: this.clock,
      invoke: (records, told) => this.#aggregate(records, told),
      expected: (key) => this.wanted.filter(({ partitionKey }) => partitionKey === key),
    });
  }

  get wanted(): readonly StreamRecord[] {
    return this.records.filter(this.#filter);
  }

  /** The start of the window to which a record belongs. */
  startOf({ arrivedAt }: StreamRecord): number {
    const length = this.#settings.tumblingWindowInSeconds! * 1_000;
    return arrivedAt - (arrivedAt % length);
  }

  async put(partitionKey: string, value: number): Promise<void> {
    const data = bytesOf({ value });
    const [outcome] = await this.stream.put([{ partitionKey, data }]);
    if (outcome?.taken !== true) throw new Error('not taken');
    const { shardId, sequenceNumber } = outcome;
    this.records.push({ partitionKey, data, shardId, sequenceNumber, arrivedAt: this.clock.now() });
    this.consumer.wake();
  }

  reshard(choice: number): void {
    if (this.#shards >= 8) return;
    const open = this.stream
      .statistics()
      .filter(({ state }) => state === 'open')
      .sort((a, b) => (BigInt(a.startingHashKey) < BigInt(b.startingHashKey) ? -1 : 1));
    const [shard, neighbour] = open.slice(choice % open.length);
    if (choice % 2 === 0 && neighbour !== undefined) this.stream.mergeShards(shard!.shardId, neighbour.shardId);
    else this.stream.splitShard(shard!.shardId);
    this.#shards += 2;
  }

  /** Works until nothing is left and every window is closed. */
  async drain(order: Tape): Promise<void> {
    for (let rounds = 0; rounds < 20_000; rounds += 1) {
      if (await this.consumer.step(order)) continue;
      const due = await this.consumer.dueAt();
      if (due === undefined) return;
      this.clock.set(Math.max(this.clock.now(), due));
    }
    throw new Error('the consumer does not come to rest');
  }

  async #aggregate(records: readonly StreamRecord[], { shardId, window }: Told): Promise<unknown> {
    if (window === undefined) throw new Error('told no window');
    await this.#checkParents(shardId);
    const before = seenIn(window.state);
    if (records.length === 0) {
      if (this.#faults.choose(4) === 1) throw new Error('the store is down');
      return window.isFinalInvokeForWindow ? null : { state: {} };
    }
    for (const record of records) {
      const [id, start] = [identity(record), this.startOf(record)];
      if (start !== window.start || record.shardId !== shardId) this.violations.push(`${id} in ${window.start}`);
      if (before.includes(id)) this.violations.push(`${id} twice`);
    }
    const fate = this.#faults.choose(6);
    if (fate === 1) return { batchItemFailures: [] }; // Without a state.
    const failing = fate === 2 ? records[this.#faults.choose(records.length)] : undefined;
    const done = failing === undefined ? records : records.slice(0, records.indexOf(failing));
    return {
      state: {
        seen: [...before, ...done.map(identity)],
        ...(fate === 3 && this.#states === 'any' && { padding: ' '.repeat(MAX_STATE_BYTES) }),
      },
      batchItemFailures: failing === undefined ? [] : [{ itemIdentifier: failing.sequenceNumber }],
    };
  }

  /** Children begin when the windows of their parents are closed. */
  async #checkParents(shardId: string): Promise<void> {
    const shard = (await this.stream.listShards()).find((each) => each.shardId === shardId);
    const settled = new Set([...this.consumer.givenUp.map(identity), ...this.closed.flatMap(({ seen }) => seen)]);
    for (const record of this.wanted.filter((each) => shard?.parentShardIds.includes(each.shardId))) {
      if (!settled.has(identity(record))) this.violations.push(`${shardId} before ${identity(record)}`);
    }
  }

  /** Each record in its window. */
  get expected() {
    return this.wanted.map((record) => ({
      shardId: record.shardId,
      start: this.startOf(record),
      seen: [identity(record)] as const,
    }));
  }

  get closed() {
    return this.consumer.closedWindows.map(({ shardId, window }) => ({
      shardId,
      start: window.start,
      final: window.isFinalInvokeForWindow,
      seen: seenIn(window.state),
    }));
  }
}

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('put' as const), key: fc.constantFrom('a', 'b', 'c'), value: fc.nat(9) }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('work' as const), steps: fc.integer({ min: 1, max: 6 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('wait' as const), millis: fc.integer({ min: 1, max: 10_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('crash' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reshard' as const), choice: fc.nat(7) }) },
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

const tape = fc.array(fc.nat(15), { maxLength: 120 });
const settings = fc.record({
  tumblingWindowInSeconds: fc.constantFrom(1, 7, 60),
  batchSize: fc.constantFrom(1, 2, 3, 100),
  maximumBatchingWindowInSeconds: fc.constantFrom(0, 1, 20),
  bisectBatchOnFunctionError: fc.boolean(),
  maximumRetryAttempts: fc.constantFrom(-1, -1, 0, 2),
  maximumRecordAgeInSeconds: fc.constantFrom(-1, -1, 60),
  filterCriteria: fc.constantFrom(
    { filters: [] },
    { filters: [{ pattern: '{"data":{"value":[{"numeric":[">",4]}]}}' }] },
  ),
});

async function live(world: World, actions: readonly Action[], order: Tape): Promise<void> {
  for (const step of actions) {
    switch (step.type) {
      case 'put':
        await world.put(step.key, step.value);
        break;
      case 'work':
        for (let n = 0; n < step.steps; n += 1) await world.consumer.step(order);
        break;
      case 'wait':
        world.clock.advance(step.millis);
        break;
      case 'crash':
        await world.consumer.crash(order);
        break;
      case 'reshard':
        world.reshard(step.choice);
        break;
    }
  }
  await world.drain(order);
}

function worlds(
  { crashes, ...limits }: Partial<EventSourceMappingSettings> & { readonly crashes: boolean },
  check: (world: World) => void,
) {
  return fc.assert(
    fc.asyncProperty(
      settings,
      fc.integer({ min: 1, max: 3 }),
      fc.array(action, { minLength: 1, maxLength: 40 }),
      tape,
      tape,
      async (chosen, shards, actions, faults, order) => {
        const all = mappingSettings({ ...chosen, reportBatchItemFailures: true, ...limits });
        // What was closed early may be closed in other pieces after a crash.
        const world = new World(all, shards, new Tape(faults), crashes ? 'small' : 'any');
        const possible = actions.filter(({ type }) => crashes || type !== 'crash');
        await live(world, possible, new Tape(order));
        expect(world.violations).toEqual([]);
        expect(world.consumer.outOfOrder).toEqual([]);
        check(world);
      },
    ),
    { numRuns: 200 },
  );
}

/** Per shard and window, what was aggregated in the invocations that closed it. */
function byWindow(
  entries: readonly { readonly shardId: string; readonly start: number; readonly seen: readonly string[] }[],
) {
  const windows = new Map<string, string[]>();
  for (const { shardId, start, seen } of entries) {
    const key = `${shardId} ${start}`;
    windows.set(key, [...(windows.get(key) ?? []), ...seen]);
  }
  return Object.fromEntries([...windows].filter(([, seen]) => seen.length > 0));
}

test('as long as nothing crashes, each record is aggregated once in its window or given up, and each window is closed once, in order', async () => {
  await worlds({ crashes: false }, (world) => {
    const givenUp = new Set(world.consumer.givenUp.map(identity));
    expect(byWindow(world.closed)).toEqual(byWindow(world.expected.filter(({ seen: [id] }) => !givenUp.has(id))));

    const finals = world.closed.filter(({ final }) => final);
    const named = finals.map(({ shardId, start }) => `${shardId} ${start}`);
    expect(new Set(named).size).toBe(named.length);
    for (const { shardId } of finals) {
      const starts = finals.filter((each) => each.shardId === shardId).map(({ start }) => start);
      expect(starts).toEqual([...starts].sort((a, b) => a - b));
    }
  });
});

test('after crashes, a window that is closed again is closed with the same records, and none is missing', async () => {
  await worlds({ crashes: true, maximumRetryAttempts: -1, maximumRecordAgeInSeconds: -1 }, (world) => {
    const expected = byWindow(world.expected);
    for (const { shardId, start, final, seen } of world.closed) {
      expect({ final, seen }).toEqual({ final: true, seen: expected[`${shardId} ${start}`] });
    }
    expect(new Set(world.closed.flatMap(({ seen }) => seen))).toEqual(new Set(world.wanted.map(identity)));
  });
});
