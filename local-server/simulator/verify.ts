import { keyDate } from '../../core/archive-key.ts';
import { pipeline } from '../../core/pipeline.ts';
import type { EpochMillis } from '../../core/ports.ts';
import { readArchive } from './archive-reader.ts';
import { SimulationFailed } from './errors.ts';
import { get, type ServerAddress } from './http-client.ts';
import type { Ledger } from './ledger.ts';
import { OrderCheck } from './order-check.ts';
import { readStamps } from './payload.ts';
import type { Timer } from './timer.ts';

export interface Verification {
  /** What the consumers had not read when the time was up; empty when they had caught up. */
  readonly behind: readonly string[];
  /** Accepted and found in the archive. */
  readonly archived: number;
  /** Accepted and not found: how many, and the first of them as positions in the plan. */
  readonly lost: { readonly count: number; readonly first: readonly number[] };
  /** Archived without our knowing, since the answer never came through (a retry after a broken connection). */
  readonly unannounced: number;
  /** Lines that were archived more than once, in objects that overlap; dropped by shard and sequence number, as every reader does. */
  readonly repeats: number;
  /** Readings that are in the archive again under another sequence number, beyond the duplicates sent on purpose. */
  readonly duplicates: number;
  /** Readings that stand behind a later one of their device. */
  readonly outOfOrder: number;
}

export interface VerifyOptions {
  readonly server: ServerAddress;
  readonly run: string;
  readonly ledger: Ledger;
  /** When the run was sending. */
  readonly from: EpochMillis;
  readonly to: EpochMillis;
  /** How many duplicates that were sent on purpose were accepted. */
  readonly intendedDuplicates: number;
  readonly timer: Timer;
  /** How long to wait for the consumers. */
  readonly timeLimitMillis: number;
  /** Told what is waited for. */
  readonly onWaiting: (behind: readonly string[]) => void;
}

const POLL_MILLIS = 250;
/** Reading the archive back costs more than asking where the consumers are. */
const ARCHIVE_POLL_MILLIS = 2_000;
const never = new AbortController().signal;
const SHOWN = 10;
/** A server's clock may differ by this from ours. */
const SKEW_MILLIS = 5 * 60 * 1_000;
const DAY_MILLIS = 24 * 60 * 60 * 1_000;

/** Waits until every consumer has caught up, then looks for every accepted record in the archive. */
export async function verify(options: VerifyOptions): Promise<Verification> {
  const { timer, timeLimitMillis, onWaiting, ledger } = options;
  const end = timer.now() + timeLimitMillis;
  for (;;) {
    const { behind, certain } = await catchUp(options, end);
    const found = await lookThrough(options);
    const missing = found.lost.count;
    // Where the consumers cannot tell how far they are, what is missing may still come.
    if (missing === 0 || certain || timer.now() >= end) return { behind, ...found };
    onWaiting([`${missing} accepted records are not in the archive yet`]);
    await timer.sleep(ARCHIVE_POLL_MILLIS, never);
    ledger.forgetFindings();
  }
}

async function lookThrough(options: VerifyOptions): Promise<Omit<Verification, 'behind'>> {
  const { server, run, ledger } = options;
  const order = new OrderCheck();
  let repeats = 0;
  for await (const line of readArchive(server, arrivalDates(options), (first, last) => ledger.mayHold(first, last))) {
    const stamps = readStamps(line.data);
    const n = stamps?.run === run ? stamps.n : undefined;
    const finding = ledger.find(line.shardId, line.sequenceNumber, n !== undefined);
    if (finding === 'again') repeats++;
    else if (finding === 'first' && n !== undefined) order.add(line.partitionKey, n);
  }
  const { archived, unannounced, lost } = ledger.balance();
  return {
    archived,
    unannounced,
    lost: { count: lost.length, first: lost.slice(0, SHOWN) },
    repeats,
    duplicates: Math.max(0, order.repeated - options.intendedDuplicates),
    outOfOrder: order.outOfOrder,
  };
}

async function catchUp({ server, timer, onWaiting }: VerifyOptions, end: EpochMillis): Promise<Standing> {
  for (;;) {
    const standing = await standingOf(server);
    if (standing.behind.length === 0 || timer.now() >= end) return standing;
    onWaiting(standing.behind);
    await timer.sleep(POLL_MILLIS, never);
  }
}

/** What `GET /pipeline` says of each mapping; whatever else it says is its own affair. */
interface PipelineState {
  readonly mappings?: readonly {
    readonly name: string;
    readonly shards: readonly { readonly shardId: string; readonly recordsBehind: number | null }[];
  }[];
}

interface Standing {
  /** One line per mapping and shard that has records to read. */
  readonly behind: readonly string[];
  /** Every consumer knows how many records it has to read. Those of a deployed stack are not asked, and Kinesis does not count. */
  readonly certain: boolean;
}

async function standingOf(server: ServerAddress): Promise<Standing> {
  const { mappings } = (await (await get(server, '/pipeline')).json()) as PipelineState;
  if (mappings === undefined) throw new SimulationFailed(`GET /pipeline: the answer has no "mappings"`);
  const shards = mappings.flatMap(({ name, shards: of }) => of.map((shard) => ({ name, ...shard })));
  return {
    behind: shards
      .filter(({ recordsBehind }) => recordsBehind !== null && recordsBehind !== 0)
      .map(({ name, recordsBehind, shardId }) => `${name} is ${recordsBehind} records behind in ${shardId}`),
    certain: mappings.length > 0 && shards.every(({ recordsBehind }) => recordsBehind !== null),
  };
}

/**
 * An object is filed under the day on which its first record arrived, and a batch may begin with a record as old as the
 * consumer lets records get.
 */
function arrivalDates({ from, to }: VerifyOptions): readonly string[] {
  const oldest = pipeline.archiveEvents.mapping.maximumRecordAgeInSeconds * 1_000;
  const first = Date.parse(keyDate(from - Math.max(oldest, SKEW_MILLIS)));
  const dates: string[] = [];
  for (let day = first; day <= to + SKEW_MILLIS; day += DAY_MILLIS) dates.push(keyDate(day));
  return dates;
}
