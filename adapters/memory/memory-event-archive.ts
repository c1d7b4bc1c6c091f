/**
 * The archive in memory: every object that was put, under its key, until the process ends or the budget has the oldest
 * dropped. Bytes are copied on their way in and out, so that no caller can change what is archived.
 */
import { createHash } from 'node:crypto';
import { KeyTaken } from '../../core/errors.ts';
import type { ArchivedObject, Clock, EpochMillis, EventArchive, ListOptions } from '../../core/ports.ts';
import { MemoryBudget, type StoreAccount } from './memory-budget.ts';
import { SortedMap } from './sorted-map.ts';

export interface MemoryEventArchiveOptions {
  readonly clock: Clock;
  readonly budget: MemoryBudget;
  /** Its name in the budget. */
  readonly store: string;
}

interface StoredObject {
  readonly body: Uint8Array;
  readonly putAt: EpochMillis;
  /** Made when somebody lists the object: nobody waits for it when it is put. */
  etag?: string;
}

/** Memory of an object beside its body, with a key of the archive (`bench/memory-estimates.ts`). */
const OVERHEAD_BYTES = 450;

export class MemoryEventArchive implements EventArchive {
  readonly #objects = new SortedMap<StoredObject>();
  readonly #clock: Clock;
  readonly #account: StoreAccount;
  #bytes = 0;

  constructor(options: Partial<MemoryEventArchiveOptions> = {}) {
    const { clock = { now: () => Date.now() }, budget = MemoryBudget.unlimited(), store = 'archive' } = options;
    this.#clock = clock;
    this.#account = budget.open(store, 'objects', (instant) => this.#dropBefore(instant));
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    const existing = this.#objects.get(key);
    if (existing !== undefined) {
      if (Buffer.compare(existing.body, body) === 0) return;
      throw new KeyTaken('archive', key, new Uint8Array(existing.body));
    }
    const putAt = this.#clock.now();
    this.#bytes += body.length;
    this.#objects.set(key, { body: new Uint8Array(body), putAt });
    this.#account.add(1, body.length + OVERHEAD_BYTES, putAt);
  }

  async list(options: ListOptions): Promise<{ readonly objects: readonly ArchivedObject[]; readonly more: boolean }> {
    const { entries, more } = this.#objects.page(options);
    return { objects: entries.map(([key, stored]) => describe(key, stored)), more };
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const stored = this.#objects.get(key);
    return stored && new Uint8Array(stored.body);
  }

  /** How many objects are held, and the bytes of all bodies. */
  statistics(): { readonly objects: number; readonly bytes: number } {
    return { objects: this.#objects.size, bytes: this.#bytes };
  }

  async #dropBefore(instant: EpochMillis): Promise<void> {
    for (const [key, { body, putAt }] of this.#objects.entries()) {
      if (putAt >= instant) return; // So were all that came later.
      this.#objects.delete(key);
      this.#bytes -= body.length;
      this.#account.trim(1, body.length + OVERHEAD_BYTES);
    }
  }
}

function describe(key: string, stored: StoredObject): ArchivedObject {
  stored.etag ??= createHash('md5').update(stored.body).digest('hex');
  return { key, size: stored.body.length, modifiedAt: stored.putAt, etag: stored.etag };
}
