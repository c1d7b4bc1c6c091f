/**
 * The quarantine in S3. It leaves one object of JSON per record (`core/quarantine-object.ts`), under `quarantine/` and
 * `formatQuarantineKey`. A record that is kept again leaves the object as it was first. S3 keeps them until someone or a
 * lifecycle rule of the bucket deletes them.
 */
import { KeyTaken, StoreUnavailable } from '../../core/errors.ts';
import type { CallOptions, Quarantine, QuarantinedRecord, QuarantineListOptions } from '../../core/ports.ts';
import { countWithin } from '../../core/page-bytes.ts';
import { formatQuarantineKey } from '../../core/quarantine-key.ts';
import { decodeQuarantined, encodeQuarantined, QUARANTINE_PREFIX } from '../../core/quarantine-object.ts';
import { OutOfTime } from './backoff.ts';
import { mapInParallel } from './map-in-parallel.ts';
import { S3EventArchive, type S3EventArchiveOptions } from './s3-event-archive.ts';
import { unavailable } from './translate-error.ts';

/** Below the 50 sockets of the SDK's agent, which the archive may share. */
const MAX_REQUESTS_IN_FLIGHT = 16;
/** More records of the same numbers than streams that were made anew under one name on one day. */
const MAX_COPIES = 100;

export class S3Quarantine implements Quarantine {
  readonly #objects: S3EventArchive;
  readonly #store: string;

  constructor({ prefix = QUARANTINE_PREFIX, store = 'quarantine', ...options }: S3EventArchiveOptions) {
    this.#store = store;
    this.#objects = new S3EventArchive({ ...options, prefix, store });
  }

  async keep(records: readonly QuarantinedRecord[], options: CallOptions = {}): Promise<void> {
    // Two puts of one key at the same time would leave either.
    const objects = new Map(records.map((quarantined) => [formatQuarantineKey(quarantined.record), quarantined]));
    await mapInParallel([...objects], MAX_REQUESTS_IN_FLIGHT, async ([key, quarantined], index) => {
      if (index > 0 && (options.remainingMillis?.() ?? Infinity) <= 0) {
        throw unavailable(this.#store, `has kept ${index} of ${objects.size} records`, new OutOfTime());
      }
      await this.#keepOne(key, quarantined, options);
    });
  }

  /** What was quarantined again has another time and perhaps other reasons: the record decides whether it is the same. */
  async #keepOne(firstKey: string, quarantined: QuarantinedRecord, options: CallOptions): Promise<void> {
    let key = firstKey;
    for (let copy = 2; copy <= MAX_COPIES; copy += 1) {
      try {
        await this.#objects.put(key, encodeQuarantined(quarantined), options);
        return;
      } catch (error) {
        if (!(error instanceof KeyTaken)) throw error;
        if (isSameRecord(error.existing, quarantined, key)) return;
        key = formatQuarantineKey(quarantined.record, copy);
      }
    }
    throw new StoreUnavailable(this.#store, `has ${MAX_COPIES} other records under ${firstKey}`);
  }

  async list(options: QuarantineListOptions): ReturnType<Quarantine['list']> {
    const { objects: listed, more } = await this.#objects.list(options);
    const objects = listed.slice(
      0,
      countWithin(listed, options.maxBytes, ({ size }) => size),
    );
    const records = await mapInParallel(objects, MAX_REQUESTS_IN_FLIGHT, async ({ key }) => {
      const body = await this.#objects.get(key);
      return body && decodeQuarantined(key, body);
    });
    // What was deleted since it was listed is no longer there.
    return { records: records.filter((record) => record !== undefined), more: more || objects.length < listed.length };
  }
}

function isSameRecord(existing: Uint8Array, { record }: QuarantinedRecord, key: string): boolean {
  let kept: QuarantinedRecord['record'];
  try {
    kept = decodeQuarantined(key, existing).record;
  } catch {
    return false; // Someone else's object.
  }
  return kept.arrivedAt === record.arrivedAt && Buffer.compare(kept.data, record.data) === 0;
}
