/** Which places (`reading-key.ts`) a query asks for. Every store has the same range, as texts, for its sort key. */
import { InvalidRequest } from './errors.ts';
import { parseMoment } from './moment.ts';
import type { ReadingQuery } from './ports.ts';
import { isInMillis, parsePlace, placeOfTime } from './reading-key.ts';

/** Both ends inclusive; empty where the first is behind the last. */
export interface PlaceRange {
  readonly first: string;
  readonly last: string;
}

/** Before and behind all places. No key of DynamoDB is empty. */
const START = '0';
/** Behind whatever a place can go on with. */
const END = '~';

/** An end in milliseconds means the whole millisecond; a finer one means itself. */
export function placesBetween(from: string | undefined, to: string | undefined): PlaceRange {
  return {
    first: from === undefined ? START : placeOfTime(from),
    last: to === undefined ? END : isInMillis(to) ? `${to}${END}` : placeOfTime(to),
  };
}

/**
 * The range that a query goes on with. The place of `after` may be its end, and is to be left out.
 * @throws InvalidRequest where an end is no time, as a store would compare its text.
 */
export function rangeOf({ from, to, after, order }: ReadingQuery): PlaceRange {
  checkTime('from', from);
  checkTime('to', to);
  const { first, last } = placesBetween(from, to);
  if (after === undefined) return { first, last };
  if (parsePlace(after) === undefined) {
    throw new InvalidRequest('after', `is ${after}, but must be the place of a reading`);
  }
  return order === 'asc'
    ? { first: after > first ? after : first, last }
    : { first, last: after < last ? after : last };
}

function checkTime(field: string, time: string | undefined): void {
  if (time === undefined || parseMoment(time) !== undefined) return;
  throw new InvalidRequest(field, `is ${time}, but must be UTC ISO 8601 with milliseconds or finer`);
}
