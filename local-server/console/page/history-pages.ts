/**
 * Readings of several sensors, each paged from its newest reading back, as one table. A sensor whose older readings are
 * not loaded yet must not leave holes: rows end where the first sensor's loaded readings do.
 */
import type { HistoryPage, Reading } from './wire.ts';

/** What makes it the reading that it is. Keys are in time order. */
export function keyOf({ key, timestamp }: Reading): string {
  return key ?? timestamp;
}

export interface LoadedHistory {
  readonly sensorId: string;
  /** Newest first, one per key. */
  readonly readings: readonly Reading[];
  /** Where older readings follow. */
  readonly nextCursor?: string;
}

export interface HistoryRow extends Reading {
  readonly sensorId: string;
}

/** Adds an older page. */
export function withOlder(loaded: LoadedHistory, page: HistoryPage): LoadedHistory {
  const { sensorId } = loaded;
  const readings = [...loaded.readings, ...page.readings];
  return page.nextCursor === undefined ? { sensorId, readings } : { sensorId, readings, nextCursor: page.nextCursor };
}

/** Adds readings that have just been stored; of one key the later one holds. */
export function withStored(loaded: LoadedHistory, stored: readonly Reading[]): LoadedHistory {
  const oldest = loaded.nextCursor === undefined ? undefined : endOf(loaded);
  // What is older than what is loaded comes with its page.
  const fresh = stored.filter((reading) => oldest === undefined || keyOf(reading) >= oldest);
  if (fresh.length === 0) return loaded;
  const byKey = new Map([...loaded.readings, ...fresh].map((reading) => [keyOf(reading), reading]));
  const readings = [...byKey.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1));
  return { ...loaded, readings };
}

/** Newest first; without the readings that are older than the end of a sensor that has more. */
export function mergeRows(histories: readonly LoadedHistory[]): readonly HistoryRow[] {
  const horizon = horizonOf(histories);
  return histories
    .flatMap(({ sensorId, readings }) => readings.map((reading) => ({ sensorId, ...reading })))
    .filter((reading) => keyOf(reading) >= horizon)
    .sort((a, b) => (keyOf(a) === keyOf(b) ? 0 : keyOf(a) < keyOf(b) ? 1 : -1));
}

/** The sensors of which the next page is needed to show older rows. */
export function needingOlder(histories: readonly LoadedHistory[]): readonly LoadedHistory[] {
  const horizon = horizonOf(histories);
  return histories.filter((history) => history.nextCursor !== undefined && endOf(history) >= horizon);
}

/** Back to here every sensor's readings are loaded. */
function horizonOf(histories: readonly LoadedHistory[]): string {
  return histories
    .filter(({ nextCursor }) => nextCursor !== undefined)
    .map(endOf)
    .reduce((latest, key) => (key > latest ? key : latest), '');
}

/** Key of the oldest reading that is loaded. */
function endOf({ readings }: LoadedHistory): string {
  const last = readings.at(-1);
  return last === undefined ? '' : keyOf(last);
}

/**
 * The readings for a chart. One from the far future, of a wrong clock, would squeeze all others into a line: such readings are left
 * out while there are others. @returns How many were, too.
 */
export function plottable(histories: readonly LoadedHistory[]): {
  readonly histories: readonly LoadedHistory[];
  readonly leftOut: number;
} {
  const plausible = histories.map((history) => ({
    ...history,
    readings: history.readings.filter(({ flags }) => flags?.includes('far-future') !== true),
  }));
  const countOf = (all: readonly LoadedHistory[]) => all.reduce((sum, { readings }) => sum + readings.length, 0);
  const count = countOf(plausible);
  return count === 0 ? { histories, leftOut: 0 } : { histories: plausible, leftOut: countOf(histories) - count };
}

/** All sensors on one time axis, as the chart takes them: seconds, then one row of values per sensor. */
export function alignReadings(histories: readonly LoadedHistory[]): {
  readonly seconds: readonly number[];
  readonly values: readonly (readonly (number | null)[])[];
} {
  const rows = [...mergeRows(histories)].reverse();
  const seconds = new Map(rows.map((row) => [keyOf(row), secondsOf(row.timestamp)]));
  const values = histories.map(({ sensorId }) => {
    const own = new Map(rows.filter((row) => row.sensorId === sensorId).map((row) => [keyOf(row), row.value]));
    return [...seconds.keys()].map((key) => own.get(key) ?? null);
  });
  return { seconds: [...seconds.values()], values };
}

/** `Date.parse` reads no further than milliseconds. */
function secondsOf(timestamp: string): number {
  const finer = timestamp.slice('YYYY-MM-DDTHH:mm:ss.sss'.length, -1);
  return (Date.parse(timestamp) + (finer === '' ? 0 : Number(`0.${finer}`))) / 1_000;
}
