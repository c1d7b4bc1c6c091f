import { formatArchiveLines } from '../../core/archive-line.ts';
import type { StreamRecord } from '../../core/ports.ts';

/** The line of one record as text, without its line feed. */
export function archiveLineText(record: StreamRecord): string {
  return Buffer.from(formatArchiveLines([record]))
    .toString()
    .replace(/\n$/, '');
}
