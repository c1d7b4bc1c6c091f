/**
 * Keys of the archive: `<date>/<first>-<last>.ndjson.gz`, for a single record `<date>/<sequence number>.ndjson.gz`.
 *
 * The date is the UTC day on which the batch's first record *arrived*, not that of the wall clock: a retry after
 * midnight must give the same key. Both ends of the batch are in the key: a retry of the same batch overwrites the same
 * object, and a retry with other bounds (bisection) never overwrites a longer one. Within a day the keys of a shard sort
 * in time order, because Kinesis's sequence numbers have 56 digits.
 */
import type { EpochMillis } from './ports.ts';
import { compareSequenceNumbers, isSequenceNumber } from './sequence-number.ts';
import { formatTimestamp, isCanonicalTimestamp } from './timestamp.ts';

export interface ArchiveKey {
  /** `YYYY-MM-DD`, UTC. */
  readonly date: string;
  readonly first: string;
  /** Not before `first`; the same for a single record. */
  readonly last: string;
}

const suffix = '.ndjson.gz';
const shape = /^(\d{4}-\d\d-\d\d)\/(\d+)(?:-(\d+))?\.ndjson\.gz$/;

/** The UTC day of an instant, as keys carry it. */
export function keyDate(instant: EpochMillis): string {
  return formatTimestamp(instant).slice(0, 10);
}

export function formatArchiveKey({ date, first, last }: ArchiveKey): string {
  return `${date}/${first === last ? first : `${first}-${last}`}${suffix}`;
}

/** Undoes `formatArchiveKey`; `undefined` where the key is none of ours. */
export function parseArchiveKey(key: string): ArchiveKey | undefined {
  const [, date, first, last = first] = shape.exec(key) ?? [];
  if (date === undefined || first === undefined || last === undefined) return undefined;
  const batch = { date, first, last };
  const valid =
    isCanonicalTimestamp(`${date}T00:00:00.000Z`) &&
    isSequenceNumber(first) &&
    isSequenceNumber(last) &&
    compareSequenceNumbers(first, last) <= 0;
  // Comparing refuses `<first>-<first>`, which is never written: a single record has one number.
  return valid && formatArchiveKey(batch) === key ? batch : undefined;
}
