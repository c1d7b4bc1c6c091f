/** What the page knows of the running server, kept up to date by its events. */
import { request } from './api.ts';
import { type BatchTree, withGivenUp, withInvocation, withPipeline } from './bisection.ts';
import { Live } from './live.ts';
import { Store } from './store.ts';
import type {
  AccountSummary,
  ActiveFault,
  ClockState,
  FleetState,
  GaveUpEvent,
  InvocationEvent,
  PipelineState,
  Scoreboard,
} from './wire.ts';

export type Happening =
  | { readonly id: number; readonly type: 'invocation'; readonly event: InvocationEvent }
  | { readonly id: number; readonly type: 'gave-up'; readonly event: GaveUpEvent };

type HappeningContent = Happening extends infer Each ? (Each extends Happening ? Omit<Each, 'id'> : never) : never;

export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly ages: readonly { readonly name: string; readonly millis: number | null }[];
  /** Records put since the server started, by shard; without those of which that is not known. */
  readonly recordsPut: ReadonlyMap<string, number>;
}

const MAX_HAPPENINGS = 40;
const MAX_SAMPLES = 600;
const SAMPLE_MILLIS = 500;

export const live = new Live();
export const scoreboard = new Store<Scoreboard | undefined>(undefined);
/** Why the server did not say how the scoreboard stands, in words. */
export const scoreboardFailure = new Store<string | undefined>(undefined);
export const fleet = new Store<FleetState | undefined>(undefined);
export const pipeline = new Store<PipelineState | undefined>(undefined);
/** Why the server did not say how the pipeline is, in words. */
export const pipelineFailure = new Store<string | undefined>(undefined);
/** The account of the server before it was started again, as far as this page saw it. */
export const beforeRestart = new Store<AccountSummary | undefined>(undefined);
export const activeFaults = new Store<readonly ActiveFault[]>([]);
/** How far the server's virtual clock is ahead of the system's. */
export const clockOffset = new Store(0);
export const batchTrees = new Store<readonly BatchTree[]>([]);
/** What did not go smoothly, the latest first. */
export const happenings = new Store<readonly Happening[]>([]);

/** What the pipeline was like while this page watched it, oldest first. */
export const samples = new Store<readonly Sample[]>([]);

/** The server's time, as far as the page can tell. */
export function serverNow(): number {
  return Date.now() + clockOffset.value;
}

export function start(): void {
  live.on('scoreboard', keepScore);
  live.on('fleet', (state) => fleet.set(state));
  live.on('pipeline', (state) => {
    keepPipeline(state);
    batchTrees.set(withPipeline(batchTrees.value, state));
  });
  live.on('pipeline-unknown', ({ problem }) => pipelineFailure.set(problem));
  live.on('faults', ({ faults }) => activeFaults.set(faults));
  live.on('clock', ({ offsetMillis }) => clockOffset.set(offsetMillis));
  live.on('invocation', (event) => {
    batchTrees.set(withInvocation(batchTrees.value, event));
    if (event.decision.type !== 'advance') happened({ type: 'invocation', event });
  });
  live.on('gave-up', (event) => {
    batchTrees.set(withGivenUp(batchTrees.value, event));
    happened({ type: 'gave-up', event });
  });

  pipeline.subscribe(sample);

  let epoch = 0;
  live.connection.subscribe(() => {
    if (live.connection.value.epoch === epoch) return;
    epoch = live.connection.value.epoch;
    void refresh();
  });
  live.connect();
}

/** What was missed while there was no connection. Trees of batches from before would be guesses now. */
async function refresh(): Promise<void> {
  batchTrees.set([]);
  await Promise.allSettled([
    request<Scoreboard>('/scoreboard').then(keepScore, (error: unknown) => scoreboardFailure.set(messageOf(error))),
    request<PipelineState>('/pipeline').then(keepPipeline, (error: unknown) => pipelineFailure.set(messageOf(error))),
    request<ClockState>('/lab/clock').then(({ offsetMillis }) => clockOffset.set(offsetMillis)),
  ]);
}

function keepScore(state: Scoreboard): void {
  scoreboard.set(state);
  scoreboardFailure.set(undefined);
}

function keepPipeline(state: PipelineState): void {
  pipelineFailure.set(undefined);
  const before = pipeline.value?.account;
  if (before !== undefined && before.since !== state.account.since) {
    beforeRestart.set(before);
    // The server counts from 0 again: a rate across the restart would be negative.
    samples.set([]);
  }
  pipeline.set(state);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

let lastId = 0;

function happened(content: HappeningContent): void {
  lastId += 1;
  happenings.set([{ id: lastId, ...content }, ...happenings.value].slice(0, MAX_HAPPENINGS));
}

function sample(): void {
  const state = pipeline.value;
  const at = serverNow();
  const last = samples.value.at(-1)?.at ?? 0;
  if (state === undefined || at - last < SAMPLE_MILLIS) return;
  const ages = state.mappings.map(({ name, oldestRecordAgeMillis }) => ({ name, millis: oldestRecordAgeMillis }));
  const recordsPut = new Map(
    state.stream.shards.flatMap(({ shardId, recordsPut: put }) => (put === undefined ? [] : [[shardId, put] as const])),
  );
  samples.set([...samples.value, { at, ages, recordsPut }].slice(-MAX_SAMPLES));
}
