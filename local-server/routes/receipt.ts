/** The answer to readings that were accepted, `PutReadingsReply` of `schemas.ts`. */
import type { Acceptances } from './acceptances.ts';
import type { Rejections } from './rejections.ts';

/**
 * @param replaced How many readings of the request a later one of it replaces.
 *
 * Written by hand, because there is one record for each reading and all are alike: a serialiser looks at every digit of
 * them for characters to escape, which takes as long as checking the reading.
 */
export function formatReceipt(accepted: Acceptances, rejections: Rejections, replaced: number): Buffer {
  const shards = new Map<string, string>();
  let records = '';
  // Where not all rejected readings are listed, the sender cannot count which ones these are.
  const indexed = rejections.capped;
  for (const { index, sequenceNumber, shardId, flags, readings } of accepted.told) {
    let shard = shards.get(shardId);
    if (shard === undefined) shards.set(shardId, (shard = `","shardId":${JSON.stringify(shardId)}`));
    // Sequence numbers are decimal digits (`StreamRecord`).
    records += (records === '' ? '{"sequenceNumber":"' : '},{"sequenceNumber":"') + sequenceNumber + shard;
    if (indexed) records += `,"index":${index}`;
    if (flags !== undefined) records += `,"flags":${JSON.stringify(flags)}`;
    if (readings !== undefined) records += `,"readings":${readings}`;
  }
  const leftOut = accepted.leftOut === 0 ? '' : `"leftOut":${accepted.leftOut},`;
  const overwritten = replaced === 0 ? '' : `"replaced":${replaced},`;
  const told = JSON.stringify(rejections.told()).slice(1, -1);
  const note = JSON.stringify(accepted.note()).slice(1, -1);
  const text = `{"accepted":${accepted.readings},${leftOut}${overwritten}${told},"records":[${records}}]${note === '' ? '' : `,${note}`}}`;
  // ASCII is encoded several times as fast under its other name; only what was seen in a refused reading may be more.
  const ascii = rejections.count === 0 && [...shards.values()].every((shard) => /^[ -~]*$/.test(shard));
  return Buffer.from(text, ascii ? 'latin1' : 'utf8');
}
