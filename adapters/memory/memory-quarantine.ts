/**
 * The quarantine in memory: every record that was refused, whole, until the process ends or the budget has the oldest
 * dropped. Records are kept under `formatQuarantineKey`, once each; bytes are copied, so that
 * nothing of the stream is held back from its retention.
 */
import type { EpochMillis, Quarantine, QuarantinedRecord, QuarantineListOptions } from '../../core/ports.ts';
import { formatQuarantineKey } from '../../core/quarantine-key.ts';
import { countWithin } from '../../core/page-bytes.ts';
import { MemoryBudget, type StoreAccount } from './memory-budget.ts';
import { SortedMap } from './sorted-map.ts';

/** Memory of a record beside its data and the text of its reasons (`bench/memory-estimates.ts`). */
const OVERHEAD_BYTES = 700;

export class MemoryQuarantine implements Quarantine {
  readonly #records = new SortedMap<QuarantinedRecord>();
  readonly #account: StoreAccount;

  constructor(budget = MemoryBudget.unlimited()) {
    this.#account = budget.open('quarantine', 'records', (instant) => this.#dropBefore(instant));
  }

  async keep(records: readonly QuarantinedRecord[]): Promise<void> {
    for (const quarantined of records) this.#keepOne(quarantined);
  }

  #keepOne(quarantined: QuarantinedRecord): void {
    for (let copy = 1; ; copy += 1) {
      const key = formatQuarantineKey(quarantined.record, copy);
      const kept = this.#records.get(key);
      if (kept === undefined) {
        this.#records.set(key, { ...clone(quarantined), ...(copy > 1 && { copy }) });
        this.#account.add(1, bytesOf(quarantined), quarantined.quarantinedAt);
        return;
      }
      const [a, b] = [kept.record, quarantined.record];
      if (a.arrivedAt === b.arrivedAt && Buffer.compare(a.data, b.data) === 0) return;
    }
  }

  async list(
    options: QuarantineListOptions,
  ): Promise<{ readonly records: readonly QuarantinedRecord[]; readonly more: boolean }> {
    const { entries, more } = this.#records.page(options);
    const fitting = countWithin(entries, options.maxBytes, ([, { record }]) => record.data.length);
    const records = entries.slice(0, fitting).map(([, quarantined]) => clone(quarantined));
    return { records, more: more || fitting < entries.length };
  }

  async #dropBefore(instant: EpochMillis): Promise<void> {
    for (const [key, quarantined] of this.#records.entries()) {
      if (quarantined.quarantinedAt >= instant) return; // So were all that came later.
      this.#records.delete(key);
      this.#account.trim(1, bytesOf(quarantined));
    }
  }
}

function bytesOf({ record, reasons }: QuarantinedRecord): number {
  const text = reasons.reduce((sum, { field, rule, seen }) => sum + field.length + rule.length + seen.length, 0);
  return OVERHEAD_BYTES + record.data.length + record.partitionKey.length + text;
}

function clone(quarantined: QuarantinedRecord): QuarantinedRecord {
  const { record } = quarantined;
  return { ...quarantined, record: { ...record, data: new Uint8Array(record.data) } };
}
