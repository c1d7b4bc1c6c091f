/**
 * The score of the current run, or of the last one. It is read back from what the archive, the table, the quarantine and
 * the failure destination hold, so that it shows a loss wherever one happens; from the fleet come only the records that
 * the server accepted. Nothing is read but while a run is on or when someone asks.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { keyDate, parseArchiveKey } from '../../core/archive-key.ts';
import { parseArchiveLine } from '../../core/archive-line.ts';
import { pipeline } from '../../core/pipeline.ts';
import type { Clock, Compression, EventArchive, Quarantine, SensorDataTable } from '../../core/ports.ts';
import { formatQuarantineKey } from '../../core/quarantine-key.ts';
import { placeOf } from '../../core/reading-key.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import { fromKinesisEvent } from '../../handlers/kinesis-records.ts';
import type { EventSourceMapping } from '../delivery/event-source-mapping.ts';
import type { PlannedPayload } from '../simulator/payload.ts';
import type { Outcome } from '../simulator/senders/sender.ts';
import type { KindCounts } from '../simulator/tally.ts';
import type { Latency } from './latency.ts';
import { type AwaitedReading, type Balance, RunAccount } from './run-account.ts';

export interface Score extends Balance {
  /** Null before the first run. */
  readonly run: string | null;
  readonly startedAt: string | null;
  readonly sent: number;
  /** Turned down at the door, with the reason. */
  readonly refused: number;
  readonly latencyMillis: { readonly p50: number; readonly p99: number } | null;
}

export interface ScoreboardOptions {
  readonly eventArchive: EventArchive;
  readonly failureArchive: EventArchive;
  readonly sensorDataTable: SensorDataTable;
  readonly quarantine: Quarantine;
  readonly compression: Compression;
  readonly clock: Clock;
  /** The consumers, if they run here: those of a deployed stack cannot be asked how far they are. */
  readonly mappings: readonly Pick<EventSourceMapping, 'isDone'>[];
  readonly latency: Latency;
}

const PAGE = 1_000;
/** How long a look may read new objects. A fleet that is faster is counted later: what was not read is pending. */
const BUDGET_MILLIS = 400;
const TURN_MILLIS = 15;
/** Readings of a sensor that lie closer together are looked up in one query. */
const GAP_MILLIS = 60_000;
/** A batch may begin with a record as old as this, and is filed under its day. */
const OLDEST_MILLIS = Math.max(pipeline.archiveEvents.mapping.maximumRecordAgeInSeconds, 24 * 60 * 60) * 1_000;
const noRun: Score = {
  run: null,
  startedAt: null,
  sent: 0,
  accepted: 0,
  refused: 0,
  archived: 0,
  stored: 0,
  quarantined: 0,
  pending: 0,
  givenUp: 0,
  lost: 0,
  missingInTable: 0,
  duplicatesDropped: 0,
  repeatsInArchive: 0,
  outOfOrder: 0,
  latencyMillis: null,
};

/** How much of what the stores hold has been looked at. */
type Seen = 'all' | 'in part' | 'something is gone';

/** A run, and what its fleet says of it. */
interface Run {
  readonly account: RunAccount;
  readonly counts: () => Pick<KindCounts, 'sent' | 'refused'>;
}

export class Scoreboard {
  readonly #options: ScoreboardOptions;
  #run: Run | undefined;
  /** What was not found and then looked for once more, everywhere. */
  #confirmed = 0;
  /** What had to be there at the last whole look. */
  #overdue: ReadonlySet<string> = new Set();
  #reading: Promise<Score> | undefined;

  constructor(options: ScoreboardOptions) {
    this.#options = options;
  }

  /** @param counts What the fleet has sent so far, and what was refused of it. */
  begin(name: string, counts: Run['counts']): void {
    const { latency, clock } = this.#options;
    latency.begin();
    this.#run = { account: new RunAccount(name, clock.now(), latency), counts };
    this.#confirmed = 0;
    this.#overdue = new Set();
    this.#reading = undefined;
  }

  /** What the server answered. */
  answered(payload: PlannedPayload, outcome: Outcome): void {
    if (outcome.accepted) this.#run?.account.accept(outcome, payload.index);
  }

  /** The score as the stores have it now. Who asks while it is being read gets what is being read. */
  read(): Promise<Score> {
    if (this.#run === undefined) return Promise.resolve(noRun);
    if (this.#reading !== undefined) return this.#reading;
    const reading = this.#score(this.#run).finally(() => {
      if (this.#reading === reading) this.#reading = undefined;
    });
    this.#reading = reading;
    return reading;
  }

  async #score({ account, counts }: Run): Promise<Score> {
    const balance = await this.#look(account);
    const { sent, refused } = counts();
    return {
      run: account.run,
      startedAt: formatTimestamp(account.startedAt),
      sent,
      refused,
      ...balance,
      latencyMillis: this.#options.latency.percentiles() ?? null,
    };
  }

  async #look(account: RunAccount): Promise<Balance> {
    const { mappings } = this.#options;
    // Taken before the stores are read: what a consumer is done with by now must be there.
    const overdue = account.overdue((id) => mappings.length > 0 && mappings.every((mapping) => mapping.isDone(id)));
    const seen = await this.#readStores(account, BUDGET_MILLIS);
    if (seen === 'in part') return account.balance(this.#overdue);
    this.#overdue = overdue;
    const balance = account.balance(overdue);
    if (seen === 'all' && balance.lost + balance.missingInTable === this.#confirmed) return balance;

    // Before anything is called lost, everything is read again: an object may be gone, and one that was read may have
    // held a record whose sender had not yet heard that it was accepted. And where something is back, in its place.
    account.forgetFindings();
    await this.#readStores(account, Infinity);
    const checked = account.balance(overdue);
    this.#confirmed = checked.lost + checked.missingInTable;
    return checked;
  }

  async #readStores(account: RunAccount, budgetMillis: number): Promise<Seen> {
    const turns = new Turns();
    const seen = await this.#readArchive(account, turns, budgetMillis);
    await this.#readFailures(account, turns);
    await this.#lookUpReadings(account, turns);
    await this.#lookUpRefusals(account);
    return seen;
  }

