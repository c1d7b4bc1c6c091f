/** What a client asks of an object that it knows already, and of its parts (RFC 9110, sections 13 and 14). */
import type { IncomingHttpHeaders } from 'node:http';
import type { ArchivedObject } from '../../../core/ports.ts';
import { AwsError } from '../aws-error.ts';

type Known = Pick<ArchivedObject, 'etag' | 'modifiedAt'>;

/**
 * @returns whether the client has the object already, which is answered with 304.
 * @throws AwsError where the object is not the one that the client wants.
 */
export function isUnchanged(headers: IncomingHttpHeaders, { etag, modifiedAt }: Known): boolean {
  const second = Math.floor(modifiedAt / 1_000) * 1_000;
  const {
    'if-match': match,
    'if-none-match': noneMatch,
    'if-modified-since': modifiedSince,
    'if-unmodified-since': unmodifiedSince,
  } = headers;
  if (match !== undefined) {
    if (!lists(match, etag)) throw preconditionFailed('If-Match');
  } else if (second > dateOf(unmodifiedSince, Infinity)) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  return noneMatch === undefined ? second <= dateOf(modifiedSince, -Infinity) : lists(noneMatch, etag);
}

function lists(header: string, etag: string): boolean {
  const wanted = header.split(',').map((each) => each.trim().replace(/^W\//, '').replaceAll('"', ''));
  return wanted.includes('*') || wanted.includes(etag);
}

/** What is no date is passed over. */
function dateOf(header: string | undefined, without: number): number {
  const date = Date.parse(header ?? '');
  return Number.isNaN(date) ? without : date;
}

function preconditionFailed(condition: string): AwsError {
  return new AwsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412, {
    details: { Condition: condition },
  });
}

export interface ByteRange {
  /** Both inclusive. */
  readonly first: number;
  readonly last: number;
}

/**
 * S3 gives one range; several are answered with all bytes, and so is what is no range.
 * @returns `undefined` for all bytes.
 * @throws AwsError where the object has none of the bytes.
 */
export function readRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (from !== '' && to !== '' && Number(to) < first) return undefined;
  if (first <= last) return { first, last };
  throw new AwsError('InvalidRange', 'The requested range is not satisfiable', 416, {
    details: { RangeRequested: String(header), ActualObjectSize: String(size) },
  });
}
