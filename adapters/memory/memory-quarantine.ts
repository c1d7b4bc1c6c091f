/**
 * The quarantine in memory: every record that was refused, whole, until the process ends. It has no bound, as it holds
 * what is nowhere else understood. Records are kept under `formatQuarantineKey` and their shard, once each; bytes are
 * copied, so that nothing of the stream is held back from its retention.
 */
import type { ListOptions, Quarantine, QuarantinedRecord } from '../../core/ports.ts';
import { formatQuarantineKey } from '../../core/quarantine-key.ts';
import { SortedMap } from './sorted-map.ts';

/** Sorts before and behind whatever shard id follows a key. */
const BEFORE_SHARD = '\u0000';
const BEHIND_SHARDS = `${BEFORE_SHARD}\u{10FFFF}`;

export class MemoryQuarantine implements Quarantine {
  readonly #records = new SortedMap<QuarantinedRecord>();

  async keep(records: readonly QuarantinedRecord[]): Promise<void> {
    for (const quarantined of records) {
      const { record } = quarantined;
      this.#records.set(`${formatQuarantineKey(record)}${BEFORE_SHARD}${record.shardId}`, copy(quarantined));
    }
  }

  async list(
    options: ListOptions,
  ): Promise<{ readonly records: readonly QuarantinedRecord[]; readonly more: boolean }> {
    const after = options.after === undefined ? {} : { after: `${options.after}${BEHIND_SHARDS}` };
    const { entries, more } = this.#records.page({ ...options, ...after });
    return { records: entries.map(([, quarantined]) => copy(quarantined)), more };
  }
}

function copy(quarantined: QuarantinedRecord): QuarantinedRecord {
  const { record } = quarantined;
  return { ...quarantined, record: { ...record, data: new Uint8Array(record.data) } };
}
