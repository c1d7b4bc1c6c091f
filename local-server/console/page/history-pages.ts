/**
 * Readings of several sensors, each paged from its newest reading back, as one table. A sensor whose older readings are
 * not loaded yet must not leave holes: rows end where the first sensor's loaded readings do.
 */
import type { HistoryPage, Reading } from './wire.ts';

export interface LoadedHistory {
  readonly sensorId: string;
  /** Newest first, one per timestamp. */
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

/** Adds readings that have just been stored; of one timestamp the later one holds. */
export function withStored(loaded: LoadedHistory, stored: readonly Reading[]): LoadedHistory {
  const oldest = loaded.nextCursor === undefined ? undefined : loaded.readings.at(-1)?.timestamp;
  // What is older than what is loaded comes with its page.
  const fresh = stored.filter(({ timestamp }) => oldest === undefined || timestamp >= oldest);
  if (fresh.length === 0) return loaded;
  const byTimestamp = new Map(loaded.readings.map((reading) => [reading.timestamp, reading]));
  for (const { timestamp, value } of fresh) byTimestamp.set(timestamp, { timestamp, value });
  const readings = [...byTimestamp.values()].sort((a, b) => (a.timestamp < b.timestamp ? 1 : -1));
  return { ...loaded, readings };
}

/** Newest first; without the readings that are older than the end of a sensor that has more. */
export function mergeRows(histories: readonly LoadedHistory[]): readonly HistoryRow[] {
  const horizon = horizonOf(histories);
  return histories
    .flatMap(({ sensorId, readings }) => readings.map((reading) => ({ sensorId, ...reading })))
    .filter(({ timestamp }) => timestamp >= horizon)
    .sort((a, b) => (a.timestamp === b.timestamp ? 0 : a.timestamp < b.timestamp ? 1 : -1));
}

/** The sensors of which the next page is needed to show older rows. */
export function needingOlder(histories: readonly LoadedHistory[]): readonly LoadedHistory[] {
  const horizon = horizonOf(histories);
  return histories.filter(
    ({ nextCursor, readings }) => nextCursor !== undefined && (readings.at(-1)?.timestamp ?? '') >= horizon,
  );
}

/** Back to here every sensor's readings are loaded. */
function horizonOf(histories: readonly LoadedHistory[]): string {
  return histories
    .filter(({ nextCursor }) => nextCursor !== undefined)
    .map(({ readings }) => readings.at(-1)?.timestamp ?? '')
    .reduce((latest, timestamp) => (timestamp > latest ? timestamp : latest), '');
}

/** All sensors on one time axis, as the chart takes them: seconds, then one row of values per sensor. */
export function alignReadings(histories: readonly LoadedHistory[]): {
  readonly seconds: readonly number[];
  readonly values: readonly (readonly (number | null)[])[];
} {
  const rows = [...mergeRows(histories)].reverse();
  const timestamps = [...new Set(rows.map(({ timestamp }) => timestamp))];
  const values = histories.map(({ sensorId }) => {
    const own = new Map(rows.filter((row) => row.sensorId === sensorId).map((row) => [row.timestamp, row.value]));
    return timestamps.map((timestamp) => own.get(timestamp) ?? null);
  });
  return { seconds: timestamps.map((timestamp) => Date.parse(timestamp) / 1_000), values };
}
