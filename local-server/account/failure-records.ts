/** Failure records that were put and are looked up, so that "the failure destination has them" is not only what it said. */
import type { EpochMillis, EventArchive } from '../../core/ports.ts';

/** More are not looked up; those that are not found stay. */
const MOST = 100;
const MOST_LOOKS = 5;

/** An object of the failure destination. */
export interface FailureRecordPut {
  readonly key: string;
  /** How many records it tells of. */
  readonly records: number;
  /** When the last of them arrived. */
  readonly arrivedAt: EpochMillis;
}

interface Entry {
  readonly put: FailureRecordPut;
  misses: number;
  dueAt: number;
}

export class FailureRecords {
  readonly #entries = new Map<string, Entry>();
  readonly #secondLookMillis: number;

  /** @param secondLookMillis When one that was not found is looked for once more. */
  constructor(secondLookMillis: number) {
    this.#secondLookMillis = secondLookMillis;
  }

  add(put: FailureRecordPut): void {
    if (this.#entries.size < MOST) this.#entries.set(put.key, { put, misses: 0, dueAt: -Infinity });
  }

  /** Those that were not found twice in a row, and not since. */
  missing(): readonly FailureRecordPut[] {
    return Array.from(this.#entries.values()).flatMap(({ put, misses }) => (misses < 2 ? [] : [put]));
  }

  /**
   * Looks at what is due.
   * @param now Milliseconds since any moment, which never go back.
   * @param trimmedBefore Everything that arrived before was dropped to make room.
   * @throws Whatever the destination throws where it cannot be asked.
   */
  async look(destination: Pick<EventArchive, 'get'>, now: number, trimmedBefore: EpochMillis): Promise<void> {
    const due = Array.from(this.#entries.values()).filter(({ dueAt }) => dueAt <= now);
    for (const entry of due.slice(0, MOST_LOOKS)) {
      const { key, arrivedAt } = entry.put;
      const isThere = (await destination.get(key)) !== undefined;
      if (isThere || arrivedAt <= trimmedBefore) {
        this.#entries.delete(key);
        continue;
      }
      entry.misses += 1;
      entry.dueAt = now + this.#secondLookMillis;
    }
  }
}
