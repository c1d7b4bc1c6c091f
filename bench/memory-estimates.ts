/**
 * What the stores in memory take, measured, beside what they tell the budget (`adapters/memory/memory-budget.ts`).
 * Run: node --expose-gc --import tsx bench/memory-estimates.ts
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { MemoryBudget } from '../adapters/memory/memory-budget.ts';
import { MemoryEventArchive } from '../adapters/memory/memory-event-archive.ts';
import { MemoryEventStream } from '../adapters/memory/memory-event-stream.ts';
import { MemoryMetrics } from '../adapters/memory/memory-metrics.ts';
import { MemoryQuarantine } from '../adapters/memory/memory-quarantine.ts';
import { MemorySensorData } from '../adapters/memory/memory-sensor-data.ts';
import { formatTimestamp } from '../core/timestamp.ts';

const start = Date.UTC(2026, 0, 1);
const clock = { now: () => start };
/** As long as Kinesis's numbers are. */
const sequenceNumber = (index: number) => flat(`4960${'0'.repeat(40)}${100_000_000_000 + index}`);
/** Of one piece, as text is that was read: what was put together keeps its pieces. */
const flat = (text: string) => Buffer.from(text).toString('latin1');

interface Case {
  readonly name: string;
  /** Fills a store, and keeps it alive in what it returns. */
  readonly fill: (budget: MemoryBudget) => Promise<unknown>;
}

function table(sensors: number, readings: number): Case['fill'] {
  return async (budget) => {
    const store = new MemorySensorData(budget);
    for (let index = 0; index < readings; index += 1) {
      const instant = start + index * 1_000;
      await store.put([
        {
          sensorId: flat(`sensor-${index % sensors}`),
          value: index / 7,
          timestamp: formatTimestamp(instant),
          sequenceNumber: sequenceNumber(index),
          arrivedAt: instant,
        },
      ]);
    }
    return store;
  };
}

function metrics(sensors: number, minutes: number): Case['fill'] {
  return async (budget) => {
    const store = new MemoryMetrics(clock, budget);
    for (let minute = 0; minute < minutes; minute += 1) {
      for (let sensor = 0; sensor < sensors; sensor += 1) {
        const datum = {
          sensorId: flat(`sensor-${sensor}`),
          minute: start - minute * 60_000,
          values: [1.5],
          counts: [1],
        };
        await store.publish([datum]);
      }
    }
    return store;
  };
}

function archive(objects: number, bytes: number): Case['fill'] {
  return async (budget) => {
    const store = new MemoryEventArchive({ clock, budget, store: 'archive' });
    for (let index = 0; index < objects; index += 1) {
      const key = `2026-01-01/${sequenceNumber(index)}-${sequenceNumber(index + 1)}.shardId-000000000000.ndjson.gz`;
      await store.put(flat(key), randomBytes(bytes));
    }
    return store;
  };
}

function quarantine(records: number, bytes: number): Case['fill'] {
  return async (budget) => {
    const store = new MemoryQuarantine(budget);
    for (let index = 0; index < records; index += 1) {
      const record = {
        ...{ partitionKey: flat(`device-${index}`), shardId: 'shardId-000000000000', arrivedAt: start },
        ...{ sequenceNumber: sequenceNumber(index), data: randomBytes(bytes) },
      };
      const reasons = [{ field: 'value' as const, rule: 'must be a finite number', seen: flat('missing') }];
      await store.keep([{ record, reasons, quarantinedAt: start }]);
    }
    return store;
  };
}

function stream(records: number, bytes: number, keys: number): Case['fill'] {
  return async (budget) => {
    const store = new MemoryEventStream({ clock, shards: 4, budget });
    for (let index = 0; index < records; index += 1) {
      await store.put([{ partitionKey: `device-${index % keys}`, data: randomBytes(bytes) }]);
    }
    return store;
  };
}

const cases: readonly Case[] = [
  { name: 'table, 1,000 sensors, 500,000 readings', fill: table(1_000, 500_000) },
  { name: 'table, 200,000 sensors, a reading each', fill: table(200_000, 200_000) },
  { name: 'metrics, 1,000 sensors, 300 minutes', fill: metrics(1_000, 300) },
  { name: 'metrics, 200,000 sensors, a minute each', fill: metrics(200_000, 1) },
  { name: 'archive, 20,000 objects of 2,000 bytes', fill: archive(20_000, 2_000) },
  { name: 'archive, 50,000 objects of 100 bytes', fill: archive(50_000, 100) },
  { name: 'quarantine, 50,000 records of 100 bytes', fill: quarantine(50_000, 100) },
  { name: 'quarantine, 500 records of 100,000 bytes', fill: quarantine(500, 100_000) },
  { name: 'stream, 500,000 records of 100 bytes, 1,000 keys', fill: stream(500_000, 100, 1_000) },
  { name: 'stream, 1,000 records of 100,000 bytes', fill: stream(1_000, 100_000, 1_000) },
];

async function memory(): Promise<number> {
  const collect = global.gc;
  if (collect === undefined) throw new Error('run it with node --expose-gc');
  // Buffers are freed some turns after their collection.
  for (let turn = 0; turn < 4; turn += 1) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function measure({ name, fill }: Case): Promise<void> {
  const budget = new MemoryBudget({ limitBytes: Infinity, onFull: 'refuse', clock });
  const before = await memory();
  const store = await fill(budget);
  const taken = (await memory()) - before;
  const { usedBytes, stores } = budget.statistics();
  const items = stores.reduce((sum, each) => sum + each.items, 0);
  const ratio = (usedBytes / taken).toFixed(2);
  process.stdout.write(
    `${name.padEnd(50)} ${Math.round(taken / items)} bytes an item, told ${Math.round(usedBytes / items)} (${ratio})\n`,
  );
  if (store === undefined) throw new Error('nothing was filled');
}

/** Each in a process of its own: nothing of another is in its way. */
const [chosen] = process.argv.slice(2);
const single = cases[Number(chosen)];
if (single !== undefined) await measure(single);
else {
  for (const index of cases.keys()) {
    spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), String(index)], {
      stdio: 'inherit',
    });
  }
}
