/**
 * A record of the quarantine as an object of JSON:
 * `{shardId, sequenceNumber, partitionKey, arrivedAt, quarantinedAt, reasons: [{field, rule, seen}], raw}`, with `raw`
 * the bytes in base64 and times in UTC with milliseconds.
 */
import type { QuarantinedRecord } from './ports.ts';
import { formatQuarantineKey } from './quarantine-key.ts';
import type { Reason } from './reading.ts';
import { formatTimestamp } from './timestamp.ts';

/** Where the quarantine is in the bucket of what was not delivered; `formatQuarantineKey` follows. */
export const QUARANTINE_PREFIX = 'quarantine/';

interface QuarantineObject {
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly arrivedAt: string;
  readonly quarantinedAt: string;
  readonly reasons: readonly Reason[];
  readonly raw: string;
}

export function encodeQuarantined({ record, reasons, quarantinedAt }: QuarantinedRecord): Uint8Array {
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

/** Undoes `encodeQuarantined`. @throws Error where the object is someone else's. */
export function decodeQuarantined(key: string, body: Uint8Array): QuarantinedRecord {
  try {
    const { raw, reasons, arrivedAt, quarantinedAt, ...rest } = JSON.parse(
      Buffer.from(body).toString(),
    ) as QuarantineObject;
    const record = { ...rest, arrivedAt: Date.parse(arrivedAt), data: new Uint8Array(Buffer.from(raw, 'base64')) };
    const copy = key === formatQuarantineKey(record) ? undefined : /_(\d+)\.json$/.exec(key)?.[1];
    return {
      record,
      reasons,
      quarantinedAt: Date.parse(quarantinedAt),
      ...(copy !== undefined && { copy: Number(copy) }),
    };
  } catch (cause) {
    throw new Error(`the object ${key} is no record of the quarantine`, { cause });
  }
}
