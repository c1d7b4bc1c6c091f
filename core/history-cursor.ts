/**
 * The cursor of a history: opaque to clients, and nothing but the place of the last reading shown. It names a key, not
 * a count, so it stays right while new readings arrive. Format and parse undo each other.
 */
import { InvalidRequest } from './errors.ts';
import { isCanonicalTimestamp } from './timestamp.ts';

export interface HistoryPlace {
  readonly sensorId: string;
  readonly order: 'asc' | 'desc';
  /** Of the last reading shown; the next page starts after it. */
  readonly timestamp: string;
}

const version = 1;

export function formatHistoryCursor({ sensorId, order, timestamp }: HistoryPlace): string {
  return Buffer.from(JSON.stringify([version, sensorId, order, timestamp])).toString('base64url');
}

/**
 * The timestamp to go on after.
 * @throws InvalidRequest where the cursor is none of ours or belongs to another sensor or order.
 */
export function parseHistoryCursor(cursor: unknown, expected: Pick<HistoryPlace, 'sensorId' | 'order'>): string {
  const [seenVersion, sensorId, order, timestamp] = decode(cursor);
  if (seenVersion !== version || typeof timestamp !== 'string' || !isCanonicalTimestamp(timestamp)) {
    throw new InvalidRequest('cursor', 'is not one that this service gave; leave it out to start at the first page');
  }
  if (sensorId !== expected.sensorId || order !== expected.order) {
    throw new InvalidRequest('cursor', 'belongs to another sensor or order; leave it out to start at the first page');
  }
  return timestamp;
}

function decode(cursor: unknown): readonly unknown[] {
  if (typeof cursor !== 'string') return [];
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(place) ? place : [];
  } catch {
    return [];
  }
}
