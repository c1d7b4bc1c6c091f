/**
 * Keys of the archive: `<date>/<first>-<last>.<shard>.ndjson.gz`, for a single record `<date>/<sequence number>.<shard>.ndjson.gz`.
 *
 * The date is the UTC day on which the batch's first record *arrived*, not that of the wall clock: a retry after
 * midnight must give the same key. Both ends of the batch are in the key: a retry of the same batch gives the same key, and
 * a retry with other bounds (bisection) never meets a longer one. The shard is in it because Kinesis promises that sequence
 * numbers differ within a shard only; emulators count 1, 2, 3 in every shard.
 *
 * `<first>-<last>_2.<shard>.ndjson.gz` is the second object of these numbers, `_3` the third: they exist only where the key
 * was taken by other records (docs/adr/0010), for instance of an emulator that was started anew.
 *
 * Order: a listing goes by day, and within a day by the text of the first sequence number. Kinesis's numbers have 56 digits,
 * so that this is the order of time, through all shards. Numbers of an emulator have unequal lengths: whoever needs an
 * order there compares `first` with `compareSequenceNumbers`, shard by shard.
 *
 * Objects that were written before the shard was in the key have none. They are read like all others.
 */
import { InvalidRequest } from './errors.ts';
import type { EpochMillis } from './ports.ts';
import { compareSequenceNumbers, isSequenceNumber } from './sequence-number.ts';
import { formatTimestamp, isCanonicalTimestamp } from './timestamp.ts';

export interface ArchiveKey {
  /** `YYYY-MM-DD`, UTC. */
  readonly date: string;
  readonly first: string;
  /** Not before `first`; the same for a single record. */
  readonly last: string;
  /** Absent in keys of old objects only. */
  readonly shardId?: string;
  /** From 2 on, where it is not the first object of these numbers. Goes with a shard only. */
  readonly copy?: number;
}

const suffix = '.ndjson.gz';
/** API reference of Kinesis, `ShardId`. */
const shardPattern = /^[a-zA-Z0-9_.-]{1,128}$/;
const shape = /^(\d{4}-\d\d-\d\d)\/(\d+)(?:-(\d+))?(?:_(\d{1,9}))?(?:\.([a-zA-Z0-9_.-]{1,128}))?\.ndjson\.gz$/;

/** The UTC day of an instant, as keys carry it. */
export function keyDate(instant: EpochMillis): string {
  return formatTimestamp(instant).slice(0, 10);
}

/** @throws InvalidRequest where a part is none that a stream can give, such as a shard with a slash in its name. */
export function formatArchiveKey({ date, first, last, shardId, copy }: ArchiveKey): string {
  for (const number of [first, last]) {
    if (!isSequenceNumber(number)) throw new InvalidRequest('sequenceNumber', `is ${number}, which is none of Kinesis`);
  }
  if (shardId !== undefined && !shardPattern.test(shardId)) {
    throw new InvalidRequest('shardId', `is ${shardId}, which is none of Kinesis`);
  }
  const numbers = first === last ? first : `${first}-${last}`;
  return `${date}/${numbers}${copy === undefined ? '' : `_${copy}`}${shardId === undefined ? '' : `.${shardId}`}${suffix}`;
}

/** Undoes `formatArchiveKey`; `undefined` where the key is none of ours. */
export function parseArchiveKey(key: string): ArchiveKey | undefined {
  const [, date, first, last = first, copy, shardId] = shape.exec(key) ?? [];
  if (date === undefined || first === undefined || last === undefined) return undefined;
  const batch: ArchiveKey = {
    date,
    first,
    last,
    ...(shardId !== undefined && { shardId }),
    ...(copy !== undefined && { copy: Number(copy) }),
  };
  const valid =
    isCanonicalTimestamp(`${date}T00:00:00.000Z`) &&
    isSequenceNumber(first) &&
    isSequenceNumber(last) &&
    compareSequenceNumbers(first, last) <= 0 &&
    (batch.copy === undefined || (batch.copy >= 2 && shardId !== undefined));
  // Comparing refuses `<first>-<first>`, which is never written: a single record has one number.
  return valid && formatArchiveKey(batch) === key ? batch : undefined;
}
