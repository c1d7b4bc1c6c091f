/**
 * What bytes look like that no decoder reads, by how they begin, and what their sender can do. It is a guess, and said so: it
 * helps whoever finds the record in the quarantine.
 */
import { hasByteOrderMark } from './content.ts';

export interface Guess {
  /** `CBOR (RFC 8949)` */
  readonly what: string;
  readonly advice: string;
}

const sendJson = 'send JSON';

interface Beginning extends Guess {
  readonly bytes: readonly number[];
}

const beginnings: readonly Beginning[] = [
  { bytes: [0x1f, 0x8b], what: 'gzip (1f 8b) that is not whole', advice: 'send all of its bytes' },
  {
    bytes: [0xf3, 0x89, 0x9a, 0xc2],
    what: 'a KPL aggregate (f3 89 9a c2) that is not whole',
    advice: 'send all of it',
  },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], what: 'zstd (28 b5 2f fd)', advice: 'compress with gzip, or not at all' },
  { bytes: [0x04, 0x22, 0x4d, 0x18], what: 'LZ4 (04 22 4d 18)', advice: 'compress with gzip, or not at all' },
  { bytes: [0xff, 0x06, 0x00, 0x00, 0x73, 0x4e], what: 'framed Snappy', advice: 'compress with gzip, or not at all' },
  { bytes: [0x42, 0x5a, 0x68], what: 'bzip2 (42 5a 68)', advice: 'compress with gzip, or not at all' },
  {
    bytes: [0x50, 0x4b, 0x03, 0x04],
    what: 'a ZIP file (50 4b 03 04)',
    advice: 'send its content, compressed with gzip or not at all',
  },
  {
    bytes: [0x4f, 0x62, 0x6a, 0x01],
    what: 'an Avro object container (4f 62 6a 01)',
    advice: `decode it before, and ${sendJson}`,
  },
  {
    bytes: [0xc3, 0x01],
    what: 'Avro in the single-object encoding (c3 01)',
    advice: `decode it before, and ${sendJson}`,
  },
  { bytes: [0x50, 0x41, 0x52, 0x31], what: 'Parquet (50 41 52 31)', advice: `decode it before, and ${sendJson}` },
  { bytes: [0xd9, 0xd9, 0xf7], what: 'CBOR (d9 d9 f7)', advice: `${sendJson}, or add a decoder (docs/decoders.md)` },
  { bytes: [0xff, 0xfe], what: 'UTF-16 (ff fe)', advice: 'send UTF-8' },
  { bytes: [0xfe, 0xff], what: 'UTF-16 (fe ff)', advice: 'send UTF-8' },
  { bytes: [0x89, 0x50, 0x4e, 0x47], what: 'a PNG image', advice: 'send readings' },
  { bytes: [0xff, 0xd8, 0xff], what: 'a JPEG image', advice: 'send readings' },
  { bytes: [0x25, 0x50, 0x44, 0x46], what: 'a PDF file', advice: 'send readings' },
];

/** @param text The bytes as UTF-8; `undefined` where they are none. */
export function looksLike(bytes: Uint8Array, text: string | undefined): Guess | undefined {
  const magic = beginnings.find(({ bytes: begin }) => begin.every((byte, at) => bytes[at] === byte));
  if (magic !== undefined) return magic;
  // Every other byte of Latin letters and digits is 0.
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  const isLittleEndian = first > 0 && second === 0 && third > 0 && fourth === 0;
  const isBigEndian = first === 0 && second > 8 && third === 0 && fourth > 8;
  if (bytes.length >= 4 && (isLittleEndian || isBigEndian)) return { what: 'UTF-16', advice: 'send UTF-8' };
  if (text !== undefined) return looksLikeText(text);
  // The header of zlib is a multiple of 31 (RFC 1950, section 2.2).
  if ((first & 0x0f) === 8 && first >> 4 <= 7 && (first * 256 + second) % 31 === 0) {
    return { what: `zlib (${hex(first)} ${hex(second)})`, advice: 'compress with gzip, or not at all' };
  }
  // The key of field 1: a number, or bytes.
  if (first === 0x08 || first === 0x0a) return { what: 'Protocol Buffers', advice: sendJson };
  // A schema registry puts a zero and four bytes of the schema's id in front of Avro.
  if (first === 0 && bytes.length > 5) {
    return {
      what: 'a message of a schema registry (00 and an id), such as Avro',
      advice: `decode it before, and ${sendJson}`,
    };
  }
  return looksLikeMap(bytes, first) ?? latin1(bytes);
}

