/** Shards, both consumers, and what becomes of batches that fail. */
import { BisectionTrees } from '../components/bisection-tree.tsx';
import { Happenings } from '../components/happenings.tsx';
import { IteratorAges, usePipeline } from '../components/iterator-ages.tsx';
import { SequenceNumber, ShardName } from '../components/names.tsx';
import { Table } from '../components/table.tsx';
import { countOf, formatBytes, formatCount, formatDuration, formatShort, shortShard } from '../format.ts';
import { formatRoute } from '../address.ts';
import { type Sample, samples } from '../state.ts';
import { useStore } from '../store.ts';
import type { MappingState, ShardProgress, ShardStatistics } from '../wire.ts';

export function Stream() {
  const state = usePipeline();
  if (state === undefined) return <p role="status">Asking for the state of the pipeline…</p>;
  return (
    <>
      <Shards name={state.stream.name} shards={state.stream.shards} />
      <section aria-labelledby="consumers-title">
        <h3 id="consumers-title">Consumers</h3>
        {state.mappings.length === 0 ? (
          <p class="notice">
            The consumers of this stack run in Lambda, and CloudWatch shows their IteratorAge. Start the server with
            --run-mappings to run them here and see them work.
          </p>
        ) : (
          <>
            <p class="hint">Each has its own checkpoint: one that fails or is slow never holds up the other.</p>
            {state.mappings.map((mapping) => (
              <Consumer key={mapping.id} mapping={mapping} />
            ))}
            <IteratorAges />
          </>
        )}
      </section>
      {state.mappings.length > 0 && (
        <>
          <section aria-labelledby="batches-title">
            <h3 id="batches-title">Batches that failed</h3>
            <BisectionTrees />
          </section>
          <section aria-labelledby="happenings-title">
            <h3 id="happenings-title">What happened</h3>
            <Happenings />
          </section>
        </>
      )}
    </>
  );
}

function Shards({ name, shards }: { name: string; shards: readonly ShardStatistics[] }) {
  const history = useStore(samples);
  return (
    <section aria-labelledby="shards-title">
      <h3 id="shards-title">Stream {name}</h3>
      <Table
        caption={countOf(shards.length, 'shard')}
        rows={shards}
        keyOf={({ shardId }) => shardId}
        columns={[
          { title: 'Shard', header: true, cell: ({ shardId }) => <ShardName id={shardId} /> },
          { title: 'State', cell: stateOf },
          { title: 'Records/s', number: true, cell: ({ shardId }) => rateOf(shardId, history) },
          { title: 'Held', number: true, cell: ({ records }) => (records === undefined ? '–' : formatCount(records)) },
          { title: 'Memory', number: true, cell: ({ bytes }) => (bytes === undefined ? '–' : formatBytes(bytes)) },
        ]}
      />
    </section>
  );
}

function stateOf({ state, parentShardIds }: ShardStatistics): string {
  const parents = parentShardIds.length > 0 ? `child of ${parentShardIds.map(shortShard).join(' and ')}` : '';
  return [state, parents].filter((text) => text !== undefined && text !== '').join(', ') || '–';
}

/** Over about three seconds. */
function rateOf(shardId: string, history: readonly Sample[]): string {
  const last = history.at(-1);
  const before = history.findLast(({ at }) => last !== undefined && at <= last.at - 3_000) ?? history[0];
  const put = last?.recordsPut.get(shardId);
  if (last === undefined || before === undefined || put === undefined) return '–';
  if (before.at === last.at) return '0';
  return formatShort(Math.round((10_000 * (put - (before.recordsPut.get(shardId) ?? 0))) / (last.at - before.at)) / 10);
}

