/**
 * The quarantine in memory: every record that was refused, whole, until the process ends. It has no bound, as it holds
 * what is nowhere else understood. Records are kept under `formatQuarantineKey`, once each; bytes are copied, so that nothing of the stream is held back from its retention.
 */
import type { ListOptions, Quarantine, QuarantinedRecord } from '../../core/ports.ts';
import { formatQuarantineKey } from '../../core/quarantine-key.ts';
import { SortedMap } from './sorted-map.ts';

export class MemoryQuarantine implements Quarantine {
  readonly #records = new SortedMap<QuarantinedRecord>();

  async keep(records: readonly QuarantinedRecord[]): Promise<void> {
    for (const quarantined of records) this.#records.set(formatQuarantineKey(quarantined.record), copy(quarantined));
  }

  async list(
    options: ListOptions,
  ): Promise<{ readonly records: readonly QuarantinedRecord[]; readonly more: boolean }> {
    const { entries, more } = this.#records.page(options);
    return { records: entries.map(([, quarantined]) => copy(quarantined)), more };
  }
}

function copy(quarantined: QuarantinedRecord): QuarantinedRecord {
  const { record } = quarantined;
  return { ...quarantined, record: { ...record, data: new Uint8Array(record.data) } };
}
