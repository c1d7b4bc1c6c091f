/**
 * From the bytes of a record to readings. One record may hold many: a batch, a list of lines, a message with several
 * measurements. Each decoder knows one format and recognises it by its content; the first that does so decodes.
 *
 * What no decoder recognises is refused as one part, and the reason says what it looks like.
 */
import type { Reason, ReadingResult } from '../reading.ts';
import { batch } from './batch.ts';
import { Content } from './content.ts';
import {
  type Decoded,
  type Decoder,
  type DecodingTools,
  type Envelope,
  refusal,
  unreadable,
  type Within,
} from './decoded.ts';
import { gzip } from './gzip.ts';
import { iotCoreEnvelope } from './iot-core-envelope.ts';
import { jsonArray } from './json-array.ts';
import { jsonObject, readContract } from './json-object.ts';
import { kpl } from './kpl.ts';
import { lineProtocol } from './line-protocol.ts';
import { looksLike } from './looks-like.ts';
import { ndjson } from './ndjson.ts';
import { numericLeaves } from './numeric-leaves.ts';
import { senml } from './senml.ts';

/** In the order in which they are asked. */
const decoders: readonly Decoder[] = [
  jsonObject,
  gzip,
  kpl,
  iotCoreEnvelope,
  senml,
  jsonArray,
  batch,
  numericLeaves,
  ndjson,
  lineProtocol,
];

/** Most bytes that a record may have in it once it is unpacked: 16 times what a record may have as a rule. */
const MAX_UNPACKED_BYTES = 16 * 1_048_576;
/** Most readings of a record. A megabyte has at most some 40,000 of the shortest. */
const MAX_PARTS = 100_000;
/** Formats within formats: gzip, aggregate, envelope, gzip, list, batch, reading. */
const MAX_DEPTH = 8;
/** Reasons that are told of one record; the others are counted. */
const MAX_REASONS = 100;

/** What a record holds: at least one part. */
export function decode(bytes: Uint8Array, envelope: Envelope, tools: DecodingTools): Decoded {
  const known = tools.decoders === undefined ? decoders : [...tools.decoders, ...decoders];
  let left = MAX_UNPACKED_BYTES;
  let parts = 0;
  const at = (depth: number): Within => ({
    decode: (inside, itsEnvelope) => {
      if (depth > MAX_DEPTH)
        return unreadable('json', 'must not be packed so often', `${MAX_DEPTH} formats in one another`);
      if (parts > MAX_PARTS) return { format: 'json', parts: [], leftOut: 0 };
      const decoded = pick(known, inside, itsEnvelope, at(depth + 1));
      // Lists count what they hold.
      if (decoded.parts.length === 1) parts += 1;
      return decoded;
    },
    unpack: (packed) => {
      const unpacked = tools.decompressNow(packed, left);
      left -= unpacked.length;
      return unpacked;
    },
  });
  const decoded = at(0).decode(Content.of(bytes), envelope);
  if (parts > MAX_PARTS || decoded.parts.length > MAX_PARTS) {
    return unreadable(decoded.format, `must hold at most ${MAX_PARTS} readings`, 'more');
  }
  if (decoded.parts.length > 0) return decoded;
  const seen = decoded.leftOut === 0 ? 'nothing' : `${decoded.leftOut} values that are texts, booleans or nulls`;
  return { ...decoded, parts: [refusal('must have a number that can be a reading', seen)] };
}

/** The reasons of all parts that are no readings, each with its part where the record has several. */
export function reasonsOf({ parts }: Decoded): readonly Reason[] {
  const reasons: Reason[] = [];
  let refused = 0;
  parts.forEach((part, index) => {
    if (part.ok) return;
    refused += 1;
    if (refused > MAX_REASONS) return;
    for (const reason of part.reasons) reasons.push(parts.length === 1 ? reason : { ...reason, part: index });
  });
  if (refused > MAX_REASONS) {
    reasons.push({
      field: 'body',
      rule: `must have readings only, of its ${parts.length} parts`,
      seen: `${refused} that are none`,
    });
  }
  return reasons;
}

function pick(known: readonly Decoder[], content: Content, envelope: Envelope, within: Within): Decoded {
  const decoder = known.find(({ recognises }) => recognises(content, envelope));
  if (decoder !== undefined) return decoder.decode(content, envelope, within);
  const contract = readContract(content, envelope);
  return { ...contract, parts: contract.parts.map((part) => explained(part, content)) };
}

/** What is not JSON at all: the reason says what it looks like. */
function explained(part: ReadingResult, { bytes, text, json }: Content): ReadingResult {
  if (part.ok || json !== undefined) return part;
  const guess = looksLike(bytes, text);
  if (guess === undefined) return part;
  return {
    ok: false,
    reasons: part.reasons.map((reason) => ({
      ...reason,
      seen: `${reason.seen}, which looks like ${guess.what}: ${guess.advice}`,
    })),
  };
}
