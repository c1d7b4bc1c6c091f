/**
 * Reads samples of what was accepted back from the stores, so that "all stored" does not rest on what the stores said alone. The
 * samples are kept at the doors, as the clients sent them. They are looked for where the consumers put them.
 *
 * The effort is bounded: at most `MOST_LOOKS` records, `MOST_OBJECTS` archive objects and 5 failure records a second.
 */
import type { Side } from '../../core/account/fate.ts';
import { type Due, type Miss, type Sample, Samples } from '../../core/account/samples.ts';
import type { EpochMillis, EventArchive, StreamRecord } from '../../core/ports.ts';
import type { StoreOutcome } from '../../core/store-readings.ts';
import { type FailureRecordPut, FailureRecords } from './failure-records.ts';
import { type LookedUpStores, lookInArchive, lookInStore, type StorePlace } from './look-up.ts';

const EVERY_MILLIS = 1_000;
const SECOND_LOOK_MILLIS = 2_000;
const PATIENCE_MILLIS = 60_000;
const MOST_SAMPLES = 100;
const MOST_OF_A_PUT = 5;
const MOST_LOOKS = 20;
const MOST_OBJECTS = 3;

/** Where the consumers put a record. */
interface Places extends Readonly<Record<Side, object>> {
  readonly archive: { readonly key: string; readonly arrivedAt: EpochMillis };
  readonly store: StorePlace & { readonly arrivedAt: EpochMillis };
}

export interface ReadBackOptions extends LookedUpStores {
  readonly failures: Pick<EventArchive, 'get'>;
  /** How often stores are looked into; 1,000 unless given. */
  readonly everyMillis?: number;
  /** When something that was not found is looked at once more; 2,000 unless given. */
  readonly secondLookMillis?: number;
  /** Everything that arrived before was dropped to make room; undefined where nothing was. */
  readonly trimmedBefore: () => EpochMillis | undefined;
}

export class ReadBack {
  readonly #options: ReadBackOptions;
  readonly #samples: Samples<Places>;
  readonly #failureRecords: FailureRecords;
  #onChange: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #problem: string | undefined;

  constructor(options: ReadBackOptions) {
    this.#options = options;
    const { secondLookMillis = SECOND_LOOK_MILLIS } = options;
    this.#samples = new Samples({
      ...{ monotonic: () => performance.now(), maxSamples: MOST_SAMPLES },
      ...{ secondLookMillis, patienceMillis: PATIENCE_MILLIS },
    });
    this.#failureRecords = new FailureRecords(secondLookMillis);
  }

  /** How many records were read back. */
  get looked(): number {
    return this.#samples.looked;
  }

  /** Why the last look could not see something; undefined where it saw all. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** @param listener Called after a look that found something else than the one before. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  misses(): readonly Miss[] {
    return this.#samples.misses();
  }

  missingFailures(): readonly FailureRecordPut[] {
    return this.#failureRecords.missing();
  }

  start(): void {
    this.#timer = setTimeout(() => {
      void this.look().then(() => {
        if (this.#timer !== undefined) this.start();
      });
    }, this.#options.everyMillis ?? EVERY_MILLIS).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** What a client was told of. */
  accepted(records: Iterable<Sample>): void {
    let left = MOST_OF_A_PUT;
    for (const record of records) {
      if (left === 0 || !this.#samples.add(record)) return;
      left -= 1;
    }
  }

  archived(records: readonly StreamRecord[], key: string): void {
    for (const record of this.#samples.among(records)) {
      this.#samples.placed('archive', record, { key, arrivedAt: record.arrivedAt });
    }
  }

  /** @param records Those of the batch that are safely kept. */
  stored(records: readonly StreamRecord[], outcome: Pick<StoreOutcome, 'stored' | 'quarantined'>): void {
    for (const record of this.#samples.among(records)) {
      const isOfRecord = ({ sequenceNumber }: { readonly sequenceNumber: string }) =>
        sequenceNumber === record.sequenceNumber;
      this.#samples.placed('store', record, {
        readings: outcome.stored.filter(isOfRecord),
        isQuarantined: outcome.quarantined.some(({ record: each }) => isOfRecord(each)),
        arrivedAt: record.arrivedAt,
      });
    }
  }

  /** What the failure destination took. */
  failed(put: FailureRecordPut): void {
    this.#failureRecords.add(put);
  }

  /** Records that the store of this consumer need not have. */
  leftOut(side: Side, records: readonly StreamRecord[]): void {
    for (const record of this.#samples.among(records)) this.#samples.placed(side, record, null);
  }

  /** Looks at what is due. Never rejects. */
  async look(): Promise<void> {
    const before = this.#notFound();
    const trimmedBefore = this.#options.trimmedBefore() ?? -Infinity;
    let problem: string | undefined;
    const ask = async <Result>(work: Promise<Result>): Promise<Result | undefined> => {
      try {
        return await work;
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
        return undefined;
      }
    };
    for (const [key, group] of [...byObject(this.#samples.due(MOST_LOOKS))].slice(0, MOST_OBJECTS)) {
      const samples = group.map(({ sample }) => sample);
      const findings = key === undefined ? undefined : await ask(lookInArchive(this.#options, key, samples));
      for (const { sample, places } of group) {
        const archive = findings?.get(sample);
        const store = places.store && (await ask(lookInStore(this.#options, sample, places.store)));
        const arrivedAt = (places.archive ?? places.store)?.arrivedAt ?? Infinity;
        // It may have been dropped since it was stored.
        if (arrivedAt <= trimmedBefore) this.#samples.forget(sample);
        else this.#samples.lookedAt(sample, { ...(archive && { archive }), ...(store && { store }) });
      }
    }
    await ask(this.#failureRecords.look(this.#options.failures, performance.now(), trimmedBefore));
    const isOther = problem !== this.#problem || this.#notFound() !== before;
    this.#problem = problem;
    if (isOther) this.#onChange();
  }

  #notFound(): number {
    return this.misses().length + this.missingFailures().length;
  }
}

function byObject(due: readonly Due<Places>[]): ReadonlyMap<string | undefined, readonly Due<Places>[]> {
  const groups = new Map<string | undefined, Due<Places>[]>();
  for (const each of due) {
    const key = each.places.archive?.key;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return groups;
}
