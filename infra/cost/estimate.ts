/**
 * What a deployment costs in a month, part by part. Pure arithmetic over the prices of `prices.ts` and the settings of
 * the pipeline; nothing is asked of an account. Free tiers are left out.
 */
import type { EventSourceMappingSettings, Pipeline } from '../../core/pipeline.ts';
import { metricTiers, prices } from './prices.ts';

export interface Load {
  readonly devices: number;
  /** Seconds between two readings of a device. */
  readonly everySeconds: number;
  /** Bytes of a reading on the wire. */
  readonly bytes: number;
}

export interface Deployed {
  readonly capacity: 'provisioned' | 'on-demand';
  readonly shards: number;
  readonly pipeline: Pipeline;
  readonly alarms: number;
}

export interface CostLine {
  readonly part: string;
  readonly dollars: number;
  /** Of what it consists. */
  readonly detail: string;
}

export interface Estimate {
  readonly lines: readonly CostLine[];
  readonly total: number;
  readonly warnings: readonly string[];
  /** What the same load would cost with the batches of 2015. */
  readonly asIn2015: readonly CostLine[];
}

/** A month as AWS counts it for its own estimates. */
const HOURS = 730;
const SECONDS = HOURS * 3_600;
const GB = 2 ** 30;
/** Kinesis: what a shard takes in a second. */
const SHARD_RECORDS = 1_000;
const SHARD_BYTES = 1_000_000;
/** A shard that is used less than this is more than is needed. */
const IDLE_SHARE = 0.1;
/** An item of the table: a reading, its key twice over, and DynamoDB's own 100 bytes. */
const ITEM_OVERHEAD = 200;
/** An object of the archive is gzip; readings of one fleet are much alike. */
const ARCHIVE_RATIO = 0.2;
/** A line of the log per invocation, with what Lambda adds. */
const LOG_BYTES = 1_000;
/** Assumed, on the high side: what an invocation takes, and what each record adds. */
const INVOCATION_SECONDS = 0.05;
const SECONDS_PER_RECORD = 0.0005;
const METRIC_CALL_DATA = 1_000;

export function estimate(load: Load, deployed: Deployed): Estimate {
  const readings = (load.devices / load.everySeconds) * SECONDS;
  const archiver = invocations(load, deployed, deployed.pipeline.archiveEvents.mapping);
  const writer = invocations(load, deployed, deployed.pipeline.storeReadings.mapping);
  const lines = [
    ...streamLines(load, deployed, readings),
    lambdaLine('Lambda, archiver', deployed.pipeline.archiveEvents.memoryInMiB, archiver, readings),
    lambdaLine('Lambda, table writer', deployed.pipeline.storeReadings.memoryInMiB, writer, readings),
    line('S3, puts', archiver * prices.s3Put.dollars, `${count(archiver)} objects`),
    line('S3, storage', archiveGb(load, readings) * prices.s3GbMonth.dollars, "a month's archive, kept for a month"),
    ...tableLines(load, readings),
    line('CloudWatch, metrics', metricDollars(load.devices), `${count(load.devices)} metrics, one per sensor`),
    line(
      'CloudWatch, metric calls',
      metricCalls(load, writer, readings) * prices.metricRequest.dollars,
      `${count(metricCalls(load, writer, readings))} calls`,
    ),
    line(
      'CloudWatch, logs',
      (((archiver + writer) * LOG_BYTES) / GB) * prices.logGb.dollars,
      `${count(archiver + writer)} lines`,
    ),
    line('CloudWatch, alarms', deployed.alarms * prices.alarm.dollars, `${deployed.alarms} alarms`),
  ];
  return {
    lines,
    total: sum(lines),
    warnings: warningsOf(load, deployed, lines),
    asIn2015: linesOf2015(load, deployed, readings),
  };
}

export function sum(lines: readonly CostLine[]): number {
  return lines.reduce((total, { dollars }) => total + dollars, 0);
}

/** Shards that the load needs at least. */
export function neededShards({ devices, everySeconds, bytes }: Load): number {
  const rate = devices / everySeconds;
  return Math.max(1, Math.ceil(rate / SHARD_RECORDS), Math.ceil((rate * bytes) / SHARD_BYTES));
}

/** What so many custom metrics cost in a month. */
export function metricDollars(metrics: number): number {
  let dollars = 0;
  let below = 0;
  for (const { upTo, dollars: each } of metricTiers) {
    dollars += Math.max(0, Math.min(metrics, upTo) - below) * each;
    below = upTo;
  }
  return dollars;
}

type Batching = Pick<EventSourceMappingSettings, 'batchSize' | 'maximumBatchingWindowInSeconds'>;

