/**
 * The quarantine in S3. It leaves one object of JSON per record, under `quarantine/` and `formatQuarantineKey`:
 * `{shardId, sequenceNumber, partitionKey, arrivedAt, quarantinedAt, reasons: [{field, rule, seen}], raw}`, with `raw`
 * the bytes in base64 and times in UTC with milliseconds. A record that is kept again replaces its object. S3 keeps them
 * until someone or a lifecycle rule of the bucket deletes them.
 */
import type { CallOptions, ListOptions, Quarantine, QuarantinedRecord } from '../../core/ports.ts';
import { formatQuarantineKey } from '../../core/quarantine-key.ts';
import type { Reason } from '../../core/reading.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import { OutOfTime } from './backoff.ts';
import { mapInParallel } from './map-in-parallel.ts';
import { S3EventArchive, type S3EventArchiveOptions } from './s3-event-archive.ts';
import { unavailable } from './translate-error.ts';

/** Below the 50 sockets of the SDK's agent, which the archive may share. */
const MAX_REQUESTS_IN_FLIGHT = 16;

interface QuarantineObject {
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly arrivedAt: string;
  readonly quarantinedAt: string;
  readonly reasons: readonly Reason[];
  readonly raw: string;
}

export class S3Quarantine implements Quarantine {
  readonly #objects: S3EventArchive;
  readonly #store: string;

  constructor({ prefix = 'quarantine/', store = 'quarantine', ...options }: S3EventArchiveOptions) {
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
      await this.#objects.put(key, encode(quarantined), options);
    });
  }

  async list(options: ListOptions): ReturnType<Quarantine['list']> {
    const { objects, more } = await this.#objects.list(options);
    const records = await mapInParallel(objects, MAX_REQUESTS_IN_FLIGHT, async ({ key }) => {
      const body = await this.#objects.get(key);
      return body && decode(key, body);
    });
    // What was deleted since it was listed is no longer there.
    return { records: records.filter((record) => record !== undefined), more };
  }
}

function encode({ record, reasons, quarantinedAt }: QuarantinedRecord): Uint8Array {
  const { shardId, sequenceNumber, partitionKey, arrivedAt, data } = record;
  const object: QuarantineObject = {
    shardId,
    sequenceNumber,
    partitionKey,
    arrivedAt: formatTimestamp(arrivedAt),
    quarantinedAt: formatTimestamp(quarantinedAt),
    reasons,
    raw: Buffer.from(data).toString('base64'),
  };
  return Buffer.from(JSON.stringify(object));
}

/** Undoes `encode`. */
function decode(key: string, body: Uint8Array): QuarantinedRecord {
  try {
    const { raw, reasons, arrivedAt, quarantinedAt, ...record } = JSON.parse(
      Buffer.from(body).toString(),
    ) as QuarantineObject;
    return {
      record: { ...record, arrivedAt: Date.parse(arrivedAt), data: new Uint8Array(Buffer.from(raw, 'base64')) },
      reasons,
      quarantinedAt: Date.parse(quarantinedAt),
    };
  } catch (cause) {
    throw new Error(`the object ${key} is no record of the quarantine`, { cause });
  }
}
