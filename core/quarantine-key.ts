/**
 * Keys of the quarantine: `<date>/<sequence number>-<shard>.json`, the UTC day of arrival and the record. One object per
 * record, so that a record quarantined twice is there once, and anyone finds it by the number in a log line. The shard is
 * in it because Kinesis promises that numbers differ within a shard only. A copy, from 2 on, is another record with the same
 * numbers, of a stream that was made anew under its name (docs/adr/0010).
 */
import { keyDate } from './archive-key.ts';
import type { StreamRecord } from './ports.ts';

export function formatQuarantineKey(
  record: Pick<StreamRecord, 'arrivedAt' | 'sequenceNumber' | 'shardId'>,
  copy = 1,
): string {
  const suffix = copy === 1 ? '' : `_${copy}`;
  return `${keyDate(record.arrivedAt)}/${record.sequenceNumber}-${record.shardId}${suffix}.json`;
}
