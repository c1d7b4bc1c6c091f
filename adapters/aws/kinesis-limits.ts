/** What Kinesis takes in one record and in one request (PutRecords in the API Reference; Quotas in the Developer Guide). */
import type { StreamEvent } from '../../core/ports.ts';

export const MAX_RECORDS = 500;
/**
 * Kinesis takes 10 MiB since October 2025; emulators hold callers to the 5 MiB of before. Larger requests gain nothing,
 * since a shard takes 1 MB a second.
 */
export const MAX_REQUEST_BYTES = 5 * 1_048_576;
/** The default of a stream, which can be raised. */
const MAX_RECORD_BYTES = 1_048_576;
const MAX_KEY_CHARACTERS = 256;
const hashKeyPattern = /^(0|[1-9]\d{0,38})$/;

/** Data and partition key count together, in a record and in a request. */
export function bytesOf({ partitionKey, data }: StreamEvent): number {
  return data.length + Buffer.byteLength(partitionKey);
}

/** Why no stream takes the event, as a sentence; `undefined` where nothing is wrong with it. */
export function problemOf(event: StreamEvent): string | undefined {
  const { partitionKey, explicitHashKey } = event;
  const characters = Array.from(partitionKey).length;
  if (characters < 1 || characters > MAX_KEY_CHARACTERS) {
    return `The partition key must have 1 to ${MAX_KEY_CHARACTERS} characters, but has ${characters}.`;
  }
  // UTF-8 has no lone surrogates: on the wire the key would become another one.
  if (/\p{Cs}/u.test(partitionKey)) return 'The partition key must not contain lone surrogates.';
  if (explicitHashKey !== undefined && !isHashKey(explicitHashKey)) {
    return `The explicit hash key must be a decimal number from 0 to 2^128 - 1, but is "${explicitHashKey}".`;
  }
  const bytes = bytesOf(event);
  if (bytes <= MAX_RECORD_BYTES) return undefined;
  return `Data and partition key must have at most ${MAX_RECORD_BYTES} bytes together, but have ${bytes}.`;
}

function isHashKey(text: string): boolean {
  return hashKeyPattern.test(text) && BigInt(text) < 2n ** 128n;
}
