/** From a row to its readings. */
import { sensorIdProblem } from '../../../core/sensor-id.ts';
import type { SimulatedReading } from '../payload.ts';
import { type Layout, timeCell } from './layout.ts';
import { isSameCell, numberOf } from './numbers.ts';
import type { CsvOptions, FileProblem } from './options.ts';
import { TimeReader } from './times.ts';

export interface RowResult {
  readonly readings: readonly SimulatedReading[];
  readonly problems: readonly FileProblem[];
  /** Cells that are empty or stand for a missing value. */
  readonly skipped: number;
}

/** Reads rows in their order. A row with a problem gives no reading, a cell with a problem none of its own. */
export class RowReader {
  readonly #layout: Layout;
  readonly #options: CsvOptions;
  readonly #times: TimeReader;

  constructor(layout: Layout, options: CsvOptions) {
    this.#layout = layout;
    this.#options = options;
    this.#times = new TimeReader(layout.timeFormat, options.timeZone);
  }

  read(cells: readonly string[], line: number): RowResult {
    const { columns } = this.#layout;
    const wrong = (problem: string): RowResult => ({ readings: [], problems: [{ line, problem }], skipped: 0 });
    if (cells.length < columns.names.length || cells.slice(columns.names.length).some((cell) => cell !== '')) {
      return wrong(`has ${cells.length} cells, and the header has ${columns.names.length}`);
    }
    const id = columns.sensor === undefined ? undefined : (cells[columns.sensor] ?? '');
    if (id === '') return { readings: [], problems: [], skipped: columns.values.length };
    const time = this.#times.read(timeCell(cells, columns.time), id ?? '');
    if (!time.ok) return wrong(time.problem);

    const readings: SimulatedReading[] = [];
    const problems: FileProblem[] = [];
    let skipped = 0;
    for (const { name, column } of columns.values) {
      const cell = cells[column] ?? '';
      if (this.#isMissing(cell)) {
        skipped++;
        continue;
      }
      const sensorId = id === undefined ? name : columns.values.length === 1 ? id : `${id}-${name}`;
      const problem = sensorIdProblem(sensorId) ?? this.#valueProblem(cell);
      if (problem === undefined) {
        const value = numberOf(cell, this.#layout.decimal) ?? cell;
        readings.push({ sensorId, value, timestamp: time.timestamp, place: { line, column: name } });
      } else problems.push({ line, problem: `column "${name}": ${problem}` });
    }
    return { readings, problems, skipped };
  }

  #isMissing(cell: string): boolean {
    const { missing = [] } = this.#options;
    return cell === '' || missing.some((mark) => isSameCell(cell, mark, this.#layout.decimal));
  }

  /** With decimal commas a point groups thousands, or is a slip: the server would take it for the decimal mark. */
  #valueProblem(cell: string): string | undefined {
    const { decimal } = this.#layout;
    return decimal === ',' && cell.includes('.') && numberOf(cell, '.') !== undefined
      ? `"${cell}" has a point, and the decimal mark is a comma`
      : undefined;
  }
}