/**
 * A batch goes out when it is full or its window is over, and with no window when a poll finds something: once a second
 * and shard. Fewer records than that are a batch each.
 */
function invocations({ devices, everySeconds }: Load, { shards }: Deployed, mapping: Batching): number {
  const perShard = devices / everySeconds / shards;
  const mostOften = 1 / Math.max(1, mapping.maximumBatchingWindowInSeconds);
  return Math.max(Math.min(perShard, mostOften), perShard / mapping.batchSize) * shards * SECONDS;
}

function streamLines({ bytes }: Load, { capacity, shards }: Deployed, readings: number): CostLine[] {
  if (capacity === 'on-demand') {
    const gb = (readings * Math.ceil(bytes / 1_024) * 1_024) / GB;
    return [
      line('Kinesis, stream', HOURS * prices.streamHourOnDemand.dollars, 'on demand'),
      line(
        'Kinesis, data',
        gb * (prices.streamGbIn.dollars + 2 * prices.streamGbOut.dollars),
        `${gb.toFixed(1)} GB, in once and out twice`,
      ),
    ];
  }
  const units = readings * Math.ceil(bytes / 25_000);
  return [
    line('Kinesis, shards', shards * HOURS * prices.shardHour.dollars, `${shards} provisioned`),
    line('Kinesis, puts', units * prices.putPayloadUnit.dollars, `${count(readings)} records`),
  ];
}

function lambdaLine(part: string, memoryInMiB: number, calls: number, readings: number): CostLine {
  const seconds = calls * INVOCATION_SECONDS + readings * SECONDS_PER_RECORD;
  const dollars =
    calls * prices.lambdaRequest.dollars + seconds * (memoryInMiB / 1_024) * prices.lambdaGbSecond.dollars;
  return line(part, dollars, `${count(calls)} invocations`);
}

function tableLines({ bytes }: Load, readings: number): CostLine[] {
  const gb = (readings * (bytes + ITEM_OVERHEAD)) / GB;
  const storage = gb * (prices.dynamoDbGbMonth.dollars + prices.dynamoDbBackupGbMonth.dollars);
  return [
    line(
      'DynamoDB, writes',
      readings * Math.ceil((bytes + ITEM_OVERHEAD) / 1_024) * prices.dynamoDbWrite.dollars,
      `${count(readings)} items`,
    ),
    line('DynamoDB, storage', storage, "a month's readings and their backup, kept for a month"),
  ];
}

function archiveGb({ bytes }: Load, readings: number): number {
  return (readings * bytes * ARCHIVE_RATIO) / GB;
}

/** A call for each batch, and more where a batch has more sensors than a call takes. */
function metricCalls({ devices }: Load, calls: number, readings: number): number {
  const sensorsPerBatch = Math.min(devices, readings / calls);
  return calls * Math.max(1, Math.ceil(sensorsPerBatch / METRIC_CALL_DATA));
}

/** Batches of 100 without a window; an object for each batch, a metric call for every 25 records of one. The rest is the same. */
function linesOf2015(load: Load, deployed: Deployed, readings: number): CostLine[] {
  const batches = invocations(load, deployed, { batchSize: 100, maximumBatchingWindowInSeconds: 0 });
  const calls = batches * Math.ceil(readings / batches / 25);
  return [
    ...streamLines(load, deployed, readings),
    line('S3, puts', batches * prices.s3Put.dollars, `${count(batches)} objects`),
    ...tableLines(load, readings),
    line('CloudWatch, metrics', metricDollars(load.devices), 'one per sensor'),
    line('CloudWatch, metric calls', calls * prices.metricRequest.dollars, `${count(calls)} calls`),
  ];
}

function warningsOf(load: Load, { capacity, shards }: Deployed, lines: readonly CostLine[]): string[] {
  const warnings: string[] = [];
  const metrics = metricDollars(load.devices);
  if (metrics > sum(lines) / 4) {
    warnings.push(
      `The metric per sensor is $${metrics.toFixed(2)} of it: past some hundred sensors the table and the archive answer the same questions for less.`,
    );
  }
  if (capacity === 'provisioned') {
    const needed = neededShards(load);
    if (needed > shards) {
      warnings.push(`${shards} shards are too few: the load needs at least ${needed}, or producers are throttled.`);
    } else if (shards > 1 && load.devices / load.everySeconds < IDLE_SHARE * shards * SHARD_RECORDS) {
      warnings.push(
        `The shards are idle for the most part: ${needed} would do, each costs $${(HOURS * prices.shardHour.dollars).toFixed(2)} a month.`,
      );
    }
  }
  return warnings;
}

function line(part: string, dollars: number, detail: string): CostLine {
  return { part, dollars, detail };
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
