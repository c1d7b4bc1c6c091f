/**
 * How long does a reader wait for a history? Through the use case, over the table in memory and over the one in DynamoDB
 * with dynalite in its place, with the same readings: a thousand of each sensor, and more and more sensors.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { clientOptions } from '../adapters/aws/client-options.ts';
import { DynamoDbSensorData } from '../adapters/aws/dynamodb-sensor-data.ts';
import { formatSequenceNumber } from '../adapters/memory/kinesis-sequence-number.ts';
import { MemorySensorData } from '../adapters/memory/memory-sensor-data.ts';
import { SystemClock } from '../adapters/node/system-clock.ts';
import type { SensorDataTable, StoredReading } from '../core/ports.ts';
import { type HistoryRequest, SensorHistory } from '../core/sensor-history.ts';
import { formatTimestamp } from '../core/timestamp.ts';
import { engineCredentials } from '../test/support/engine-server.ts';
import type { Finding, Question, Table } from './question.ts';
import { formatCount } from './support/figures.ts';
import { startMeasured } from './support/measured-process.ts';
import { median, percentile } from './support/statistics.ts';

/** One a minute. */
const READINGS_PER_SENSOR = 1_000;
const START = Date.UTC(2026, 0, 1);
const PAGE = 100;
const TABLE_NAME = 'SensorData';
/** What is not in dynalite by then is left out: a slow machine must come to an end as well. */
const LOAD_MILLIS = 8 * 60_000;

const targets = { p99Millis: 2, growth: 2 };

interface Read {
  readonly name: string;
  readonly readings: number;
  /** @returns How many readings came. */
  run(history: SensorHistory, sensorId: string): Promise<number>;
}

const newest: Read = {
  name: '20 newest',
  readings: 20,
  run: async (history, sensorId) => (await history.read({ sensorId })).readings.length,
};

const range: Read = {
  name: 'range of 1,000',
  readings: 1_000,
  async run(history, sensorId) {
    const [from, to] = [timestampOf(0), timestampOf(READINGS_PER_SENSOR - 1)];
    return (await history.read({ sensorId, from, to, limit: 1_000 })).readings.length;
  },
};

const paging: Read = {
  name: `paging to the end, ${PAGE} a page`,
  readings: READINGS_PER_SENSOR,
  async run(history, sensorId) {
    let readings = 0;
    let request: HistoryRequest = { sensorId, limit: PAGE };
    for (;;) {
      const page = await history.read(request);
      readings += page.readings.length;
      if (page.nextCursor === undefined) return readings;
      request = { ...request, cursor: page.nextCursor };
    }
  },
};

const reads = [newest, range, paging];

/** Milliseconds. */
interface Latency {
  readonly p50: number;
  readonly p99: number;
}

interface Series {
  readonly store: string;
  readonly readings: number;
  readonly latencies: ReadonlyMap<Read, Latency>;
}

interface Samples {
  /** Before anything is timed, so that everything is compiled and connected. */
  readonly warmUp: number;
  readonly timed: number;
}

function sensorIdOf(sensor: number): string {
  return `sensor-${String(sensor).padStart(4, '0')}`;
}

function timestampOf(minute: number): string {
  return formatTimestamp(START + minute * 60_000);
}

function readingOf(sensor: number, minute: number): StoredReading {
  const arrivedAt = START + minute * 60_000;
  const counter = minute * 10_000 + sensor;
  return {
    sensorId: sensorIdOf(sensor),
    value: ((sensor + minute * 7) % 4_000) / 100,
    timestamp: timestampOf(minute),
    sequenceNumber: formatSequenceNumber({ createdAtSecond: START / 1_000, counter, arrivedAt, shardIndex: 0 }),
    arrivedAt,
  };
}

/** In the order in which a fleet sends them: a reading of each sensor every minute. */
async function fillMemory(sensors: number): Promise<MemorySensorData> {
  const table = new MemorySensorData();
  for (let minute = 0; minute < READINGS_PER_SENSOR; minute += 1) {
    await table.put(Array.from({ length: sensors }, (_, sensor) => readingOf(sensor, minute)));
  }
  return table;
}

/** Sensor by sensor: one that is in there when the time is over has all of its readings. @returns How many are. */
async function fillDynamoDb(table: SensorDataTable, sensors: number, say: (progress: string) => void): Promise<number> {
  const end = Date.now() + LOAD_MILLIS;
  for (let sensor = 0; sensor < sensors; sensor += 1) {
    if (Date.now() > end) return sensor;
    if (sensor > 0 && sensor % 100 === 0) say(`dynalite holds ${formatCount(sensor * READINGS_PER_SENSOR)} readings`);
    const readings = Array.from({ length: READINGS_PER_SENSOR }, (_, minute) => readingOf(sensor, minute));
    const { notTaken } = await table.put(readings, { remainingMillis: () => 60_000 });
    if (notTaken.length > 0) throw new Error(`dynalite did not take ${notTaken.length} readings`);
  }
  return sensors;
}

