/** What decoders take and give. `decode.ts` lists them. */
import type { EpochMillis } from '../ports.ts';
import type { Reason, ReadingResult } from '../reading.ts';
import type { Content } from './content.ts';

/** What is known of the bytes besides themselves. */
export interface Envelope {
  /** When the bytes arrived: the time of a reading that brings none, and what relative times are relative to. */
  readonly arrivedAt: EpochMillis;
  /** The MQTT topic that they were published to. It names the device where the bytes do not. */
  readonly topic?: string;
}

/** What the bytes of a record hold. */
export interface Decoded {
  /** Which decoder read it: `json`, `senml`, `line-protocol`, … */
  readonly format: string;
  /** In their order; each is a reading, or the reasons why it is none. */
  readonly parts: readonly ReadingResult[];
  /** Values that no reading can have, such as texts and booleans, which the format allows. */
  readonly leftOut: number;
  /** What sent the record, if it says so: records of one source belong in one order. */
  readonly source?: string;
}

/** One format. It is a file of its own, which cites the specification, and a line in the list of `decode.ts`. */
export interface Decoder {
  readonly format: string;
  /** Whether the bytes are meant to be of this format, so that what is wrong with them is to be told in its terms. */
  readonly recognises: (content: Content, envelope: Envelope) => boolean;
  readonly decode: (content: Content, envelope: Envelope, within: Within) => Decoded;
}

/** What decoding needs from outside of the core. */
export interface DecodingTools {
  /** Unpacks gzip. @throws Error where the bytes are no whole gzip, or hold more than `maxBytes`. */
  decompressNow(bytes: Uint8Array, maxBytes: number): Uint8Array;
  /** Further formats, asked before those of `decode.ts`: for decoders that need a library. */
  readonly decoders?: readonly Decoder[];
}

/** Decodes what is inside: a line, an element, unpacked bytes. */
export interface Within {
  readonly decode: (content: Content, envelope: Envelope) => Decoded;
  /** Unpacks gzip. @throws Error where the bytes are no whole gzip, or have more in them than a record may. */
  readonly unpack: (bytes: Uint8Array) => Uint8Array;
}

/** A record that is none of its format, as a whole. */
export function unreadable(format: string, rule: string, seen: string): Decoded {
  return { format, parts: [refusal(rule, seen)], leftOut: 0 };
}

export function refusal(rule: string, seen: string): ReadingResult {
  const reasons: readonly Reason[] = [{ field: 'body', rule, seen }];
  return { ok: false, reasons };
}

/** All parts of what was inside. */
export function joined(format: string, inside: Iterable<Decoded>, leftOut = 0): Decoded {
  const parts: ReadingResult[] = [];
  let left = leftOut;
  let source: string | undefined;
  for (const each of inside) {
    for (const part of each.parts) parts.push(part);
    left += each.leftOut;
    source ??= each.source;
  }
  return { format, parts, leftOut: left, ...(source !== undefined && { source }) };
}
