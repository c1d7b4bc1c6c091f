/**
 * Lambda takes a payload of 6 MB, and that is measured on the JSON event, in which data is base64. A record's share is
 * its base64, its key (a character may be escaped as `\uXXXX`) and at most 700 bytes of names, numbers and ARNs.
 */
import { base64Length } from '../base64.ts';
import type { StreamRecord } from '../ports.ts';

export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;
const RECORD_OVERHEAD_BYTES = 700;

export function payloadBytes({ data, partitionKey }: StreamRecord): number {
  return base64Length(data.length) + partitionKey.length * 6 + RECORD_OVERHEAD_BYTES;
}
