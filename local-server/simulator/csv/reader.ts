/** Readings of a CSV file (RFC 4180 and what people make of it), row by row, however large the file is. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';

import { type CsvError, parse } from 'csv-parse';

import { InvalidRequest } from '../../../core/errors.ts';
import { SimulationFailed } from '../errors.ts';
import type { SimulatedReading } from '../payload.ts';
import { decodeText } from './encoding.ts';
import { type Layout, layoutOf, type ParsedRow, parserOptions } from './layout.ts';
import type { CsvOptions, FileProblem } from './options.ts';
import { RowReader, type RowResult } from './rows.ts';

export interface CsvObserver {
  /** Told of each cell that is empty or stands for a missing value. */
  readonly onSkipped?: () => void;
  /** Told of each row or cell that gives no reading. The rows around it are read. */
  readonly onProblem?: (problem: FileProblem) => void;
}

/** What guesses are made from. */
const SAMPLE_CHARACTERS = 256 * 1024;

export interface OpenCsv {
  readonly layout: Layout;
  readonly rows: AsyncIterable<RowResult>;
}

/**
 * Opens a file and finds out how it is to be read.
 *
 * @throws InvalidRequest where the file cannot be opened, or does not fit what the options say. `rows` throws it for bytes that are
 * not of the encoding, and SimulationFailed for a quote that is never closed.
 */
export async function openCsv(options: CsvOptions): Promise<OpenCsv> {
  try {
    const text = decodeText(createReadStream(options.file), options.encoding);
    let start = '';
    let ended = false;
    while (start.length < SAMPLE_CHARACTERS && !ended) {
      const next = await text.next();
      if (next.done === true) ended = true;
      else start += next.value;
    }
    const wholeLines = ended ? start : start.slice(0, start.lastIndexOf('\n') + 1);
    const layout = layoutOf(wholeLines, options);
    return { layout, rows: readRows(joined(start, text), layout, options) };
  } catch (error) {
    throw readable(error);
  }
}

/** In the order of the rows and, in a row, of `values`. @throws As `openCsv`. */
export async function* csvReadings(
  options: CsvOptions,
  { onSkipped, onProblem }: CsvObserver = {},
): AsyncGenerator<SimulatedReading> {
  const { rows } = await openCsv(options);
  for await (const { readings, problems, skipped } of rows) {
    for (const problem of problems) onProblem?.(problem);
    for (let cell = 0; cell < skipped; cell++) onSkipped?.();
    yield* readings;
  }
}

async function* joined(start: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield start;
  yield* rest;
}

/** Where a row never ends, nothing behind its beginning can be read. */
async function* untilBroken(text: AsyncIterable<string>, isBroken: () => boolean): AsyncGenerator<string> {
  for await (const chunk of text) {
    yield chunk;
    if (isBroken()) return;
  }
}

async function* readRows(text: AsyncIterable<string>, layout: Layout, options: CsvOptions): AsyncGenerator<RowResult> {
  let broken: CsvError | undefined;
  const parser = parse({
    ...parserOptions(options, layout.delimiter),
    // An error of the stream would take the rows in front of it along.
    skip_records_with_error: true,
    on_skip: (error) => {
      broken = error;
      return undefined;
    },
  });
  // An error on the way makes the loop throw; the callback has nothing to add.
  const records = pipeline(
    untilBroken(text, () => broken !== undefined),
    parser,
    () => undefined,
  );
  const reader = new RowReader(layout, options);
  let line = 0;
  try {
    for await (const { record, info } of records as AsyncIterable<ParsedRow>) {
      if (line > 0) yield reader.read(record, info.lines);
      line = info.lines;
    }
  } catch (error) {
    throw readable(error);
  }
  if (broken !== undefined) {
    throw new SimulationFailed(
      `${options.file}: a quote that opens in line ${line + 1} or behind it is not closed; nothing from that line on was read`,
      { cause: broken },
    );
  }
}

function readable(error: unknown): unknown {
  const { syscall, message } = error as NodeJS.ErrnoException;
  return syscall === undefined ? error : new InvalidRequest('--csv', message, { cause: error });
}
