/**
 * Lines of an archive object: `{sequenceNumber, shardId, partitionKey, arrivedAt, data}`, or `raw` (base64) instead of
 * `data` where the bytes are not JSON.
 *
 * `data` is the JSON *as the device wrote it*, not parsed and written again: that would turn 1e400 into null and round
 * integers beyond 2^53, and what the archive does not hold cannot be collected again (docs/adr/0003). Line breaks can
 * stand in JSON only between tokens, so they become spaces and a record stays one line.
 */
import { base64Length, encodeBase64 } from './base64.ts';
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

// A byte order mark in front of JSON means nothing, and every reader of the record leaves it out; so does the decoder.
const utf8 = new TextDecoder('utf-8', { fatal: true });

const lineBreak = /[\r\n]/;
const lineBreaks = /[\r\n]/g;
/**
 * Line breaks to some readers, though not to JSON: `str.splitlines` of Python, and `readline` of Node from 24 on. In JSON they stand
 * only within strings, where the escape means the same.
 */
const separator = /[\u2028\u2029\u0085]/;
const separators = /[\u2028\u2029\u0085]/g;
/** The escape of half a character. Strict parsers refuse the whole line for it (RFC 8259, section 8.2). */
const surrogate = /\\u[dD][89a-fA-F]/;
const halfCharacter = /\p{Cs}/gu;
const pair = /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}/g;
const escapedBackslash = '\\\\';

/** What stands in a line whatever the record is: names of members, punctuation, the timestamp. */
const FRAME_BYTES = 160;

/** The lines of these records, each with its line feed, in UTF-8: written into one piece of memory, line by line. */
export function formatArchiveLines(records: readonly StreamRecord[]): Uint8Array {
  let lines: Buffer = Buffer.allocUnsafe(records.reduce((sum, record) => sum + mostBytes(record), 0));
  let end = 0;
  for (const record of records) {
    const line = formatArchiveLine(record);
    // Escapes are longer than what they stand for, and seldom. A character has at most three bytes.
    if (lines.length - end < line.length * 3) lines = withRoom(lines, end, Buffer.byteLength(line));
    // The encoding is named, as Node 20 takes twice as long to find out that there is none.
    end += lines.write(line, end, 'utf8');
  }
  return lines.subarray(0, end);
}

function withRoom(lines: Buffer, end: number, bytes: number): Buffer {
  if (lines.length - end >= bytes) return lines;
  const larger = Buffer.allocUnsafe(Math.max(2 * lines.length, end + bytes));
  lines.copy(larger, 0, 0, end);
  return larger;
}

/** In a string a character takes at most the six bytes of `\uXXXX`. */
function mostBytes({ sequenceNumber, shardId, partitionKey, data }: StreamRecord): number {
  return FRAME_BYTES + sequenceNumber.length + (shardId.length + partitionKey.length) * 6 + base64Length(data.length);
}

function formatArchiveLine({ sequenceNumber, shardId, partitionKey, arrivedAt, data }: StreamRecord): string {
  const json = jsonText(data);
  const content = json === undefined ? `"raw":"${encodeBase64(data)}"` : `"data":${json}`;
  return `{"sequenceNumber":"${sequenceNumber}","shardId":${jsonString(shardId)},"partitionKey":${jsonString(partitionKey)},"arrivedAt":"${formatTimestamp(arrivedAt)}",${content}}\n`;
}

/** Undoes `formatArchiveLines` for one line, without its line feed. @throws Error where the line is none of ours. */
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

/** The JSON as it was sent, but for characters that break lines; `undefined` where the bytes are no JSON for every reader. */
function jsonText(data: Uint8Array): string | undefined {
  try {
    const text = utf8.decode(data);
    JSON.parse(text);
    if (surrogate.test(text) && hasLoneSurrogate(text)) return undefined;
    const line = lineBreak.test(text) ? text.replace(lineBreaks, ' ') : text;
    return separator.test(line) ? line.replace(separators, escaped) : line;
  } catch {
    return undefined;
  }
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function hasLoneSurrogate(json: string): boolean {
  return surrogate.test(json.replaceAll(escapedBackslash, '').replaceAll(pair, ''));
}

/** Of a name or key: told with what stands for half a character (U+FFFD), which no UTF-8 can hold. */
function jsonString(text: string): string {
  return JSON.stringify(text.replace(halfCharacter, '\ufffd')).replace(separators, escaped);
}
