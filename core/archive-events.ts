/** Use case: archive everything. Nothing is validated; what cannot be a reading is archived all the same. */
import { formatArchiveKey, keyDate } from './archive-key.ts';
import { formatArchiveLines } from './archive-line.ts';
import type { CallOptions, Compression, EventArchive, StreamRecord } from './ports.ts';

export class ArchiveEvents {
  readonly #archive: EventArchive;
  readonly #compression: Compression;

  constructor(archive: EventArchive, compression: Compression) {
    this.#archive = archive;
    this.#compression = compression;
  }

  /**
   * Writes one object for a batch of one shard and answers its key; no object for an empty batch. The same batch again
   * writes the same object.
   * @throws StoreUnavailable where the archive does not take it now: retry the whole batch.
   */
  async archive(records: readonly StreamRecord[], options: CallOptions = {}): Promise<string | undefined> {
    const first = records[0];
    const last = records.at(-1);
    if (first === undefined || last === undefined) return undefined;

    const key = formatArchiveKey({
      date: keyDate(first.arrivedAt),
      first: first.sequenceNumber,
      last: last.sequenceNumber,
    });
    await this.#archive.put(key, await this.#compression.compress(formatArchiveLines(records)), options);
    return key;
  }
}