function Consumer({ mapping }: { mapping: MappingState }) {
  const { name, settings, oldestRecordAgeMillis, givenUpRecords, shards } = mapping;
  const behind = shards.reduce((sum, { recordsBehind }) => sum + (recordsBehind ?? 0), 0);
  const age = settings.maximumRecordAgeInSeconds;
  return (
    <section class="consumer" aria-label={name} data-mapping={name}>
      <h4>{name}</h4>
      <dl class="numbers">
        <Figure
          name="Iterator age"
          value={formatAge(oldestRecordAgeMillis)}
          data={oldestRecordAgeMillis}
          alarm={(oldestRecordAgeMillis ?? 0) > 60_000}
        />
        <Figure name="Behind" value={formatCount(behind)} data={behind} />
        <Figure name="Records done" value={formatCount(mapping.records)} />
        <Figure name="Invocations" value={formatCount(mapping.invocations)} />
        <Figure name="Failed" value={formatCount(mapping.errors)} />
        {mapping.throttles > 0 && <Figure name="Not run (throttled)" value={formatCount(mapping.throttles)} />}
        <Figure name="Retries" value={formatCount(mapping.retries)} />
        <Figure name="Bisections" value={formatCount(mapping.bisections)} />
        <Figure name="Given up" value={formatCount(givenUpRecords)} alarm={givenUpRecords > 0} />
        {mapping.trimmedRecords > 0 && (
          <Figure name="Expired unread" value={formatCount(mapping.trimmedRecords)} alarm />
        )}
        {mapping.trimmedInRetryRecords > 0 && (
          <Figure name="Expired while retried" value={formatCount(mapping.trimmedInRetryRecords)} alarm />
        )}
        {mapping.readFailures > 0 && <Figure name="Failed reads" value={formatCount(mapping.readFailures)} />}
        {mapping.expiredShards > 0 && (
          <Figure name="Shards expired unread" value={formatCount(mapping.expiredShards)} alarm />
        )}
      </dl>
      {givenUpRecords > 0 && (
        <p>
          <a href={formatRoute('archive', { of: 'failures' })}>The failure destination holds what was given up</a>,
          whole.
        </p>
      )}
      <Table
        caption={`${name} by shard`}
        rows={shards}
        keyOf={({ shardId }) => shardId}
        columns={[
          {
            title: 'Shard',
            header: true,
            cell: ({ shardId, finished }) => (
              <>
                <ShardName id={shardId} />
                {finished ? ', read to its end' : ''}
              </>
            ),
          },
          {
            title: 'Checkpoint',
            cell: ({ checkpoint }) =>
              checkpoint === undefined ? 'at the start' : <SequenceNumber number={checkpoint} />,
          },
          {
            title: 'Behind',
            number: true,
            cell: ({ recordsBehind }) => (recordsBehind === null ? '–' : formatCount(recordsBehind)),
          },
          { title: 'Age', number: true, cell: (shard) => formatAge(shard.oldestRecordAgeMillis) },
          { title: 'In flight', number: true, cell: (shard) => formatCount(sumOf(shard, (lane) => lane.inFlight)) },
          { title: 'Open batch', cell: openBatch },
          { title: 'Last batch', cell: lastBatch },
        ]}
      />
      <p class="hint">
        Batches of at most {formatCount(settings.batchSize)} records or {settings.maximumBatchingWindowInSeconds} s;{' '}
        {settings.maximumRetryAttempts === -1
          ? 'retried without limit'
          : `retried ${countOf(settings.maximumRetryAttempts, 'time')}`}
        {age === -1 ? '' : `, until ${formatDuration(age * 1_000)} old`};{' '}
        {settings.bisectBatchOnFunctionError ? 'split in two on an error' : 'not split on an error'}.
      </p>
    </section>
  );
}

function Figure({
  name,
  value,
  data,
  alarm = false,
}: {
  name: string;
  value: string;
  data?: number | null;
  alarm?: boolean;
}) {
  return (
    <div class={alarm ? 'alarm' : undefined}>
      <dt>{name}</dt>
      <dd data-number={name} data-value={data ?? undefined}>
        {alarm ? '! ' : ''}
        {value}
      </dd>
    </div>
  );
}

function formatAge(millis: number | null): string {
  return millis === null ? 'Cannot tell' : formatDuration(millis);
}

function sumOf({ lanes }: ShardProgress, of: (lane: ShardProgress['lanes'][number]) => number): number {
  return lanes.reduce((sum, lane) => sum + of(lane), 0);
}

/** The batch that is being worked off, as retries and bisection have cut it. */
function openBatch({ lanes }: ShardProgress): string {
  const pieces = lanes.flatMap((lane) => lane.pieces);
  if (pieces.length === 0) return '–';
  const tries = Math.max(...pieces.map(({ attempts }) => attempts.failures + attempts.refusals));
  const sizes = pieces
    .slice(0, 8)
    .map(({ count }) => formatCount(count))
    .join(' + ');
  return `${sizes}${pieces.length > 8 ? ' + …' : ''}${tries > 0 ? `, failed ${countOf(tries, 'time')}` : ''}`;
}

function lastBatch({ lastInvocation }: ShardProgress): string {
  if (lastInvocation === undefined) return 'none yet';
  const { records, durationMillis, decision } = lastInvocation;
  const outcome = { advance: 'done', retry: 'to be retried', bisect: 'split', 'give-up': 'given up' }[decision.type];
  return `${countOf(records, 'record')}, ${formatDuration(durationMillis)}, ${outcome}`;
}