  /** Keys of another shard may sort before those that were read already: all are listed, and the new ones are read. */
  async #readArchive(account: RunAccount, turns: Turns, budgetMillis: number): Promise<Seen> {
    const { eventArchive, compression } = this.#options;
    const { archiveKeys } = account.findings;
    const fresh: string[] = [];
    let stillThere = 0;
    for await (const key of listKeys(eventArchive, { after: keyDate(account.startedAt - OLDEST_MILLIS) })) {
      const bounds = parseArchiveKey(key);
      if (archiveKeys.has(key)) stillThere++;
      else if (bounds !== undefined && account.mayHold(bounds.first, bounds.last)) fresh.push(key);
    }
    if (stillThere < archiveKeys.size) return 'something is gone';

    const end = performance.now() + budgetMillis;
    for (const key of fresh) {
      if (performance.now() > end) return 'in part';
      const body = await eventArchive.get(key);
      if (body === undefined) continue;
      archiveKeys.add(key);
      for (const line of Buffer.from(await compression.decompress(body))
        .toString()
        .split('\n')) {
        if (line !== '') account.foundInArchive(parseArchiveLine(line));
        await turns.next();
      }
    }
    return 'all';
  }

  async #readFailures(account: RunAccount, turns: Turns): Promise<void> {
    const { failureArchive } = this.#options;
    const { failureKeys } = account.findings;
    const started = formatTimestamp(account.startedAt).slice(0, 19).replaceAll(':', '.');
    for await (const key of listKeys(failureArchive, { prefix: 'aws/lambda/' })) {
      // The last part of a key is the second in which the records were given up.
      if (failureKeys.has(key) || key.slice(key.lastIndexOf('/') + 1) < started) continue;
      const body = await failureArchive.get(key);
      if (body === undefined) continue;
      failureKeys.add(key);
      const { payload } = JSON.parse(Buffer.from(body).toString()) as { readonly payload: string };
      const event = JSON.parse(payload) as Parameters<typeof fromKinesisEvent>[0];
      for (const record of fromKinesisEvent(event)) account.foundInFailures(record);
      await turns.next();
    }
  }

  async #lookUpReadings(account: RunAccount, turns: Turns): Promise<void> {
    for (const run of runsOf([...account.findings.awaitedReadings.values()])) {
      const byPlace = groupBy(run.readings, placeOf);
      let after: string | undefined;
      for (let more = true; more;) {
        const page = await this.#options.sensorDataTable.query({
          sensorId: run.sensorId,
          from: run.from,
          to: run.to,
          order: 'asc',
          limit: PAGE,
          ...(after !== undefined && { after }),
        });
        for (const held of page.readings) account.foundInTable(byPlace.get(placeOf(held)) ?? [], held);
        const last = page.readings.at(-1);
        after = last === undefined ? undefined : placeOf(last);
        more = page.more && after !== undefined;
        await turns.next();
      }
    }
  }

  async #lookUpRefusals(account: RunAccount): Promise<void> {
    const { awaitedRefusals } = account.findings;
    const awaited = [...awaitedRefusals.keys()].sort();
    const [first] = awaited;
    const last = awaited.at(-1);
    // A key without its end sorts right before it.
    let after = first?.slice(0, -1);
    while (after !== undefined && last !== undefined && after < last) {
      const { records } = await this.#options.quarantine.list({ after, limit: PAGE });
      const keys = records.map(({ record, copy }) => formatQuarantineKey(record, copy));
      for (const key of keys) account.foundInQuarantine(key);
      after = keys.at(-1);
    }
  }
}

async function* listKeys(
  archive: EventArchive,
  range: { readonly prefix?: string; readonly after?: string },
): AsyncGenerator<string> {
  let { after } = range;
  for (let more = true; more;) {
    const page = await archive.list({ ...range, ...(after !== undefined && { after }), limit: PAGE });
    for (const { key } of page.objects) yield key;
    after = page.objects.at(-1)?.key;
    more = page.more && after !== undefined;
  }
}

/** Readings of one sensor whose timestamps lie close together, each with its bounds: one query finds them. */
function* runsOf(awaited: readonly AwaitedReading[]) {
  for (const [sensorId, readings] of groupBy(awaited, (reading) => reading.sensorId)) {
    const inOrder = readings.sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
    let start = 0;
    for (let end = 1; end <= inOrder.length; end++) {
      const previous = inOrder[end - 1]?.timestamp ?? '';
      const next = inOrder[end]?.timestamp;
      if (next !== undefined && Date.parse(next) - Date.parse(previous) <= GAP_MILLIS) continue;
      const run = inOrder.slice(start, end);
      yield { sensorId, readings: run, from: run[0]?.timestamp ?? previous, to: previous };
      start = end;
    }
  }
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** Gives everybody else their turn now and then: long work must not hold up the pipeline that it looks at. */
class Turns {
  #since = performance.now();

  async next(): Promise<void> {
    if (performance.now() - this.#since < TURN_MILLIS) return;
    await nextTurn();
    this.#since = performance.now();
  }
}