/** Maps of both formats begin with their size; a name in ASCII follows, whose first byte tells which of the two it is. */
function looksLikeMap(bytes: Uint8Array, first: number): Guess | undefined {
  const second = bytes[1] ?? 0;
  const cbor = { what: 'CBOR (RFC 8949)', advice: `${sendJson}, or add a decoder (docs/decoders.md)` };
  const messagePack = { what: 'MessagePack', advice: sendJson };
  const isCborText = second >= 0x60 && second <= 0x7b && isAscii(bytes.subarray(2, 2 + Math.min(second - 0x60, 8)));
  const isPackText = second >= 0xa1 && second <= 0xbf && isAscii(bytes.subarray(2, 2 + Math.min(second - 0xa0, 8)));
  if (first >= 0xa0 && first <= 0xb7 && isCborText) return cbor;
  if (first === 0xbf && isCborText) return cbor;
  if (first >= 0x80 && first <= 0x8f && isPackText) return messagePack;
  if ((first === 0xde || first === 0xdf) && bytes.length > 4) return messagePack;
  if (first >= 0x90 && first <= 0x9f && second >= 0x80 && second <= 0x8f) return messagePack;
  if (first >= 0x80 && first <= 0x9b && second >= 0xa0 && second <= 0xb7) return cbor;
  return undefined;
}

function looksLikeText(text: string): Guess | undefined {
  const start = text.slice(0, 200).trimStart();
  if (start === '') return { what: 'nothing but white space', advice: 'send a reading' };
  if (/^<(?:!doctype html|html\b)/i.test(start))
    return { what: 'a web page (HTML)', advice: 'look at what its sender got it from' };
  if (start.startsWith('<')) return { what: 'XML', advice: sendJson };
  if (/^\{\s*'|^\{\s*\w+\s*:/.test(start))
    return { what: 'an object that is not JSON: names need double quotes', advice: sendJson };
  if (/[{[,:]\s*(?:NaN|-?Infinity|nan|None|True|False)\b/.test(text.slice(0, 10_000))) {
    return { what: 'JSON with NaN, Infinity or None', advice: 'send null, or leave the reading out' };
  }
  if (start.startsWith('{') || start.startsWith('['))
    return { what: 'JSON that was cut or is not correct', advice: 'send all of it' };
  if (/^[A-Za-z0-9+/]{16,}={0,2}$/.test(text.trim())) return { what: 'base64', advice: 'send the bytes themselves' };
  const [header = ''] = start.split(/\r?\n/, 1);
  if (/^[^,;\t{]+(?:[,;\t][^,;\t]+)+$/.test(header)) {
    return { what: 'CSV', advice: 'replay the file with npm run simulate -- --csv' };
  }
  return undefined;
}

/** Text in an older encoding: letters of ASCII, and few bytes that are none. */
function latin1(bytes: Uint8Array): Guess | undefined {
  const start = bytes.subarray(hasByteOrderMark(bytes) ? 3 : 0, 2_000);
  const printable = start.filter(
    (byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 9,
  );
  if (start.length === 0 || printable.length / start.length < 0.8) return undefined;
  return { what: 'text that is not UTF-8, such as Latin-1', advice: 'send UTF-8' };
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
