/**
 * The quarantine in memory: every record that was refused, whole, until the process ends. It has no bound, as it holds
 * what is nowhere else understood. Records are kept under `formatQuarantineKey`, once each; bytes are copied, so that
 * nothing of the stream is held back from its retention.
 */
import type { Quarantine, QuarantinedRecord, QuarantineListOptions } from '../../core/ports.ts';
import { formatQuarantineKey } from '../../core/quarantine-key.ts';
import { countWithin } from '../../core/page-bytes.ts';
import { SortedMap } from './sorted-map.ts';

export class MemoryQuarantine implements Quarantine {
  readonly #records = new SortedMap<QuarantinedRecord>();

  async keep(records: readonly QuarantinedRecord[]): Promise<void> {
    for (const quarantined of records) this.#keepOne(quarantined);
  }

  #keepOne(quarantined: QuarantinedRecord): void {
    for (let copy = 1; ; copy += 1) {
      const key = formatQuarantineKey(quarantined.record, copy);
      const kept = this.#records.get(key);
      if (kept === undefined) {
        this.#records.set(key, { ...clone(quarantined), ...(copy > 1 && { copy }) });
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
}

function clone(quarantined: QuarantinedRecord): QuarantinedRecord {
  const { record } = quarantined;
  return { ...quarantined, record: { ...record, data: new Uint8Array(record.data) } };
}
