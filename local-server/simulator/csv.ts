import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';

import { CsvError, parse } from 'csv-parse';

import { InvalidRequest } from '../../core/errors.ts';
import { sensorIdProblem } from '../../core/sensor-id.ts';
import { readSentTime } from '../../core/sent-time.ts';
import { formatMoment } from '../../core/moment.ts';
import { SimulationFailed } from './errors.ts';
import type { SimulatedReading } from './payload.ts';

export interface CsvOptions {
  readonly file: string;
  /** Column of the timestamps. */
  readonly time: string;
  /** Columns of values; each becomes a sensor named after it. */
  readonly values: readonly string[];
  /** Column of sensor ids, for files with a row per sensor. With several value columns a sensor is `<id>-<column>`. */
  readonly sensor?: string;
  /** Told of each cell that gives no reading: it is empty, or its sensor id is none. */
  readonly onSkipped?: () => void;
}

/**
 * Readings of a CSV file (RFC 4180, UTF-8, first row the names of the columns), row by row and in the order of
 * `values`, however large the file is. A time is what `core/sent-time.ts` reads, in UTC where it brings no offset. A value that is no number, or a time that is none, is handed on as written: the server says what it
 * thinks of it.
 *
 * @throws InvalidRequest where the file cannot be opened, a column is missing, or the first time is none.
 * @throws SimulationFailed where the file breaks the format, with the line.
 */
export async function* csvReadings(options: CsvOptions): AsyncGenerator<SimulatedReading> {
  // An error on the way makes the loop over `rows` throw; the callback has nothing to add.
  const rows = pipeline(
    createReadStream(options.file),
    parse({ bom: true, trim: true, skip_empty_lines: true }),
    () => undefined,
  );
  try {
    let readRow: ((row: readonly string[]) => Iterable<SimulatedReading>) | undefined;
    let first = true;
    for await (const row of rows as AsyncIterable<readonly string[]>) {
      if (readRow === undefined) {
        readRow = rowReader(row, options);
        continue;
      }
      for (const reading of readRow(row)) {
        if (first && !readSentTime(reading.timestamp, Date.now()).ok) {
          throw new InvalidRequest(
            '--time',
            `column "${options.time}" begins with "${reading.timestamp}", which is no time`,
          );
        }
        first = false;
        yield reading;
      }
    }
    if (readRow === undefined) throw new InvalidRequest('--csv', `${options.file} is empty`);
  } catch (error) {
    if (error instanceof CsvError) throw new SimulationFailed(`${options.file}: ${error.message}`, { cause: error });
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (syscall !== undefined) throw new InvalidRequest('--csv', message, { cause: error });
    throw error;
  }
}

function rowReader(header: readonly string[], { time, values, sensor, onSkipped }: CsvOptions) {
  const columnOf = (option: string, name: string): number => {
    const column = header.indexOf(name);
    if (column < 0)
      throw new InvalidRequest(option, `there is no column "${name}"; the columns are: ${header.join(', ')}`);
    return column;
  };
  const timeColumn = columnOf('--time', time);
  const sensorColumn = sensor === undefined ? undefined : columnOf('--sensor', sensor);
  const valueColumns = values.map((name) => ({ name, column: columnOf('--value', name) }));

  return function* (row: readonly string[]): Generator<SimulatedReading> {
    const id = sensorColumn === undefined ? undefined : (row[sensorColumn] ?? '');
    const timestamp = csvTimestamp(row[timeColumn] ?? '');
    for (const { name, column } of valueColumns) {
      const cell = row[column] ?? '';
      const sensorId = id === undefined ? name : id === '' || values.length === 1 ? id : `${id}-${name}`;
      if (cell === '' || sensorIdProblem(sensorId) !== undefined) onSkipped?.();
      else yield { sensorId, value: csvValue(cell), timestamp };
    }
  };
}

const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

function csvValue(cell: string): number | string {
  return decimal.test(cell) && Number.isFinite(Number(cell)) ? Number(cell) : cell;
}

/** UTC ISO 8601 with milliseconds or finer; what is no time is given back as it is. */
function csvTimestamp(cell: string): string {
  const time = readSentTime(cell, Date.now());
  return time.ok ? formatMoment(time) : cell;
}
