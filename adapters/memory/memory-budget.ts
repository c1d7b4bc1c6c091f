/**
 * One bound for the memory of all stores. Each store says how much it holds, by estimates that are measured against the
 * heap (`bench/memory-estimates.ts`); the budget says whether the stream may take more, and has the oldest dropped where
 * that is wanted. docs/adr/0012 has the reasons.
 *
 * What the consumers have not read yet counts too: accepted records become archive objects and readings without being
 * asked for. So nothing that was accepted is ever refused by a store.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, EpochMillis } from '../../core/ports.ts';

/** `refuse`: take no more in. `trim`: drop what arrived first. */
export type OnFull = 'refuse' | 'trim';

/** `filling` from 80 % on; `full` where puts were refused and nothing has been taken since. */
export type FillState = 'room' | 'filling' | 'full';

export interface MemoryBudgetOptions {
  readonly limitBytes: number;
  readonly onFull: OnFull;
  readonly clock: Clock;
  /** Called where the state has changed, and after each trim. Must not throw. */
  readonly onChange?: (statistics: BudgetStatistics, before: FillState) => void;
}

interface StoreStatistics {
  readonly store: string;
  /** What `items` counts, for instance `readings`. */
  readonly holds: string;
  readonly items: number;
  readonly usedBytes: number;
  readonly trimmedItems: number;
}

export interface BudgetStatistics {
  readonly limitBytes: number;
  /** Of all stores. */
  readonly usedBytes: number;
  readonly onFull: OnFull;
  readonly state: FillState;
  /** Why it is full, in words. */
  readonly reason?: string;
  /** How many puts were refused, of one or many records. */
  readonly refusedPuts: number;
  readonly stores: readonly StoreStatistics[];
  /** Everything that arrived before this was dropped from the stores. */
  readonly trimmedBefore?: EpochMillis;
}

/** What one store holds. */
export interface StoreAccount {
  /** @param arrivedAt When what was added arrived. */
  add(items: number, bytes: number, arrivedAt?: EpochMillis): void;
  /** For what ends of itself. */
  remove(items: number, bytes: number): void;
  /** For what was dropped to make room. */
  trim(items: number, bytes: number): void;
}

/** Drops what arrived before an instant, and takes it from the account. */
export type DropBefore = (instant: EpochMillis) => Promise<void>;

interface Account {
  readonly store: string;
  readonly holds: string;
  readonly dropBefore: DropBefore;
  items: number;
  bytes: number;
  trimmedItems: number;
}

/** What arrived from an instant on, until the next partition. The oldest are dropped whole. */
interface Partition {
  readonly from: EpochMillis;
  bytes: number;
}

const WARN_AT = 0.8;
/** So that a store at the edge does not warn again and again. */
const WARN_AGAIN_BELOW = 0.7;
const RESUME_BELOW = 63 / 64;
/** Below the limit, so that trimming is ahead of what comes in meanwhile. */
const TRIM_AT = 15 / 16;
const TRIM_TO = 14 / 16;
/** Small enough that a trim drops little more than it must. */
const PARTITIONS = 128;

export class MemoryBudget {
  readonly #options: MemoryBudgetOptions;
  readonly #accounts: Account[] = [];
  readonly #partitions: Partition[] = [];
  #used = 0;
  #unread = 0;
  #state: FillState = 'room';
  #reason: string | undefined;
  #refusedPuts = 0;
  #trimmedBefore: EpochMillis = -Infinity;
  #trimming = false;

  constructor(options: MemoryBudgetOptions) {
    this.#options = options;
  }

  /** Without a bound, for a store that is used alone. */
  static unlimited(): MemoryBudget {
    return new MemoryBudget({ limitBytes: Infinity, onFull: 'refuse', clock: { now: () => 0 } });
  }

  /** Of all stores. */
  get usedBytes(): number {
    return this.#used;
  }

  get onFull(): OnFull {
    return this.#options.onFull;
  }

  open(store: string, holds: string, dropBefore: DropBefore): StoreAccount {
    const account: Account = { store, holds, dropBefore, items: 0, bytes: 0, trimmedItems: 0 };
    this.#accounts.push(account);
    return {
      add: (items, bytes, arrivedAt) => {
        account.items += items;
        account.bytes += bytes;
        this.#grow(bytes, arrivedAt ?? this.#options.clock.now());
      },
      remove: (items, bytes) => this.#shrink(account, items, bytes),
      trim: (items, bytes) => {
        account.trimmedItems += items;
        this.#shrink(account, items, bytes);
      },
    };
  }

