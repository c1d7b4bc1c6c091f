/** Which protocol a client speaks, by the first bytes that it sends. */

export type Protocol = 'http1' | 'http2' | 'tls';

/** RFC 9113, section 3.4: what a client that speaks HTTP/2 sends first. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** RFC 8446, section 5.1: the first byte of a handshake. No HTTP request begins with it. */
const TLS_HANDSHAKE = 0x16;

/** @returns undefined where more bytes are needed to tell. */
export function protocolOf(start: Uint8Array): Protocol | undefined {
  if (start.length === 0) return undefined;
  if (start[0] === TLS_HANDSHAKE) return 'tls';
  const compared = Math.min(start.length, preface.length);
  if (!preface.subarray(0, compared).equals(start.subarray(0, compared))) return 'http1';
  return compared === preface.length ? 'http2' : undefined;
}
