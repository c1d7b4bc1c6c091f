/**
 * A record's share of an event: its base64, its key (a character may be escaped as `\uXXXX`) and at most 700 bytes of names,
 * numbers and ARNs.
 */
import { base64Length } from '../base64.ts';
import type { StreamRecord } from '../ports.ts';

const RECORD_OVERHEAD_BYTES = 700;

export function payloadBytes({ data, partitionKey }: StreamRecord): number {
  return base64Length(data.length) + partitionKey.length * 6 + RECORD_OVERHEAD_BYTES;
}