  /**
   * Why nothing more may be taken in, in words; undefined where there is room.
   * @param atMost No more than so many bytes are unread. @param exactly How many are; asked only where it matters.
   * @param otherwise Another reason to take nothing.
   */
  refusal(atMost: number, exactly: () => number, otherwise: () => string | undefined): string | undefined {
    const { limitBytes, onFull } = this.#options;
    this.#unread = atMost;
    if (this.#used + atMost >= limitBytes * WARN_AT) this.#unread = exactly();
    if (onFull === 'trim') this.#trimWhereNeeded();
    // Once full, it must have some room again, or one record in, one record out would go on for ever.
    const full = this.#load >= limitBytes * (this.#state === 'full' ? RESUME_BELOW : 1);
    this.#reason = full ? this.#fullness() : otherwise();
    if (this.#reason !== undefined) this.#refusedPuts += 1;
    this.#settle(this.#reason === undefined ? this.#fillState() : 'full');
    return this.#reason;
  }

  #fullness(): string {
    const { limitBytes, onFull } = this.#options;
    const held = `The memory of this server is full: its stores may hold ${mebibytes(limitBytes)} MiB (--memory-mib).`;
    return onFull === 'trim'
      ? `${held} The oldest is being dropped; send it again in a moment.`
      : `${held} Nothing that was accepted is dropped, and all of it can be read. To take more, restart the server: it begins anew. Give it more memory, or use --on-full trim.`;
  }

  statistics(): BudgetStatistics {
    const { limitBytes, onFull } = this.#options;
    return {
      limitBytes,
      usedBytes: this.#used,
      onFull,
      state: this.#state,
      ...(this.#reason !== undefined && { reason: this.#reason }),
      refusedPuts: this.#refusedPuts,
      stores: this.#accounts.map(({ store, holds, items, bytes, trimmedItems }) => ({
        ...{ store, holds, items, usedBytes: bytes, trimmedItems },
      })),
      ...(this.#trimmedBefore > -Infinity && { trimmedBefore: this.#trimmedBefore }),
    };
  }

  get #load(): number {
    return this.#used + this.#unread;
  }

  #shrink(account: Account, items: number, bytes: number): void {
    account.items -= items;
    account.bytes -= bytes;
    this.#used -= bytes;
  }

  #grow(bytes: number, arrivedAt: EpochMillis): void {
    this.#used += bytes;
    const { limitBytes, onFull } = this.#options;
    if (onFull === 'trim') {
      const newest = this.#partitions.at(-1);
      if (newest === undefined || newest.bytes >= limitBytes / PARTITIONS)
        this.#partitions.push({ from: arrivedAt, bytes });
      else newest.bytes += bytes;
      this.#trimWhereNeeded();
    }
    if (this.#state !== 'full') this.#settle(this.#fillState());
  }

  #fillState(): 'room' | 'filling' {
    const from = this.#state === 'room' ? WARN_AT : WARN_AGAIN_BELOW;
    return this.#load >= this.#options.limitBytes * from ? 'filling' : 'room';
  }

  #settle(state: FillState): void {
    const before = this.#state;
    if (state === before) return;
    this.#state = state;
    this.#options.onChange?.(this.statistics(), before);
  }

  #trimWhereNeeded(): void {
    if (this.#trimming || this.#load < this.#options.limitBytes * TRIM_AT) return;
    this.#trimming = true;
    void this.#trim().finally(() => {
      this.#trimming = false;
    });
  }

  async #trim(): Promise<void> {
    await nextTurn(); // Whoever adds has not finished yet.
    const target = this.#options.limitBytes * TRIM_TO;
    // The newest partition stays: what arrives now is part of it.
    while (this.#load > target && this.#partitions.length > 1) {
      let planned = 0;
      let before = this.#trimmedBefore;
      while (planned < this.#load - target && this.#partitions.length > 1) {
        planned += this.#partitions.shift()?.bytes ?? 0;
        // The clock may have gone backwards.
        before = Math.max(before, this.#partitions[0]?.from ?? before);
      }
      await this.#drop(before);
    }
    this.#options.onChange?.(this.statistics(), this.#state);
  }

  async #drop(before: EpochMillis): Promise<void> {
    this.#trimmedBefore = before;
    for (const { dropBefore } of this.#accounts) await dropBefore(before);
  }
}

export function mebibytes(bytes: number): number {
  return Math.round(bytes / 1_048_576);
}
