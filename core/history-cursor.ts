/**
 * The cursor of a history: opaque to clients, and nothing but the place of the last reading shown. It names a key, not
 * a count, so it stays right while new readings arrive. Format and parse undo each other.
 */
import { InvalidRequest } from './errors.ts';
import { parsePlace } from './reading-key.ts';

export interface HistoryPlace {
  readonly sensorId: string;
  readonly order: 'asc' | 'desc';
  /** Of the last reading shown (`placeOf`); the next page starts after it. */
  readonly place: string;
}

const version = 1;

export function formatHistoryCursor({ sensorId, order, place }: HistoryPlace): string {
  return Buffer.from(JSON.stringify([version, sensorId, order, place])).toString('base64url');
}

/**
 * The place to go on after.
 * @throws InvalidRequest where the cursor is none of ours or belongs to another sensor or order.
 */
export function parseHistoryCursor(cursor: unknown, expected: Pick<HistoryPlace, 'sensorId' | 'order'>): string {
  const [seenVersion, sensorId, order, place] = decode(cursor);
  if (seenVersion !== version || typeof place !== 'string' || parsePlace(place) === undefined) {
    throw new InvalidRequest('cursor', 'is not one that this service gave; leave it out to start at the first page');
  }
  if (sensorId !== expected.sensorId || order !== expected.order) {
    throw new InvalidRequest('cursor', 'belongs to another sensor or order; leave it out to start at the first page');
  }
  return place;
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
