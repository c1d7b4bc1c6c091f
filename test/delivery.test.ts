/**
 * The promise, as properties: whatever interleaving of failures, retries, bisections, crashes, duplicates and reshards,
 * the end is the same archive and the same table. The core, the handlers and the memory adapters are the real ones; time
 * and chance come from fast-check.
 */
import { describe, expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import fc from 'fast-check';
import { MemoryEventArchive } from '../adapters/memory/memory-event-archive.ts';
import { MemoryEventStream } from '../adapters/memory/memory-event-stream.ts';
import { MemoryMetrics } from '../adapters/memory/memory-metrics.ts';
import { MemoryQuarantine } from '../adapters/memory/memory-quarantine.ts';
import { MemorySensorData } from '../adapters/memory/memory-sensor-data.ts';
import { ArchiveEvents } from '../core/archive-events.ts';
import { type ArchiveLine, parseArchiveLine } from '../core/archive-line.ts';
import { compileFilterCriteria, type RecordFilter } from '../core/event-source-mapping/filter-criteria.ts';
import type { EventSourceMappingSettings } from '../core/pipeline.ts';
import type { StreamRecord } from '../core/ports.ts';
import { parseReading } from '../core/reading.ts';
import { StoreReadings } from '../core/store-readings.ts';
import { createArchiveEventsHandler } from '../handlers/archive-events.ts';
import { fromKinesisEvent, toKinesisEvent } from '../handlers/kinesis-records.ts';
import { createStoreReadingsHandler } from '../handlers/store-readings.ts';
import { anyCharacter } from './support/any-character.ts';
import { faultyArchive, faultyMetrics, faultyQuarantine, faultyTable } from './support/faulty-ports.ts';
import { FixedClock } from './support/fixed-clock.ts';
import { mappingSettings } from './support/mapping-settings.ts';
import { bytesOf } from './support/record-factory.ts';
import { Tape } from './support/tape.ts';
import { VirtualConsumer } from './support/virtual-consumer.ts';

const source = { streamArn: 'arn:stream', region: 'us-east-1', roleArn: 'arn:role' };
const context = { awsRequestId: 'test', getRemainingTimeInMillis: () => 60_000 } as Context;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** gzip is tested elsewhere, and would cost most of the time here. */
const noCompression = {
  compress: async (bytes: Uint8Array) => bytes,
  decompress: async (bytes: Uint8Array) => bytes,
  decompressNow: (bytes: Uint8Array) => bytes,
};

class World {
  readonly clock = new FixedClock(Date.UTC(2026, 0, 15, 23, 59, 58));
  readonly stream: MemoryEventStream;
  readonly archive = new MemoryEventArchive();
  readonly failures: Record<'archiver' | 'storer', StreamRecord[]>;
  readonly table = new MemorySensorData();
  readonly metrics = new MemoryMetrics(this.clock);
  readonly quarantine = new MemoryQuarantine();
  /** All that was put, as the stream took it, in order. */
  readonly records: StreamRecord[] = [];
  readonly archiver: VirtualConsumer;
  readonly storer: VirtualConsumer;
  readonly #filter: RecordFilter;
  #shards: number;

  constructor(settings: EventSourceMappingSettings, shards: number, archiverTape: Tape, storerTape: Tape) {
    this.stream = new MemoryEventStream({ clock: this.clock, shards });
    this.#shards = shards;
    this.#filter = compileFilterCriteria(settings.filterCriteria ?? { filters: [] });
    const archiveEvents = createArchiveEventsHandler(
      new ArchiveEvents(faultyArchive(this.archive, archiverTape), noCompression),
      this.clock,
      quiet,
    );
    const storeReadings = createStoreReadingsHandler(
      new StoreReadings(
        faultyTable(this.table, storerTape),
        faultyMetrics(this.metrics, storerTape),
        faultyQuarantine(this.quarantine, storerTape),
        this.clock,
        noCompression,
      ),
      this.clock,
      quiet,
    );
    const consumer = (handler: typeof archiveEvents) =>
      new VirtualConsumer({
        settings,
        reader: this.stream,
        clock: this.clock,
        invoke: (records) => handler(toKinesisEvent(records, source), context),
        expected: (key) => this.wanted.filter(({ partitionKey }) => partitionKey === key),
      });
    this.archiver = consumer(archiveEvents);
    this.storer = consumer(storeReadings);
    this.failures = { archiver: this.archiver.givenUp, storer: this.storer.givenUp };
  }

  /** What the consumers' filters let through of it. */
  get wanted(): readonly StreamRecord[] {
    return this.records.filter(this.#filter);
  }

  async put(partitionKey: string, payload: Uint8Array): Promise<void> {
    const [outcome] = await this.stream.put([{ partitionKey, data: payload }]);
    if (outcome?.taken !== true) throw new Error('not taken');
    const { shardId, sequenceNumber } = outcome;
    this.records.push({ partitionKey, data: payload, shardId, sequenceNumber, arrivedAt: this.clock.now() });
    this.archiver.wake();
    this.storer.wake();
  }

  async split(choice: number): Promise<void> {
    if (this.#shards >= 6) return;
    const open = this.stream.statistics().filter(({ state }) => state === 'open');
    this.stream.splitShard(open[choice % open.length]!.shardId);
    this.#shards += 2;
  }

  async merge(choice: number): Promise<void> {
    const open = this.stream
      .statistics()
      .filter(({ state }) => state === 'open')
      .sort((a, b) => (BigInt(a.startingHashKey) < BigInt(b.startingHashKey) ? -1 : 1));
    if (open.length < 2 || this.#shards >= 8) return;
    const at = choice % (open.length - 1);
    this.stream.mergeShards(open[at]!.shardId, open[at + 1]!.shardId);
    this.#shards += 1;
  }

  /** Works until both consumers have nothing left, moving the clock to the next thing that is due. */
  async drain(tape: Tape, consumers = [this.archiver, this.storer]): Promise<void> {
    for (let rounds = 0; rounds < 20_000; rounds += 1) {
      const worked = await Promise.all(consumers.map((consumer) => consumer.step(tape)));
      if (worked.includes(true)) continue;
      const due = (await Promise.all(consumers.map((consumer) => consumer.dueAt()))).filter((at) => at !== undefined);
      if (due.length === 0) return;
      this.clock.set(Math.max(this.clock.now(), Math.min(...due)));
    }
    throw new Error('the consumers do not come to rest');
  }

  async archived(): Promise<ArchiveLine[]> {
    const { objects } = await this.archive.list({ limit: 1_000 });
    const bodies = await Promise.all(objects.map(({ key }) => this.archive.get(key)));
    return bodies.flatMap((body) => Buffer.from(body!).toString().trimEnd().split('\n').map(parseArchiveLine));
  }
}

const payload = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ value: fc.integer({ min: 0, max: 99 }), minute: fc.integer({ min: 0, max: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'not JSON',
      '{"sensorid":"a","value":"abc"}',
      '{"value":1}',
      'null',
      '{"sensorid":"a","value":1,"timestamp":"2026-02-30"}',
    ),
  },
);

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('put' as const),
      key: fc.constantFrom('a', 'b', 'c', 'Küche', '°C', 'f'),
      payload,
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('work' as const), steps: fc.integer({ min: 1, max: 6 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('wait' as const), millis: fc.integer({ min: 1, max: 40_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('crash' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('split' as const), shard: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('merge' as const), shard: fc.nat(7) }) },
);

const tape = fc.array(fc.nat(15), { maxLength: 120 });

const high = JSON.stringify({ data: { value: [{ numeric: ['>=', 50] }] } });
const some = JSON.stringify({ partitionKey: ['a', { prefix: 'K' }] });

const settings = fc.record(
  {
    batchSize: fc.constantFrom(1, 2, 3, 7, 100),
    maximumBatchingWindowInSeconds: fc.constantFrom(0, 1, 5),
    parallelizationFactor: fc.constantFrom(1, 2, 3),
    bisectBatchOnFunctionError: fc.boolean(),
    filterCriteria: fc.constantFrom(
      { filters: [{ pattern: high }] },
      { filters: [{ pattern: some }] },
      { filters: [{ pattern: high }, { pattern: some }] },
    ),
  },
  {
    requiredKeys: [
      'batchSize',
      'maximumBatchingWindowInSeconds',
      'parallelizationFactor',
      'bisectBatchOnFunctionError',
    ],
  },
);

function bytesFor(key: string, content: string | { value: number; minute: number }): Uint8Array {
  if (typeof content === 'string') return bytesOf(content);
  const { value, minute } = content;
  return bytesOf({ sensorid: key, value, timestamp: `2026-01-15T23:0${minute}:00Z` });
}

async function live(
  world: World,
  actions: readonly (typeof action extends fc.Arbitrary<infer A> ? A : never)[],
  order: Tape,
) {
  for (const step of actions) {
    switch (step.type) {
      case 'put':
        await world.put(step.key, bytesFor(step.key, step.payload));
        break;
      case 'work':
        for (let n = 0; n < step.steps; n += 1) {
          await world.archiver.step(order);
          await world.storer.step(order);
        }
        break;
      case 'wait':
        world.clock.advance(step.millis);
        break;
      case 'crash':
        await world.archiver.crash(order);
        await world.storer.crash(order);
        break;
      case 'split':
        await world.split(step.shard);
        break;
      case 'merge':
        await world.merge(step.shard);
        break;
    }
  }
  await world.drain(order);
}

const identity = ({ shardId, sequenceNumber }: { shardId: string; sequenceNumber: string }) =>
  `${shardId}:${sequenceNumber}`;

/** What the table must hold: per sensor and timestamp the value of the latest record. */
function latestValues(records: readonly StreamRecord[]): Map<string, number> {
  const latest = new Map<string, number>();
  for (const { data, arrivedAt } of records) {
    const result = parseReading(data, arrivedAt);
    if (result.ok) latest.set(`${result.reading.sensorId} ${result.reading.timestamp}`, result.reading.value);
  }
  return latest;
}

async function tableContents(world: World): Promise<Map<string, number>> {
  const contents = new Map<string, number>();
  for (const { sensorId } of world.table.sensors()) {
    const { readings } = await world.table.query({ sensorId, order: 'asc', limit: 1_000 });
    for (const { timestamp, value } of readings) contents.set(`${sensorId} ${timestamp}`, value);
  }
  return contents;
}

describe('with retries until it succeeds', () => {
  test('every record is in the archive, every reading in the table with its latest value, the rest in quarantine', async () => {
    await fc.assert(
      fc.asyncProperty(
        settings,
        fc.integer({ min: 1, max: 3 }),
        fc.array(action, { minLength: 1, maxLength: 40 }),
        tape,
        tape,
        tape,
        async (chosen, shards, actions, archiverFaults, storerFaults, order) => {
          const world = new World(
            mappingSettings({ ...chosen, reportBatchItemFailures: true }),
            shards,
            new Tape(archiverFaults),
            new Tape(storerFaults),
          );
          await live(world, actions, new Tape(order));

          const lines = new Map((await world.archived()).map((line) => [identity(line), line]));
          expect([...lines.keys()].sort()).toEqual(world.wanted.map(identity).sort());
          for (const record of world.wanted) {
            const { data, raw, partitionKey } = lines.get(identity(record))!;
            const bytes = raw === undefined ? bytesOf(data) : Buffer.from(raw, 'base64');
            expect(Buffer.from(bytes).equals(record.data)).toBe(true);
            expect(partitionKey).toBe(record.partitionKey);
          }

          expect(await tableContents(world)).toEqual(latestValues(world.wanted));

          const { records: quarantined } = await world.quarantine.list({ limit: 1_000 });
          const invalid = world.wanted.filter(({ data, arrivedAt }) => !parseReading(data, arrivedAt).ok);
          expect(quarantined.map(({ record }) => identity(record)).sort()).toEqual(invalid.map(identity).sort());
          for (const { record, reasons } of quarantined) {
            expect(parseReading(record.data, record.arrivedAt)).toEqual({ ok: false, reasons });
          }

          expect(world.archiver.outOfOrder).toEqual([]);
          expect(world.storer.outOfOrder).toEqual([]);
          expect([...world.archiver.givenUp, ...world.storer.givenUp]).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('with limits on retries and age', () => {
  test('every record is archived or with the failure destination: nothing is in neither', async () => {
    await fc.assert(
      fc.asyncProperty(
        settings,
        fc.integer({ min: 0, max: 2 }),
        fc.constantFrom(-1, 60),
        fc.array(action, { minLength: 1, maxLength: 40 }),
        tape,
        tape,
        async (chosen, maximumRetryAttempts, maximumRecordAgeInSeconds, actions, faults, order) => {
          const limits = { maximumRetryAttempts, maximumRecordAgeInSeconds, reportBatchItemFailures: true };
          const world = new World(mappingSettings({ ...chosen, ...limits }), 2, new Tape(faults), new Tape(faults));
          await live(world, actions, new Tape(order));

          const archived = (await world.archived()).map(identity);
          expect(new Set([...archived, ...world.failures.archiver.map(identity)])).toEqual(
            new Set(world.wanted.map(identity)),
          );
          const { records: quarantined } = await world.quarantine.list({ limit: 1_000 });
          const handled = new Set([
            ...quarantined.map(({ record }) => identity(record)),
            ...world.failures.storer.map(identity),
          ]);
          const table = await tableContents(world);
          for (const record of world.wanted.filter((one) => !handled.has(identity(one)))) {
            expect([...latestValues([record]).keys()].every((key) => table.has(key))).toBe(true);
          }
          expect(world.archiver.outOfOrder).toEqual([]);
          expect(world.storer.outOfOrder).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });
});

test('a consumer that never succeeds does not delay the other', async () => {
  const always = new Tape(Array.from({ length: 100_000 }, () => 1));
  const world = new World(mappingSettings({ reportBatchItemFailures: true }), 2, always, new Tape([]));
  for (let n = 0; n < 50; n += 1) await world.put(`sensor-${n}`, bytesFor(`sensor-${n}`, { value: n, minute: 0 }));

  const begin = world.clock.now();
  for (let n = 0; n < 20; n += 1) await world.archiver.step(new Tape([]));
  await world.drain(new Tape([]), [world.storer]);

  expect(await tableContents(world)).toEqual(latestValues(world.records));
  expect(world.clock.now()).toBe(begin);
  expect(await world.archived()).toEqual([]);
});

test('an event carries every record to the handler as it was', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          shardId: fc.constant('shardId-000000000003'),
          sequenceNumber: fc.bigInt({ min: 10n ** 55n, max: 10n ** 56n - 1n }).map(String),
          partitionKey: fc.string({ minLength: 1, unit: anyCharacter }),
          arrivedAt: fc.integer({ min: 0, max: Date.UTC(9999, 0, 1) }),
          data: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        }),
      ),
      (records) => {
        expect(fromKinesisEvent(toKinesisEvent(records, source))).toEqual(records);
      },
    ),
  );
});