/** Each read of random sensors, the same ones for every table of as many. */
async function measureReads(table: SensorDataTable, sensors: number, { warmUp, timed }: Samples) {
  const history = new SensorHistory(table, new SystemClock());
  const random = xoroshiro128plus(1);
  const latencies = new Map<Read, Latency>();
  for (const read of reads) {
    const millis: number[] = [];
    for (let sample = -warmUp; sample < timed; sample += 1) {
      const sensorId = sensorIdOf(uniformInt(random, 0, sensors - 1));
      const startedAt = performance.now();
      const readings = await read.run(history, sensorId);
      const took = performance.now() - startedAt;
      if (readings !== read.readings) throw new Error(`${read.name} of ${sensorId}: ${readings} readings came`);
      if (sample >= 0) millis.push(took);
    }
    latencies.set(read, { p50: median(millis), p99: percentile(millis, 0.99) });
  }
  return latencies;
}

async function measureMemory(readings: number, samples: Samples): Promise<Series> {
  const sensors = readings / READINGS_PER_SENSOR;
  const table = await fillMemory(sensors);
  return { store: 'memory', readings, latencies: await measureReads(table, sensors, samples) };
}

interface LoadedSeries extends Series {
  readonly loadSeconds: number;
}

async function measureDynalite(
  readings: number,
  samples: Samples,
  say: (progress: string) => void,
): Promise<LoadedSeries> {
  const dynalite = await startMeasured('bench/support/dynalite-process.ts', [TABLE_NAME]);
  const client = new DynamoDBClient({
    ...clientOptions({ endpoint: dynalite.url }),
    ...engineCredentials,
  });
  try {
    const table = new DynamoDbSensorData({ client, tableName: TABLE_NAME, clock: new SystemClock() });
    const startedAt = performance.now();
    const sensors = await fillDynamoDb(table, readings / READINGS_PER_SENSOR, say);
    const loadSeconds = (performance.now() - startedAt) / 1_000;
    const latencies = await measureReads(table, sensors, samples);
    return { store: 'dynalite', readings: sensors * READINGS_PER_SENSOR, latencies, loadSeconds };
  } finally {
    client.destroy();
    await dynalite.stop();
  }
}

function latencyOf({ latencies, store }: Series, read: Read): Latency {
  const latency = latencies.get(read);
  if (latency === undefined) throw new Error(`${read.name} was not measured over ${store}`);
  return latency;
}

function quickness(read: Read, series: Series): Finding {
  const { p50, p99 } = latencyOf(series, read);
  return {
    what: `${read.name}, memory, ${formatCount(series.readings)} readings`,
    measured: `p50 ${formatMillis(p50)} ms, p99 ${formatMillis(p99)} ms`,
    target: { text: `p99 < ${targets.p99Millis} ms`, met: p99 < targets.p99Millis },
  };
}

function flatness(read: Read, fewest: Series, most: Series): Finding {
  const growth = latencyOf(most, read).p50 / latencyOf(fewest, read).p50;
  return {
    what: `${read.name}, memory, p50 at ${formatCount(most.readings)} readings ÷ at ${formatCount(fewest.readings)}`,
    measured: growth.toFixed(2),
    target: { text: `≤ ${targets.growth}`, met: growth <= targets.growth },
  };
}

function latencyTable(series: readonly Series[]): Table {
  return {
    caption: 'Milliseconds until the answer is there, p50 and p99',
    columns: ['', 'readings', ...reads.flatMap(({ name }) => [`${name}: p50`, 'p99'])],
    rows: series.map((each) => [
      each.store,
      formatCount(each.readings),
      ...reads.flatMap((read) => {
        const { p50, p99 } = latencyOf(each, read);
        return [formatMillis(p50), formatMillis(p99)];
      }),
    ]),
  };
}

function formatMillis(millis: number): string {
  return millis.toFixed(millis < 1 ? 3 : 1);
}

export const question: Question = {
  name: 'history',
  title: 'History',

  async measure({ quick }, say) {
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
    const samples = {
      memory: quick ? { warmUp: 1_000, timed: 1_000 } : { warmUp: 3_000, timed: 3_000 },
      dynalite: quick ? { warmUp: 10, timed: 30 } : { warmUp: 30, timed: 300 },
    };
    const memory = async (readings: number): Promise<Series> => {
      say(`memory, ${formatCount(readings)} readings`);
      return measureMemory(readings, samples.memory);
    };
    const small = await memory(10_000);
    const middle = await memory(100_000);
    const large = quick ? [] : [await memory(1_000_000)];
    const wanted = quick ? 3_000 : 1_000_000;
    say(`dynalite, ${formatCount(wanted)} readings`);
    const dynalite = await measureDynalite(wanted, samples.dynalite, say);

    const largest = large[0] ?? middle;
    return {
      findings: [
        quickness(newest, largest),
        quickness(range, largest),
        ...reads.map((read) => flatness(read, small, largest)),
      ],
      tables: [latencyTable([small, middle, ...large, dynalite])],
      notes: [
        `${formatCount(READINGS_PER_SENSOR)} readings of each sensor, so that more readings are more sensors; ${formatCount(samples.memory.timed)} reads of random sensors a figure in memory, ${formatCount(samples.dynalite.timed)} over dynalite, one after the other.`,
        `dynalite ran in a process of its own and took ${formatCount(dynalite.readings)} of ${formatCount(wanted)} readings in ${dynalite.loadSeconds.toFixed(0)} s${dynalite.readings < wanted ? `, all that went in within ${LOAD_MILLIS / 60_000} minutes` : ''}. It is an emulator: most of each time is its own, and says nothing of how fast DynamoDB is.`,
      ],
    };
  },
};
