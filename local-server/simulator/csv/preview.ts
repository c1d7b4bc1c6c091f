/** What `--dry-run` shows: how a file is read, and its first rows as they would be sent. */
import { SimulationFailed } from '../errors.ts';
import type { CsvOptions } from './options.ts';
import { openCsv } from './reader.ts';
import type { RowResult } from './rows.ts';

const ROWS = 10;
const delimiterNames: Readonly<Record<string, string>> = { ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'bar' };

export interface Preview {
  readonly text: string;
  /** Readings among the first rows. */
  readonly readings: number;
}

/** @throws As `openCsv`. */
export async function previewCsv(options: CsvOptions): Promise<Preview> {
  const { layout, rows } = await openCsv(options);
  const { delimiter, decimal, timeFormat, columns } = layout;
  const lines = [
    `columns         ${columns.names.map((name) => name || '""').join(', ')}`,
    `delimiter       ${delimiterNames[delimiter] ?? delimiter}`,
    `decimal mark    ${decimal === ',' ? 'comma' : 'point'}`,
    `time            ${timeFormat.name}; without an offset it is ${options.timeZone ?? 'UTC'}`,
    '',
  ];
  let seen = 0;
  let readings = 0;
  let skipped = 0;
  for await (const row of rowsAndFailure(rows)) {
    if (typeof row === 'string') {
      lines.push(row);
      break;
    }
    for (const { sensorId, value, timestamp, place } of row.readings) {
      lines.push(`line ${place?.line}: ${sensorId} ${timestamp} ${value}`);
    }
    for (const { line, problem } of row.problems) lines.push(`line ${line}: left out: ${problem}`);
    readings += row.readings.length;
    skipped += row.skipped;
    if (++seen >= ROWS) break;
  }
  const empty = skipped > 0 ? `, ${skipped} cells empty or missing` : '';
  lines.push('', `dry run: ${seen} rows read, ${readings} readings${empty}; nothing was sent`, '');
  return { text: lines.join('\n'), readings };
}

/** The rows, and in place of an error that ends them its message. */
async function* rowsAndFailure(rows: AsyncIterable<RowResult>): AsyncGenerator<RowResult | string> {
  try {
    yield* rows;
  } catch (error) {
    if (!(error instanceof SimulationFailed)) throw error;
    yield error.message;
  }
}
