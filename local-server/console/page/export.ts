/** A sensor's history as files and as a command. */
import { csvField } from '../../../core/csv-field.ts';
import type { HistoryPage, Reading } from './wire.ts';

/** `excel` is CSV with a byte order mark: without it Excel takes UTF-8 for the code page of the machine. */
export type ExportFormat = 'csv' | 'excel' | 'ndjson';

export const EXPORT_PAGE = 1_000;

export function exportHeader(format: ExportFormat): string {
  if (format === 'ndjson') return '';
  return `${format === 'excel' ? '\ufeff' : ''}sensorid,timestamp,value\r\n`;
}

/** One line of the file, with its line end (RFC 4180 for CSV). */
export function exportLine(format: ExportFormat, sensorId: string, { timestamp, value }: Reading): string {
  if (format === 'ndjson') return `${JSON.stringify({ sensorid: sensorId, timestamp, value })}\n`;
  return `${csvField(sensorId)},${timestamp},${value}\r\n`;
}

/** Pages through the whole history of the sensors. @param onProgress Told how many readings there are so far. */
export async function exportReadings(
  format: ExportFormat,
  sensorIds: readonly string[],
  readPage: (sensorId: string, cursor: string | undefined) => Promise<HistoryPage>,
  onProgress: (count: number) => void,
): Promise<readonly string[]> {
  const parts = [exportHeader(format)];
  let count = 0;
  for (const sensorId of sensorIds) {
    let cursor: string | undefined;
    do {
      const page = await readPage(sensorId, cursor);
      parts.push(page.readings.map((reading) => exportLine(format, sensorId, reading)).join(''));
      count += page.readings.length;
      onProgress(count);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }
  return parts;
}

/** One command per address, for a POSIX shell. */
export function curlCommands(addresses: readonly string[]): string {
  return addresses.map((address) => `curl -s ${shellQuote(address)}`).join('\n');
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
