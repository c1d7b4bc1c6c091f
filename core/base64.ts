/** base64, as Kinesis events, archive lines and failure records carry bytes. */

/** No copy is made of the bytes. */
export function encodeBase64(data: Uint8Array): string {
  const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return bytes.toString('base64');
}

/** Characters that so many bytes take, padding included. */
export function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}
