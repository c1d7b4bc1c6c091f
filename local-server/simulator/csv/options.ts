/** What a person says of a CSV file. What is left out is guessed from the first rows (`layout.ts`). */
export interface CsvOptions {
  readonly file: string;
  /** The columns of the time: one, or one of the date and one of the time of day. */
  readonly time: readonly string[];
  /** Columns of values; each becomes a sensor named after it. */
  readonly values: readonly string[];
  /** Column of sensor ids, for files with a row per sensor. With several value columns a sensor is `<id>-<column>`. */
  readonly sensor?: string;
  /** One character. */
  readonly delimiter?: string;
  readonly decimal?: DecimalMark;
  /** In the tokens of Luxon: https://moment.github.io/luxon/#/parsing?id=table-of-tokens */
  readonly timeFormat?: string;
  /** IANA name of the zone of times that have no offset; UTC where none is given. */
  readonly timeZone?: string;
  /** Cells that stand for a missing value, such as `-999`. */
  readonly missing?: readonly string[];
  /** Lines before the header. */
  readonly skipRows?: number;
  /** A label of the WHATWG Encoding Standard, such as `windows-1252`. */
  readonly encoding?: string;
}

export type DecimalMark = '.' | ',';

/** A row or a cell that gives no reading, and why. */
export interface FileProblem {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly problem: string;
}
