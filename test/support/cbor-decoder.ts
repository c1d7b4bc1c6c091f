/** CBOR (RFC 8949): what is inside has the shapes that JSON has. */
import { decode } from 'cborg';
import { Content } from '../../core/decoding/content.ts';
import { type Decoder, unreadable } from '../../core/decoding/decoded.ts';

/** Of the first byte: a list or a map with its length, one without, or the tag that says "this is CBOR". */
const isCbor = (first: number): boolean => (first >= 0x80 && first <= 0xbf) || first === 0xd9;

export const cbor: Decoder = {
  format: 'cbor',

  // Text in UTF-8 never begins with such a byte.
  recognises: ({ bytes }) => isCbor(bytes[0] ?? 0),

  decode({ bytes }, envelope, within) {
    try {
      return within.decode(Content.ofJson(decode(bytes, { tags: { 55799: (value: unknown) => value } })), envelope);
    } catch (error) {
      return unreadable('cbor', 'must be CBOR', error instanceof Error ? error.message : String(error));
    }
  },
};
