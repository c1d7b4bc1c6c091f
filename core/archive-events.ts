/** Use case: archive everything. Nothing is validated; what cannot be a reading is archived all the same. */
import { type ArchiveKey, formatArchiveKey, keyDate } from './archive-key.ts';
import { formatArchiveLines } from './archive-line.ts';
import { KeyTaken, StoreUnavailable } from './errors.ts';
import type { CallOptions, Compression, EventArchive, StreamRecord } from './ports.ts';

/** More objects of the same numbers than streams that were made anew under one name on one day. */
const MAX_COPIES = 100;

export interface ArchivedBatch {
  readonly key: string;
  /** Keys that other records have: an operator should know why. Empty as a rule. */
  readonly taken: readonly string[];
}

export class ArchiveEvents {
  readonly #archive: EventArchive;
  readonly #compression: Compression;

  constructor(archive: EventArchive, compression: Compression) {
    this.#archive = archive;
    this.#compression = compression;
  }

  /**
   * Writes one object for a batch of one shard; no object for an empty batch. The same batch again finds its object.
   * Where the key holds other records, both are kept: the batch goes under the next copy of the key (docs/adr/0010).
   * @throws StoreUnavailable where the archive does not take it now: retry the whole batch.
   */
  async archive(records: readonly StreamRecord[], options: CallOptions = {}): Promise<ArchivedBatch | undefined> {
    const first = records[0];
    const last = records.at(-1);
    if (first === undefined || last === undefined) return undefined;

    const numbers: ArchiveKey = {
      date: keyDate(first.arrivedAt),
      first: first.sequenceNumber,
      last: last.sequenceNumber,
      shardId: first.shardId,
    };
    const lines = formatArchiveLines(records);
    const body = await this.#compression.compress(lines);
    const taken: string[] = [];
    for (let copy = 1; copy <= MAX_COPIES; copy += 1) {
      const key = formatArchiveKey(copy === 1 ? numbers : { ...numbers, copy });
      try {
        await this.#archive.put(key, body, options);
        return { key, taken };
      } catch (error) {
        if (!(error instanceof KeyTaken)) throw error;
        if (await this.#holds(error.existing, lines)) return { key, taken };
        taken.push(key);
      }
    }
    throw new StoreUnavailable(
      'archive',
      `has ${MAX_COPIES} objects of other records under ${formatArchiveKey(numbers)}`,
    );
  }

  /** Whether an object has these lines. Its bytes may differ all the same: another zlib packs differently. */
  async #holds(object: Uint8Array, lines: Uint8Array): Promise<boolean> {
    let unpacked: Uint8Array;
    try {
      unpacked = await this.#compression.decompress(object, lines.length);
    } catch {
      return false; // No gzip, or it unpacks to more: someone else put it there.
    }
    return unpacked.length === lines.length && unpacked.every((byte, at) => byte === lines[at]);
  }
}
