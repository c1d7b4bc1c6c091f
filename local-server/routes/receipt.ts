/** The answer to readings that were accepted, `PutReadingsReply` of `schemas.ts`. */
import type { AcceptedReading, RefusedReading } from '../../core/put-readings.ts';

/**
 * Written by hand, because there is one record for each reading and all are alike: a serialiser looks at every digit of
 * them for characters to escape, which takes as long as checking the reading.
 */
export function formatReceipt(accepted: readonly AcceptedReading[], rejected: readonly RefusedReading[]): Buffer {
  const shards = new Map<string, string>();
  let records = '';
  for (const { sequenceNumber, shardId, flag } of accepted) {
    let shard = shards.get(shardId);
    if (shard === undefined) shards.set(shardId, (shard = `","shardId":${JSON.stringify(shardId)}`));
    // Sequence numbers are decimal digits (`StreamRecord`).
    records += (records === '' ? '{"sequenceNumber":"' : '},{"sequenceNumber":"') + sequenceNumber + shard;
    if (flag !== undefined) records += `,"flag":"${flag}"`;
  }
  const text = `{"accepted":${accepted.length},"rejected":${JSON.stringify(rejected)},"records":[${records}}]}`;
  // ASCII is encoded several times as fast under its other name; only what was seen in a refused reading may be more.
  const ascii = rejected.length === 0 && [...shards.values()].every((shard) => /^[ -~]*$/.test(shard));
  return Buffer.from(text, ascii ? 'latin1' : 'utf8');
}
