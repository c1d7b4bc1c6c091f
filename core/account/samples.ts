/**
 * Accepted records of which some are looked up in the stores, so that "stored" is not only what the stores said. Which ones, when,
 * and what the answers mean; the looking is done by others. Memory is bounded in records and bytes.
 *
 * Nothing is called missing or different before it was looked at twice, as reads of a store may lag behind its writes. What was
 * found is looked at again later: an object can be overwritten. What was not found is looked at again too, and may be there then.
 */
import { type Side, sides } from './fate.ts';

/** A record as the client sent it. */
export interface Sample {
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: Uint8Array;
}

type Finding = 'same' | 'differs' | 'missing';

/** What a look at one store found; absent where there was nothing to look for or it could not be looked for. */
export type Look = Readonly<Partial<Record<Side, Finding>>>;

export interface SamplesOptions {
  /** Milliseconds since any moment, which never go back. */
  readonly monotonic: () => number;
  /** Most that wait to be looked at, or are known not to be found; 2,000 unless given. */
  readonly maxSamples?: number;
  /** Most bytes of all samples; 4 MiB unless given. */
  readonly maxBytes?: number;
  /** When something that was not found is looked at once more. */
  readonly secondLookMillis: number;
  /** When something that was found is looked at once more; never unless given. */
  readonly againMillis?: number;
}

/** Something that a store should have and, looked at twice, does not. */
export interface Miss extends Pick<Sample, 'shardId' | 'sequenceNumber' | 'partitionKey'> {
  readonly side: Side;
  readonly finding: Exclude<Finding, 'same'>;
}

interface Entry {
  readonly sample: Sample;
  /** Whether the store should have it. */
  readonly expected: Record<Side, boolean>;
  /** How often in a row it was not found. */
  readonly misses: Record<Side, number>;
  readonly findings: Record<Side, Finding | undefined>;
  dueAt: number;
}

export class Samples {
  readonly #options: Required<SamplesOptions>;
  /** Not looked at yet, or not found at the last look. */
  readonly #waiting = new Map<string, Entry>();
  /** Found, and to be looked at again. The one that was looked at first comes first. */
  readonly #found = new Map<string, Entry>();
  #bytes = 0;
  #looked = 0;

  constructor(options: SamplesOptions) {
    this.#options = { maxSamples: 2_000, maxBytes: 4 * 1_048_576, againMillis: Infinity, ...options };
  }

  /** How many records were looked at. */
  get looked(): number {
    return this.#looked;
  }

  /** Records that wait to be looked at. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether `add` would take one more, of any size. */
  get hasRoom(): boolean {
    return this.#waiting.size < this.#options.maxSamples && this.#bytes < this.#options.maxBytes;
  }

  /** Takes the sample if there is room. The bytes are copied. */
  add(sample: Sample): void {
    const { maxBytes } = this.#options;
    const key = keyOf(sample);
    if (!this.hasRoom || this.#bytes + sample.data.length > maxBytes || this.#waiting.has(key)) return;
    this.#bytes += sample.data.length;
    this.#waiting.set(key, {
      sample: { ...sample, data: new Uint8Array(sample.data) },
      expected: { archive: true, store: true },
      misses: { archive: 0, store: 0 },
      findings: { archive: undefined, store: undefined },
      dueAt: -Infinity,
    });
  }

  /** A store need not have it: it was given up, left out, or is known to be lost. */
  expectNot(side: Side, shardId: string, sequenceNumber: string): void {
    const key = keyOf({ shardId, sequenceNumber });
    const entry = this.#waiting.get(key);
    if (entry === undefined) return;
    entry.expected[side] = false;
    if (sides.every((each) => !entry.expected[each])) this.#forget(this.#waiting, key);
  }

  /** Samples to look at now, at most `limit`. @param isDone Whether both consumers are done with a record. */
  due(
    limit: number,
    isDone: (sample: Sample) => boolean,
  ): readonly { readonly sample: Sample; readonly sides: readonly Side[] }[] {
    const now = this.#options.monotonic();
    const due: { sample: Sample; sides: Side[] }[] = [];
    for (const entries of [this.#waiting, this.#found]) {
      for (const { sample, expected, dueAt } of entries.values()) {
        if (due.length >= limit) return due;
        if (dueAt <= now && isDone(sample)) due.push({ sample, sides: sides.filter((side) => expected[side]) });
      }
    }
    return due;
  }

  /** What a look found. Of a store that could not be asked nothing is told. */
  lookedAt(sample: Sample, look: Look): void {
    const key = keyOf(sample);
    const entry = this.#waiting.get(key) ?? this.#found.get(key);
    if (entry === undefined) return;
    const isFirst = sides.every((side) => entry.findings[side] === undefined);
    for (const side of sides) {
      const finding = look[side];
      if (finding === undefined) continue;
      entry.findings[side] = finding;
      entry.misses[side] = finding === 'same' ? 0 : entry.misses[side] + 1;
    }
    const { secondLookMillis, againMillis, monotonic } = this.#options;
    const wasAsked = sides.every((side) => !entry.expected[side] || entry.findings[side] !== undefined);
    if (isFirst && wasAsked) this.#looked += 1;
    const isFound = wasAsked && sides.every((side) => entry.misses[side] === 0);
    entry.dueAt = monotonic() + (isFound ? againMillis : secondLookMillis);
    this.#waiting.delete(key);
    this.#found.delete(key);
    (isFound ? this.#found : this.#waiting).set(key, entry);
    if (isFound) this.#limitFound();
  }

  /** What was not found twice in a row, and not since. */
  misses(): readonly Miss[] {
    return Array.from(this.#waiting.values()).flatMap(({ sample, misses, findings }) =>
      sides.flatMap((side) => {
        const finding = findings[side];
        if (misses[side] < 2 || finding === undefined || finding === 'same') return [];
        const { shardId, sequenceNumber, partitionKey } = sample;
        return [{ side, finding, shardId, sequenceNumber, partitionKey }];
      }),
    );
  }

  /** Half of the room is for what is new. */
  #limitFound(): void {
    const { maxSamples, maxBytes, againMillis } = this.#options;
    for (const key of this.#found.keys()) {
      const fits = this.#found.size <= maxSamples / 2 && this.#bytes <= maxBytes / 2;
      if (againMillis < Infinity && fits) return;
      this.#forget(this.#found, key);
    }
  }

  #forget(entries: Map<string, Entry>, key: string): void {
    this.#bytes -= entries.get(key)?.sample.data.length ?? 0;
    entries.delete(key);
  }
}

function keyOf({ shardId, sequenceNumber }: Pick<Sample, 'shardId' | 'sequenceNumber'>): string {
  return `${shardId}/${sequenceNumber}`;
}
