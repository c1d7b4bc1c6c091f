/** How a file is to be read: what a person said, and the rest guessed from its first rows. Pure. */
import type { Info } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { InvalidRequest } from '../../../core/errors.ts';
import { type Columns, findColumns, namesOf } from './columns.ts';
import { guessDecimal } from './numbers.ts';
import type { CsvOptions, DecimalMark } from './options.ts';
import { guessTimeFormat, luxonFormat, type TimeFormat } from './times.ts';

export interface Layout {
  readonly delimiter: string;
  readonly decimal: DecimalMark;
  readonly columns: Columns;
  readonly timeFormat: TimeFormat;
}

/** What csv-parse gives with `info`. */
export interface ParsedRow {
  readonly record: readonly string[];
  readonly info: Pick<Info, 'lines'>;
}

/** A row that is longer has a quote that is not closed: it must not fill the memory. */
const MAX_ROW_CHARACTERS = 1024 * 1024;

/** How a file is cut into rows. Rows of any length pass: the reader tells of those that do not fit. */
export function parserOptions({ skipRows = 0 }: Pick<CsvOptions, 'skipRows'>, delimiter: string) {
  return {
    bom: true,
    delimiter,
    from_line: skipRows + 1,
    info: true,
    max_record_size: MAX_ROW_CHARACTERS,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    trim: true,
  } as const;
}

/** @param sample The beginning of the file, whole lines. @throws InvalidRequest where it does not fit what a person said. */
export function layoutOf(sample: string, options: CsvOptions): Layout {
  const delimiter = options.delimiter ?? guessDelimiter(sample, options);
  const [header, ...rows] = rowsOf(sample, options, delimiter);
  if (header === undefined) throw new InvalidRequest('--csv', `${options.file} is empty`);
  const columns = findColumns(namesOf(header, rows), options);
  const complete = rows.filter((row) => row.length >= header.length);
  return {
    delimiter,
    decimal: options.decimal ?? decimalOf(complete, columns),
    columns,
    timeFormat: timeFormatOf(complete, columns, options),
  };
}

function rowsOf(sample: string, options: CsvOptions, delimiter: string, most?: number): readonly (readonly string[])[] {
  const rows = parse(sample, {
    ...parserOptions(options, delimiter),
    skip_records_with_error: true,
    ...(most !== undefined && { to: most }),
  });
  return (rows as unknown as readonly ParsedRow[]).map(({ record }) => record);
}

const delimiters = [',', ';', '\t', '|'];

/** The one whose header has the columns that are asked for, else the one that gives most columns. */
function guessDelimiter(sample: string, options: CsvOptions): string {
  const { time, values, sensor } = options;
  const wanted = [...time, ...values, ...(sensor === undefined ? [] : [sensor])];
  const headers = delimiters.map((delimiter) => ({
    delimiter,
    header: rowsOf(sample, options, delimiter, 1)[0] ?? [],
  }));
  const fitting = headers.find(({ header }) => wanted.every((name) => header.includes(name)));
  return (fitting ?? headers.reduce((best, next) => (next.header.length > best.header.length ? next : best))).delimiter;
}

function decimalOf(rows: readonly (readonly string[])[], { values }: Columns): DecimalMark {
  const cells = rows.flatMap((row) => values.map(({ column }) => row[column] ?? ''));
  const guess = guessDecimal(cells);
  if (guess === 'ambiguous') {
    throw new InvalidRequest(
      '--decimal',
      `cannot tell what the comma in "${cells.find((cell) => cell.includes(','))}" is: say --decimal , where it is the decimal mark; commas that group thousands are not read`,
    );
  }
  return guess;
}

function timeFormatOf(rows: readonly (readonly string[])[], { time }: Columns, options: CsvOptions): TimeFormat {
  const cells = rows.map((row) => timeCell(row, time)).filter((cell) => cell !== '');
  if (options.timeFormat === undefined) return guessTimeFormat(cells, options.time.join(' '));
  const format = luxonFormat(options.timeFormat);
  if (cells.length > 0 && cells.every((cell) => format.parse(cell) === undefined)) {
    throw new InvalidRequest(
      '--time-format',
      `"${options.timeFormat}" does not read "${cells[0]}"; its tokens are those of Luxon, such as d/M/yyyy HH:mm`,
    );
  }
  return format;
}

/** The text of a row's time: its cells with a blank between them. */
export function timeCell(row: readonly string[], columns: readonly number[]): string {
  return columns
    .map((column) => row[column] ?? '')
    .filter((cell) => cell !== '')
    .join(' ');
}
