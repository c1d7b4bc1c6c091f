/**
 * What does a processor cost beside the work that cannot be avoided? CPU time a reading, with stores that take everything
 * at once, for batches as Lambda hands them over. The bare work is written as one would write it without a second
 * thought, and does nothing but that: it checks nothing, reports nothing, and falls over at the first bad record.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Context, KinesisStreamEvent } from 'aws-lambda';
import { NodeCompression } from '../adapters/node/node-compression.ts';
import { SystemClock } from '../adapters/node/system-clock.ts';
import { ArchiveEvents } from '../core/archive-events.ts';
import type { EventArchive, Metrics, Quarantine, SensorDataTable } from '../core/ports.ts';
import { StoreReadings } from '../core/store-readings.ts';
import { createArchiveEventsHandler } from '../handlers/archive-events.ts';
import { createLogger } from '../handlers/create-logger.ts';
import { createStoreReadingsHandler } from '../handlers/store-readings.ts';
import type { Answer, Question, Table } from './question.ts';
import { compareCpu, type Comparison } from './support/cpu-time.ts';
import { formatCount } from './support/figures.ts';
import { kinesisEvent } from './support/readings.ts';

type Processor = (event: KinesisStreamEvent) => Promise<unknown>;

const BATCHES = [100, 1_000, 10_000];
const MOST = 1.5;

const unused = () => Promise.reject(new Error('a processor does not read'));
const archive: EventArchive = { put: () => Promise.resolve(), list: unused, get: unused };
const table: SensorDataTable = { put: () => Promise.resolve({ notTaken: [] }), query: unused };
const metrics: Metrics = { publish: () => Promise.resolve(), statistics: unused };
const quarantine: Quarantine = { keep: () => Promise.resolve(), list: unused };

const clock = new SystemClock();
// What is logged of a batch is put together, as on Lambda, and goes nowhere.
const log = createLogger('info', { write: () => undefined });
const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => 60_000 } as Context;
const archiveEvents = createArchiveEventsHandler(new ArchiveEvents(archive, new NodeCompression()), clock, log);
const storeReadings = createStoreReadingsHandler(
  new StoreReadings(table, metrics, quarantine, clock, new NodeCompression()),
  clock,
  log,
);

const compress = promisify(gzip);

/** base64, one line, gzip. */
async function bareArchiver({ Records }: KinesisStreamEvent): Promise<void> {
  let lines = '';
  for (const { kinesis, eventID } of Records) {
    const { sequenceNumber, partitionKey } = kinesis;
    const [shardId] = eventID.split(':');
    const arrivedAt = new Date(kinesis.approximateArrivalTimestamp * 1_000).toISOString();
    const data = Buffer.from(kinesis.data, 'base64').toString();
    lines += `{"sequenceNumber":"${sequenceNumber}","shardId":"${shardId}","partitionKey":"${partitionKey}","arrivedAt":"${arrivedAt}","data":${data}}\n`;
  }
  await archive.put('key', await compress(lines));
}

/** base64, JSON.parse, timestamp. */
async function bareWriter({ Records }: KinesisStreamEvent): Promise<void> {
  const readings = Records.map(({ kinesis }) => {
    const { sensorid, value, timestamp } = JSON.parse(Buffer.from(kinesis.data, 'base64').toString()) as {
      readonly sensorid: string;
      readonly value: number;
      readonly timestamp: string;
    };
    const { sequenceNumber, approximateArrivalTimestamp: arrivedAt } = kinesis;
    return { sensorId: sensorid, value, timestamp: new Date(timestamp).toISOString(), sequenceNumber, arrivedAt };
  });
  await table.put(readings);
}

export const question: Question = {
  name: 'processor-cost',
  title: 'Processor cost',

  async measure({ quick }, say): Promise<Answer> {
    const options = quick ? { rounds: 3, leastMillis: 60 } : { rounds: 11, leastMillis: 400 };
    const compare = async (name: string, ours: Processor, bare: Processor) => {
      const results = new Map<number, Comparison>();
      for (const batch of BATCHES) {
        say(`${name}, batches of ${formatCount(batch)}`);
        const event = kinesisEvent(batch);
        results.set(batch, await compareCpu({ run: () => ours(event) }, { run: () => bare(event) }, options));
      }
      return { name, results };
    };
    const processors = [
      await compare('archive-events', (event) => archiveEvents(event, context), bareArchiver),
      await compare('store-readings', (event) => storeReadings(event, context), bareWriter),
    ];
    return {
      findings: processors.flatMap(({ name, results }) => {
        const ratios = [...results.values()].map(({ ratio }) => ratio);
        const worst = Math.max(...ratios);
        return [
          {
            what: `${name}: CPU time against the bare work, worst batch size`,
            measured: `${worst.toFixed(2)} ×`,
            target: { text: `≤ ${MOST} ×`, met: worst <= MOST },
          },
          {
            what: `${name}: a reading in batches of 10,000 against one in batches of 1,000`,
            measured: `${growth(results).toFixed(2)} × (bare work: ${growth(results, 'base').toFixed(2)} ×)`,
          },
        ];
      }),
      tables: processors.map(costTable),
      notes: [],
    };
  },
};

/** 1 where the cost is linear in the batch. */
function growth(results: ReadonlyMap<number, Comparison>, side: 'ours' | 'base' = 'ours'): number {
  const perReading = (batch: number) => (results.get(batch)?.[side] ?? NaN) / batch;
  return perReading(10_000) / perReading(1_000);
}

function costTable({ name, results }: { name: string; results: ReadonlyMap<number, Comparison> }): Table {
  return {
    caption: `${name}, microseconds of CPU a reading`,
    columns: ['records a batch', name, 'bare work', 'ratio'],
    rows: [...results].map(([batch, { ours, base, ratio }]) => [
      formatCount(batch),
      (ours / batch).toFixed(2),
      (base / batch).toFixed(2),
      `${ratio.toFixed(2)} ×`,
    ]),
  };
}
