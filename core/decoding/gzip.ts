/** gzip (RFC 1952) around any other format: clients compress to save bytes. */
import { Content } from './content.ts';
import { type Decoder, unreadable } from './decoded.ts';

const FORMAT = 'gzip';

export const gzip: Decoder = {
  format: FORMAT,

  // ID1, ID2 and CM, which is 8 (deflate).
  recognises: ({ bytes }) => bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8,

  decode({ bytes }, envelope, { decode, unpack }) {
    let unpacked: Uint8Array;
    try {
      unpacked = unpack(bytes);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return unreadable(FORMAT, 'must be whole gzip of at most 16 MiB unpacked', `${bytes.length} bytes (${why})`);
    }
    const inside = decode(Content.of(unpacked), envelope);
    return { ...inside, format: `gzip, ${inside.format}` };
  },
};
