/**
 * From the moment in which a device sent a reading to the one in which the table took it. The first is read back from the
 * stamp in the archive, the second is seen at the table; whichever comes first waits for the other. Memory is bounded:
 * of those that wait too many the oldest are forgotten, and latencies are counted in classes 2 % apart.
 */
import type { StoredReading } from '../../core/ports.ts';

const MAX_WAITING = 50_000;
const GROWTH = Math.log(1.02);

export class Latency {
  readonly #now: () => number;
  readonly #sentAt = new Map<string, number>();
  readonly #storedAt = new Map<string, number>();
  /** By class; undefined where there was none. */
  readonly #counts: (number | undefined)[] = [];
  #total = 0;
  #measures = false;

  /** @param now The clock of the stamps: the machine's. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Forgets what was, and measures from now on. */
  begin(): void {
    this.#measures = true;
    for (const waiting of [this.#sentAt, this.#storedAt]) waiting.clear();
    this.#counts.length = 0;
    this.#total = 0;
  }

  /** The stamp of a record, from the archive. */
  sent(sequenceNumber: string, sentAt: number): void {
    const storedAt = this.#storedAt.get(sequenceNumber);
    if (storedAt === undefined) remember(this.#sentAt, sequenceNumber, sentAt);
    else this.#count(storedAt - sentAt);
    this.#storedAt.delete(sequenceNumber);
  }

  /** What the table has just taken. */
  stored(readings: readonly StoredReading[]): void {
    if (!this.#measures) return;
    const now = this.#now();
    for (const { sequenceNumber } of readings) {
      const sentAt = this.#sentAt.get(sequenceNumber);
      if (sentAt === undefined) remember(this.#storedAt, sequenceNumber, now);
      else this.#count(now - sentAt);
      this.#sentAt.delete(sequenceNumber);
    }
  }

  /** In milliseconds; undefined where nothing was measured. */
  percentiles(): { readonly p50: number; readonly p99: number } | undefined {
    return this.#total === 0 ? undefined : { p50: this.#percentile(0.5), p99: this.#percentile(0.99) };
  }

  #count(millis: number): void {
    const index = Math.round(Math.log1p(Math.max(0, millis)) / GROWTH);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total++;
  }

  #percentile(share: number): number {
    let left = Math.ceil(this.#total * share);
    const index = this.#counts.findIndex((count = 0) => (left -= count) <= 0);
    return Math.round(Math.expm1(index * GROWTH));
  }
}

function remember(waiting: Map<string, number>, sequenceNumber: string, millis: number): void {
  waiting.set(sequenceNumber, millis);
  if (waiting.size <= MAX_WAITING) return;
  const [oldest] = waiting.keys();
  if (oldest !== undefined) waiting.delete(oldest);
}
