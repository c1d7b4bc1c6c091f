/**
 * What `GET /metrics` says, for Prometheus: the account of all traffic, where every consumer stands, and the load of the process. The
 * names are those of https://prometheus.io/docs/practices/naming/. What nobody can tell is absent, never 0.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import type { AccountState } from '../account/account-state.ts';
import type { PipelineMonitor } from './pipeline-monitor.ts';
import type { Load } from './process-load.ts';

export interface Snapshot {
  readonly account: ReturnType<AccountState['read']>;
  readonly pipeline: Awaited<ReturnType<PipelineMonitor['state']>>;
  readonly load: Load;
  /** What is wrong with stores, consumers and checkpoints, as `GET /ready` counts it. */
  readonly problems: number;
  /** Requests that had a wrong token. */
  readonly failedAttempts: number;
}

type Labels = Readonly<Record<string, string>>;
/** A value and what it is of; `null` where nobody can tell. */
type Sample = readonly [value: number | null | undefined, labels?: Labels];

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** @returns text in the exposition format of Prometheus. */
export function formatPrometheus(snapshot: Snapshot): Promise<string> {
  const registry = new Registry();
  const add = (Metric: typeof Gauge | typeof Counter, name: string, help: string, samples: readonly Sample[]) => {
    const known = samples.filter(([value]) => value !== null && value !== undefined);
    if (known.length === 0) return;
    const labelNames = Object.keys(known[0]?.[1] ?? {});
    const metric = new Metric({ name, help, labelNames, registers: [registry] });
    for (const [value, labels = {}] of known) metric.inc(labels, value ?? 0);
  };
  const metrics: Metrics = {
    counter: (name, help, samples) => add(Counter, name, help, samples),
    gauge: (name, help, samples) => add(Gauge, name, help, samples),
  };
  addAccount(metrics, snapshot);
  addConsumers(metrics, snapshot);
  addStores(metrics, snapshot);
  addProcess(metrics, snapshot);
  return registry.metrics();
}

type Add = (name: string, help: string, samples: readonly Sample[]) => void;

interface Metrics {
  readonly counter: Add;
  readonly gauge: Add;
}

function addAccount({ counter, gauge }: Metrics, { account }: Snapshot): void {
  const { accepted, archive, store, overwrittenReadings: replaced } = account;
  counter(
    'iot_records_accepted_total',
    'Records that clients were told were accepted.',
    Object.entries(accepted).map(([door, count]) => [count, { door }]),
  );
  gauge(
    'iot_verdict',
    'Whether anything is lost: 1 for the verdict of GET /account, 0 for the others.',
    verdicts.map((verdict) => [verdict === account.verdict ? 1 : 0, { verdict }]),
  );
  gauge(
    'iot_problem_records',
    'Records that a problem of GET /account is about.',
    sumBy(account.problems, ({ kind }) => kind).map(([kind, count]) => [count, { kind }]),
  );
  // Where the consumers run elsewhere nobody here sees what becomes of a record.
  if (replaced === null) return;
  const of = (consumer: string, counts: Readonly<Record<string, number>>): Sample[] =>
    Object.entries(counts).map(([outcome, count]) => [count, { consumer, outcome }]);
  counter('iot_records_from_others_total', 'Records that were read and that no client of this server sent.', [
    [account.fromOthers],
  ]);
  counter('iot_records_settled_total', 'Records that a consumer is done with, by what became of them.', [
    ...of('archive-events', { archived: archive.archived, given_up: archive.givenUp, left_out: archive.leftOut }),
    ...of('store-readings', {
      ...{ stored: store.stored, quarantined: store.quarantined, replaced: store.replaced },
      ...{ given_up: store.givenUp, left_out: store.leftOut },
    }),
  ]);
  gauge('iot_records_pending', 'Accepted records that a consumer is not done with.', [
    [archive.pending, { consumer: 'archive-events' }],
    [store.pending, { consumer: 'store-readings' }],
  ]);
  gauge('iot_oldest_pending_seconds', 'Age of the oldest of them.', [[account.oldestPendingMillis / 1_000]]);
  counter('iot_values_replaced_total', 'Values that a later reading of the same sensor and time replaced.', [
    [replaced.inBatch, { by: 'batch' }],
    ...(replaced.inTable === null ? [] : [[replaced.inTable, { by: 'table' }] as const]),
  ]);
  counter('iot_records_read_back_total', 'Accepted records that were looked up in the stores.', [[account.readBack]]);
}

