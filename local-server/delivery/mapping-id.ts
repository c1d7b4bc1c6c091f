import { createHash } from 'node:crypto';

/** A namespace of our own. */
const NAMESPACE = Buffer.from('f3b7c1f25d0e4c0f9a5b2f6a1f7d9c34', 'hex');

/**
 * The id of an event source mapping: a UUID of version 5 (RFC 9562) over what it connects, so that it is the same after each
 * start of the server. What was given up is filed under it.
 */
export function mappingIdOf(streamArn: string, functionArn: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(`${streamArn} ${functionArn}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
