/** Protocol Buffers, as far as it takes to find fields of bytes (https://protobuf.dev/programming-guides/encoding/). */

export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

const [VARINT, FIXED64, LENGTH_DELIMITED, FIXED32] = [0, 1, 2, 5];
/** A varint of 64 bits has ten bytes at most. */
const VARINT_BYTES = 10;

/** The bytes of each field with this number, in their order: views of the message. @throws MalformedMessage */
export function protobufFields(message: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < VARINT_BYTES; shift += 1) {
      const byte = message[at];
      if (byte === undefined) throw new MalformedMessage(`it ends in the middle of a number, at byte ${at}`);
      at += 1;
      // Multiplied, as shifting has 32 bits; what is beyond 2^53 is longer than any message.
      value += (byte & 0x7f) * 2 ** (7 * shift);
      if (byte < 0x80) return value;
    }
    throw new MalformedMessage(`a number of more than ten bytes, at byte ${at}`);
  };
  const skip = (bytes: number): Uint8Array => {
    if (at + bytes > message.length) throw new MalformedMessage(`a field is longer than the message, at byte ${at}`);
    const field = message.subarray(at, at + bytes);
    at += bytes;
    return field;
  };
  while (at < message.length) {
    const tag = varint();
    const type = tag % 8;
    if (type === VARINT) varint();
    else if (type === FIXED64) skip(8);
    else if (type === FIXED32) skip(4);
    else if (type === LENGTH_DELIMITED) {
      const field = skip(varint());
      if (Math.floor(tag / 8) === wanted) found.push(field);
    } else throw new MalformedMessage(`a field of the unknown type ${type}, at byte ${at}`);
  }
  return found;
}