const verdicts = ['all stored', 'behind', 'problems', 'cannot tell'] as const;

function addConsumers({ counter, gauge }: Metrics, { pipeline: { mappings, stream } }: Snapshot): void {
  type Mapping = (typeof mappings)[number];
  const each = (of: (mapping: Mapping) => number | null): Sample[] =>
    mappings.map((mapping) => [of(mapping), { function: mapping.name }]);
  const total = (name: string, help: string, of: (mapping: Mapping) => number) =>
    counter(`iot_consumer_${name}_total`, help, each(of));
  total('invocations', 'Invocations of the function.', ({ invocations }) => invocations);
  total('errors', 'Invocations that failed.', ({ errors }) => errors);
  total('throttles', 'Invocations that the function had no concurrency for.', ({ throttles }) => throttles);
  total('retries', 'Batches that were tried again.', ({ retries }) => retries);
  total('bisections', 'Batches that were split in two after an error.', ({ bisections }) => bisections);
  total('records', 'Records of all invocations; those of a retry count again.', ({ records }) => records);
  total('given_up_records', 'Records that went to the failure destination.', ({ givenUpRecords }) => givenUpRecords);
  total('read_failures', 'Reads of a shard that failed.', ({ readFailures }) => readFailures);
  total('trimmed_records', 'Records that expired unread.', ({ trimmedRecords }) => trimmedRecords);
  gauge(
    'iot_consumer_oldest_record_age_seconds',
    'Age of the oldest record that the consumer is not done with.',
    each(({ oldestRecordAgeMillis: millis }) => (millis === null ? null : millis / 1_000)),
  );
  gauge(
    'iot_consumer_records_behind',
    'Records of a shard that the consumer is not done with.',
    mappings.flatMap(({ name, shards }) =>
      shards.map(({ shardId, recordsBehind }): Sample => [recordsBehind, { function: name, shard: shardId }]),
    ),
  );
  counter(
    'iot_stream_records_put_total',
    'Records that the stream took.',
    stream.shards.map(({ shardId, recordsPut }): Sample => [recordsPut, { shard: shardId }]),
  );
}

function addStores({ counter, gauge }: Metrics, { pipeline: { memory }, problems }: Snapshot): void {
  gauge('iot_server_problems', 'What is wrong with stores, consumers and checkpoints; 0 where GET /ready is 200.', [
    [problems],
  ]);
  if (memory === undefined) return;
  gauge('iot_stores_used_bytes', 'Memory of the stores.', [[memory.usedBytes]]);
  gauge('iot_stores_limit_bytes', 'Memory that the stores may use.', [[memory.limitBytes]]);
  counter('iot_puts_refused_total', 'Puts that were refused because the stores are full.', [[memory.refusedPuts]]);
}

/** Names as the default metrics of the Prometheus clients have them, so that common dashboards find them. */
function addProcess({ counter, gauge }: Metrics, { load, failedAttempts }: Snapshot): void {
  counter('iot_failed_logins_total', 'Requests with a wrong token.', [[failedAttempts]]);
  gauge('process_start_time_seconds', 'When the process started, in seconds since 1970.', [
    [Math.round(Date.now() / 1_000 - load.uptimeSeconds)],
  ]);
  gauge('process_resident_memory_bytes', 'Resident memory.', [[load.rssBytes]]);
  gauge('nodejs_heap_size_used_bytes', 'Heap in use, garbage included.', [[load.heapUsedBytes]]);
  gauge('nodejs_heap_size_limit_bytes', 'The process ends where its heap has this size.', [[load.heapLimitBytes]]);
  gauge('nodejs_eventloop_lag_p50_seconds', 'How late the event loop was, in the last minute or two.', [
    [load.eventLoopDelayMillis.p50 / 1_000],
  ]);
  gauge('nodejs_eventloop_lag_p99_seconds', 'The same, 99th percentile.', [[load.eventLoopDelayMillis.p99 / 1_000]]);
}

function sumBy<Item extends { readonly records: number }>(items: readonly Item[], keyOf: (item: Item) => string) {
  const sums = new Map<string, number>();
  for (const item of items) sums.set(keyOf(item), (sums.get(keyOf(item)) ?? 0) + item.records);
  return [...sums];
}
