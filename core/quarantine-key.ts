/**
 * Keys of the quarantine: `<date>/<sequence number>.json`, the UTC day of arrival and the record. One object per record,
 * so that a record quarantined twice is there once, and anyone finds it by the number in a log line.
 */
import { keyDate } from './archive-key.ts';
import type { StreamRecord } from './ports.ts';

export function formatQuarantineKey(record: Pick<StreamRecord, 'arrivedAt' | 'sequenceNumber'>): string {
  return `${keyDate(record.arrivedAt)}/${record.sequenceNumber}.json`;
}
