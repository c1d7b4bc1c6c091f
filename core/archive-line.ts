/**
 * Lines of an archive object: `{sequenceNumber, shardId, partitionKey, arrivedAt, data}`, or `raw` (base64) instead of
 * `data` where the bytes are not JSON.
 *
 * `data` is the JSON *as the device wrote it*, not parsed and written again: that would turn 1e400 into null and round
 * integers beyond 2^53, and what the archive does not hold cannot be collected again (docs/adr/0003). Line breaks can
 * stand in JSON only between tokens, so they become spaces and a record stays one line.
 */
import type { StreamRecord } from './ports.ts';
import { isSequenceNumber } from './sequence-number.ts';
import { formatTimestamp, isCanonicalTimestamp } from './timestamp.ts';

export interface ArchiveLine {
  readonly sequenceNumber: string;
  readonly shardId: string;
  readonly partitionKey: string;
  /** UTC ISO 8601 with milliseconds. */
  readonly arrivedAt: string;
  /** The JSON that the device sent; absent where `raw` is there. */
  readonly data?: unknown;
  /** base64 of bytes that are not JSON. */
  readonly raw?: string;
}

// A byte order mark is kept by the decoder, and is no JSON: such bytes stay raw, hence whole.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** One line without its line feed. */
export function formatArchiveLine(record: StreamRecord): string {
  const json = jsonText(record.data);
  const content = json === undefined ? `"raw":"${Buffer.from(record.data).toString('base64')}"` : `"data":${json}`;
  const { sequenceNumber, shardId, partitionKey, arrivedAt } = record;
  return `{"sequenceNumber":"${sequenceNumber}","shardId":${JSON.stringify(shardId)},"partitionKey":${JSON.stringify(partitionKey)},"arrivedAt":"${formatTimestamp(arrivedAt)}",${content}}`;
}

/** Undoes `formatArchiveLine`. @throws Error where the line is none of ours. */
export function parseArchiveLine(line: string): ArchiveLine {
  let cause: unknown;
  try {
    const parsed: unknown = JSON.parse(line);
    if (isArchiveLine(parsed)) return parsed;
  } catch (error) {
    cause = error;
  }
  throw new Error(`not a line of the archive: ${line.slice(0, 120)}`, { cause });
}

function isArchiveLine(json: unknown): json is ArchiveLine {
  const { sequenceNumber, shardId, partitionKey, arrivedAt, data, raw } = (json ?? {}) as Partial<
    Record<keyof ArchiveLine, unknown>
  >;
  return (
    typeof sequenceNumber === 'string' &&
    isSequenceNumber(sequenceNumber) &&
    typeof shardId === 'string' &&
    typeof partitionKey === 'string' &&
    typeof arrivedAt === 'string' &&
    isCanonicalTimestamp(arrivedAt) &&
    (data === undefined ? typeof raw === 'string' : raw === undefined)
  );
}

function jsonText(data: Uint8Array): string | undefined {
  try {
    const text = utf8.decode(data);
    JSON.parse(text);
    return /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, ' ') : text;
  } catch {
    return undefined;
  }
}
