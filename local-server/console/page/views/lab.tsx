/** Make things fail on purpose, and watch what the pipeline does about it. Faults and rules come from the lab's catalogue. */
import { useEffect, useState } from 'preact/hooks';
import { pathOf, request, sendJson } from '../api.ts';
import { BisectionTrees } from '../components/bisection-tree.tsx';
import { Choice, Field, Form, Outcome, type Values } from '../components/field.tsx';
import { Happenings } from '../components/happenings.tsx';
import { IteratorAges, usePipeline } from '../components/iterator-ages.tsx';
import { Empty, Failure, isUnavailable, Unavailable } from '../components/notice.tsx';
import { Time } from '../components/time.tsx';
import { countOf, formatDuration, shortShard } from '../format.ts';
import { useAnswer, useServerNow, useSubmission } from '../hooks.ts';
import { activeFaults, clockOffset } from '../state.ts';
import { useStore } from '../store.ts';
import type { ActiveFault, CatalogueEntry, ClockState, FaultCatalogue, FaultList, ShardStatistics } from '../wire.ts';

const faultsPath = '/lab/faults';

export function Lab() {
  const { value, error } = useAnswer('faults', (signal) => request<FaultCatalogue>(faultsPath, { signal }));
  useEffect(() => {
    if (value !== undefined) activeFaults.set(value.faults);
  }, [value]);
  if (isUnavailable(error)) {
    return (
      <section>
        <Unavailable what="The failure lab" error={error} />
      </section>
    );
  }
  return (
    <>
      <Failure error={error} />
      <div class="lab">
        <div class="column">
          <Active />
          <Inject catalogue={value?.catalogue ?? []} />
        </div>
        <div class="column">
          <Watch />
          <Split />
          <Merge />
          <Clock />
        </div>
      </div>
    </>
  );
}

function Active() {
  const faults = useStore(activeFaults);
  const submission = useSubmission();
  const remove = (path: string) => () =>
    submission.run(async () => {
      activeFaults.set((await request<FaultList>(path, { method: 'DELETE' })).faults);
      return 'Removed.';
    });
  return (
    <section aria-labelledby="active-title">
      <h3 id="active-title">At work now</h3>
      {faults.length === 0 ? (
        <Empty>No fault is at work: the pipeline runs as it should. Inject one below.</Empty>
      ) : (
        <>
          <ul class="active-faults">
            {faults.map((fault) => (
              <li key={fault.id}>
                <span>
                  <strong>
                    {fault.target}: {fault.fault}
                  </strong>
                  {remainderOf(fault)}
                </span>
                <button
                  type="button"
                  class="small"
                  aria-label={`Remove ${fault.target}: ${fault.fault}`}
                  onClick={remove(faultsPath + pathOf(fault.id))}
                >
                  Remove
                </button>
              </li>
            ))}
          </ul>
          <button type="button" class="secondary" onClick={remove(faultsPath)}>
            Remove all
          </button>
        </>
      )}
      <Outcome submission={submission} />
    </section>
  );
}

function remainderOf({
  struck,
  remaining,
  secondsLeft,
  endsAt,
  delayMillis,
  fault,
  function: of,
}: ActiveFault): string {
  const end =
    secondsLeft ?? (endsAt === undefined ? undefined : (Date.parse(endsAt) - Date.now() - clockOffset.value) / 1_000);
  return [
    of === undefined ? undefined : ` for ${of}`,
    fault === 'slow' && delayMillis !== undefined ? ` by ${formatDuration(delayMillis)}` : undefined,
    struck === undefined ? undefined : `, struck ${countOf(struck, 'time')}`,
    remaining === undefined ? undefined : `, ${remaining} to go`,
    end === undefined ? undefined : `, ends in ${formatDuration(Math.max(0, end) * 1_000)}`,
  ].join('');
}

const limits = [
  ['seconds', 'seconds'],
  ['count', 'times'],
  ['', 'until removed'],
] as const;

function Inject({ catalogue }: { catalogue: readonly CatalogueEntry[] }) {
  const submission = useSubmission();
  const [limit, setLimit] = useState<string>('seconds');
  const [chosen, setChosen] = useState('');
  const inject = (values: Values) => {
    const which = values('which');
    const [target = '', fault = ''] = which.split(' ');
    setChosen(which);
    const amount = Number(values('amount'));
    submission.run(async () => {
      await sendJson('POST', faultsPath, {
        target,
        fault,
        ...(limit !== '' && { [limit]: amount }),
        ...(fault === 'slow' && { delayMillis: Number(values('delaySeconds')) * 1_000 }),
        ...(fault === 'poison' && { function: values('function') }),
      });
      activeFaults.set((await request<FaultList>(faultsPath)).faults);
      return `${target}: ${fault} is at work.`;
    });
  };
  const fields = submission.error?.fields ?? {};
  return (
    <section aria-labelledby="inject-title">
      <h3 id="inject-title">Inject a fault</h3>
      <Form label="Inject a fault" onSubmit={inject}>
        <Choice label="How long" name="limit" value={limit} options={limits} onChange={setLimit} />
        {limit !== '' && (
          <Field
            label={limit === 'seconds' ? 'Seconds' : 'Times'}
            name="amount"
            type="number"
            min={1}
            value={limit === 'seconds' ? 20 : 3}
            error={fields.seconds ?? fields.count}
          />
        )}
        <Field
          label="Slow by, seconds"
          name="delaySeconds"
          type="number"
          min={0}
          step="any"
          value={2}
          error={fields.delayMillis}
        />
        <Choice label="Poison for" name="function" value="store-readings" options={consumersOf(catalogue)} />
        <ul class="catalogue">
          {catalogue.map(({ target, fault, does, rule, source }) => (
            <li key={target + fault}>
              <h4>
                {target}: {fault}
              </h4>
              <p>{does}</p>
              <p class="hint">
                {rule}{' '}
                <a
                  href={source}
                  rel="noreferrer"
                  target="_blank"
                  aria-label={`AWS documentation on ${target}: ${fault}`}
                >
                  AWS documentation
                </a>
              </p>
              <button
                name="which"
                value={`${target} ${fault}`}
                class="small"
                disabled={submission.busy}
                aria-label={`Inject ${target}: ${fault}`}
              >
                Inject
              </button>
              {chosen === `${target} ${fault}` && <Outcome submission={submission} />}
            </li>
          ))}
        </ul>
      </Form>
    </section>
  );
}

