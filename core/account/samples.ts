/**
 * Accepted records of which some are looked up in the stores, so that "stored" is not only what the stores said. Which ones, when,
 * and what the answers mean; the looking is done by others. Memory is bounded in records and bytes.
 *
 * Nothing is called missing or different before it was looked at twice, as reads of a store may lag behind its writes. What was
 * not found is looked at again, and may be there then.
 */
import { compareSequenceNumbers } from '../sequence-number.ts';
import { type Side, sides } from './fate.ts';

/** A record as the client sent it. */
export interface Sample {
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: Uint8Array;
}

type Numbered = Pick<Sample, 'shardId' | 'sequenceNumber'>;

export type Finding = 'same' | 'differs' | 'missing';

/** What a look at the stores found; a side is absent where there was nothing to look for, or the store could not be asked. */
export type Look = Readonly<Partial<Record<Side, Finding>>>;

export interface SamplesOptions {
  /** Milliseconds since any moment, which never go back. */
  readonly monotonic: () => number;
  /** Most that are waiting to be looked at, or are known not to be found. */
  readonly maxSamples: number;
  /** Most bytes of all samples; 4 MiB unless given. */
  readonly maxBytes?: number;
  /** When something that was not found is looked at once more. */
  readonly secondLookMillis: number;
  /** A sample makes room for others where the consumers are not done with it after this. */
  readonly patienceMillis: number;
}

/** Something that a store should have and, looked at twice, does not. */
export interface Miss extends Pick<Sample, 'shardId' | 'sequenceNumber' | 'partitionKey'> {
  readonly side: Side;
  readonly finding: Exclude<Finding, 'same'>;
}

/** A sample that can be looked up now. A side without a place need not have it. */
export interface Due<Places> {
  readonly sample: Sample;
  readonly places: Readonly<Partial<Places>>;
}

interface Entry<Places extends Readonly<Record<Side, object>>> {
  readonly sample: Sample;
  readonly addedAt: number;
  /** Where a consumer put it; null where its store need not have it. */
  readonly places: { [Each in keyof Places]?: Places[Each] | null };
  readonly findings: Partial<Record<Side, Finding>>;
  /** How often in a row it was not found. */
  readonly misses: Record<Side, number>;
  dueAt: number;
}

/** @typeParam Places What it takes to look a record up, by side. */
export class Samples<Places extends Readonly<Record<Side, object>>> {
  readonly #options: Required<SamplesOptions>;
  readonly #entries = new Map<string, Entry<Places>>();
  #bytes = 0;
  #looked = 0;

  constructor(options: SamplesOptions) {
    this.#options = { maxBytes: 4 * 1_048_576, ...options };
  }

  /** How many records were looked at. */
  get looked(): number {
    return this.#looked;
  }

  /** Takes the sample if there is room. The bytes are copied. @returns whether there was. */
  add(sample: Sample): boolean {
    const { maxBytes, maxSamples, monotonic } = this.#options;
    const key = keyOf(sample);
    if (this.#entries.size >= maxSamples || this.#bytes + sample.data.length > maxBytes) return false;
    if (this.#entries.has(key)) return true;
    this.#bytes += sample.data.length;
    this.#entries.set(key, {
      sample: { ...sample, data: new Uint8Array(sample.data) },
      addedAt: monotonic(),
      places: {},
      findings: {},
      misses: { archive: 0, store: 0 },
      dueAt: -Infinity,
    });
    return true;
  }

  /** Those of the records that are samples. @param records Of one shard, in sequence order. */
  among<Record extends Numbered>(records: readonly Record[]): readonly Record[] {
    const [first] = records;
    const last = records.at(-1);
    if (first === undefined || last === undefined) return [];
    const isSample = Array.from(this.#entries.values()).some(
      ({ sample: { shardId, sequenceNumber } }) =>
        shardId === first.shardId &&
        compareSequenceNumbers(sequenceNumber, first.sequenceNumber) >= 0 &&
        compareSequenceNumbers(sequenceNumber, last.sequenceNumber) <= 0,
    );
    return isSample ? records.filter((record) => this.#entries.has(keyOf(record))) : [];
  }

  /** A consumer is done with a sample. @param place Null where its store need not have it: it was given up or left out. */
  placed<Each extends Side>(side: Each, record: Numbered, place: Places[Each] | null): void {
    const entry = this.#entries.get(keyOf(record));
    if (entry === undefined) return;
    entry.places[side] = place;
    if (sides.every((each) => entry.places[each] === null)) this.forget(record);
  }

  /** Samples to look at now, at most `limit`. */
  due(limit: number): readonly Due<Places>[] {
    const now = this.#options.monotonic();
    const due: Due<Places>[] = [];
    for (const { sample, addedAt, places, dueAt } of this.#entries.values()) {
      const isDone = sides.every((side) => places[side] !== undefined);
      if (!isDone && now - addedAt > this.#options.patienceMillis) this.forget(sample);
      if (!isDone || dueAt > now || due.length >= limit) continue;
      const given = sides.filter((side) => places[side] !== null).map((side) => [side, places[side]]);
      due.push({ sample, places: Object.fromEntries(given) as Partial<Places> });
    }
    return due;
  }

  /** What a look found. */
  lookedAt(record: Numbered, look: Look): void {
    const entry = this.#entries.get(keyOf(record));
    if (entry === undefined) return;
    const { places, findings, misses } = entry;
    const wasAsked = () => sides.every((side) => places[side] === null || findings[side] !== undefined);
    const isFirst = !wasAsked();
    for (const side of sides) {
      const finding = look[side];
      if (finding === undefined) continue;
      findings[side] = finding;
      misses[side] = finding === 'same' ? 0 : misses[side] + 1;
    }
    if (isFirst && wasAsked()) this.#looked += 1;
    entry.dueAt = this.#options.monotonic() + this.#options.secondLookMillis;
    if (wasAsked() && sides.every((side) => misses[side] === 0)) this.forget(record);
  }

  /** What was not found twice in a row, and not since. */
  misses(): readonly Miss[] {
    return Array.from(this.#entries.values()).flatMap(({ sample, misses, findings }) =>
      sides.flatMap((side) => {
        const finding = findings[side];
        if (misses[side] < 2 || finding === undefined || finding === 'same') return [];
        const { shardId, sequenceNumber, partitionKey } = sample;
        return [{ side, finding, shardId, sequenceNumber, partitionKey }];
      }),
    );
  }

  forget(record: Numbered): void {
    const key = keyOf(record);
    this.#bytes -= this.#entries.get(key)?.sample.data.length ?? 0;
    this.#entries.delete(key);
  }
}

function keyOf({ shardId, sequenceNumber }: Numbered): string {
  return `${shardId}/${sequenceNumber}`;
}
