/** CBOR as Jackson's generator writes it for the Java SDKs: maps and lists of indefinite length, byte strings. */
export const BREAK = Uint8Array.of(0xff);

function head(major: number, length: number): Uint8Array {
  if (length < 24) return Uint8Array.of((major << 5) | length);
  if (length < 256) return Uint8Array.of((major << 5) | 24, length);
  const bytes = Buffer.alloc(5);
  bytes[0] = (major << 5) | 26;
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

export function jackson(value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') return Buffer.from(head(0, value));
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([Uint8Array.of(0x9f), ...value.map(jackson), BREAK]);
  const members = Object.entries(value as object).flatMap(([name, member]) => [jackson(name), jackson(member)]);
  return Buffer.concat([Uint8Array.of(0xbf), ...members, BREAK]);
}