/** The functions: what can crash. */
function consumersOf(catalogue: readonly CatalogueEntry[]): readonly (readonly [string, string])[] {
  return catalogue.filter(({ fault }) => fault === 'crash').map(({ target }) => [target, target]);
}

function Watch() {
  return (
    <section aria-labelledby="watch-title">
      <h3 id="watch-title">What happens</h3>
      <IteratorAges />
      <h4>Batches that failed</h4>
      <BisectionTrees />
      <h4>One after the other</h4>
      <Happenings />
    </section>
  );
}

function Split() {
  const state = usePipeline();
  const submission = useSubmission();
  const open = state?.stream.shards.filter((shard) => shard.state === 'open') ?? [];
  const split = (values: Values) => {
    const shardId = values('shard');
    submission.run(async () => {
      const { shards } = await request<{ shards: readonly { readonly shardId: string }[] }>(
        `${pathOf('lab', 'shards', shardId)}/split`,
        { method: 'POST' },
      );
      const children = shards.map((shard) => shortShard(shard.shardId)).join(' and ');
      return `${shortShard(shardId)} is closed; its keys go on in ${children}. Consumers read it to its end first.`;
    });
  };
  return (
    <section aria-labelledby="split-title">
      <h3 id="split-title">Split a shard</h3>
      <Form label="Split a shard" onSubmit={split}>
        <Choice label="Shard" name="shard" options={open.map(({ shardId }) => [shardId, shortShard(shardId)])} />
        <button disabled={submission.busy}>Split</button>
      </Form>
      <p class="hint">
        Records of a parent come before those of its children, so that order holds per partition key.{' '}
        <a href="https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html" rel="noreferrer" target="_blank">
          AWS documentation
        </a>
      </p>
      <Outcome submission={submission} />
    </section>
  );
}

function Merge() {
  const state = usePipeline();
  const submission = useSubmission();
  const pairs = neighbours(state?.stream.shards ?? []);
  const merge = (values: Values) => {
    const [shardId = '', adjacentShardId = ''] = values('shards').split(' ');
    submission.run(async () => {
      const { shard } = await sendJson<{ shard: { readonly shardId: string } }>(
        'POST',
        `${pathOf('lab', 'shards', shardId)}/merge`,
        { adjacentShardId },
      );
      const parents = `${shortShard(shardId)} and ${shortShard(adjacentShardId)}`;
      return `${parents} are closed; their keys go on in ${shortShard(shard.shardId)}. Consumers read both to their end first.`;
    });
  };
  return (
    <section aria-labelledby="merge-title">
      <h3 id="merge-title">Merge two shards</h3>
      <Form label="Merge two shards" onSubmit={merge}>
        <Choice
          label="Shards"
          name="shards"
          options={pairs.map(([left, right]) => [`${left} ${right}`, `${shortShard(left)} and ${shortShard(right)}`])}
        />
        <button disabled={submission.busy || pairs.length === 0}>Merge</button>
      </Form>
      <Outcome submission={submission} />
    </section>
  );
}

/** Open shards whose hash keys are next to each other. */
function neighbours(shards: readonly ShardStatistics[]): (readonly [string, string])[] {
  const open = shards
    .filter(({ state }) => state === 'open')
    .toSorted((a, b) => (BigInt(a.startingHashKey) < BigInt(b.startingHashKey) ? -1 : 1));
  return open.slice(1).map((shard, index) => [open[index]?.shardId ?? '', shard.shardId]);
}

const DAY = 86_400_000;

function Clock() {
  const now = useServerNow();
  const offset = useStore(clockOffset);
  const submission = useSubmission();
  const untilMidnight = Math.ceil((DAY - (now % DAY)) / 1_000);
  const advance = (advanceSeconds: number) => () =>
    submission.run(async () => {
      const { offsetMillis } = await sendJson<ClockState>('POST', '/lab/clock', { advanceSeconds });
      clockOffset.set(offsetMillis);
      return `Moved forward by ${formatDuration(advanceSeconds * 1_000)}.`;
    });
  return (
    <section aria-labelledby="clock-title">
      <h3 id="clock-title">Clock</h3>
      <p>
        The server takes it to be <Time at={Math.floor(now / 1_000) * 1_000} />
        {offset > 0 && `, ${formatDuration(offset)} ahead of this machine`}. It can only be moved forward.
      </p>
      <div class="buttons">
        <button type="button" class="small" disabled={submission.busy} onClick={advance(60)}>
          + 1 minute
        </button>
        <button type="button" class="small" disabled={submission.busy} onClick={advance(3_600)}>
          + 1 hour
        </button>
        <button type="button" class="small" disabled={submission.busy} onClick={advance(6 * 3_600)}>
          + 6 hours: old records are given up
        </button>
        <button type="button" class="small" disabled={submission.busy} onClick={advance(untilMidnight)}>
          To midnight, UTC: a new day in the archive
        </button>
      </div>
      <Outcome submission={submission} />
    </section>
  );
}
