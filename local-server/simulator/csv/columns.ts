/** Which columns of a file hold what. */
import { InvalidRequest } from '../../../core/errors.ts';
import type { CsvOptions } from './options.ts';

export interface Columns {
  /** Names as the header has them. */
  readonly names: readonly string[];
  readonly time: readonly number[];
  readonly values: readonly { readonly name: string; readonly column: number }[];
  readonly sensor: number | undefined;
}

/**
 * The names of the columns. A header that has one name less than the rows have cells lacks the name of the first column, as R and
 * pandas write it: it is `''`. A last cell that is always empty comes from a delimiter at the end of each line, and is no column.
 */
export function namesOf(header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const longer = rows.filter((row) => row.length === header.length + 1);
  const isShort = rows.length > 0 && longer.length === rows.length && longer.some((row) => row.at(-1) !== '');
  return isShort ? ['', ...header] : header;
}

/** @throws InvalidRequest where a column is missing, or its name is there twice. */
export function findColumns(names: readonly string[], { time, values, sensor }: CsvOptions): Columns {
  const columnOf = (option: string, name: string): number => {
    const column = names.indexOf(name);
    if (column < 0) {
      const known = names.map((known) => known || '""').join(', ');
      throw new InvalidRequest(option, `there is no column "${name}"; the columns are: ${known}`);
    }
    if (names.includes(name, column + 1)) throw new InvalidRequest(option, `there are several columns "${name}"`);
    return column;
  };
  return {
    names,
    time: time.map((name) => columnOf('--time', name)),
    sensor: sensor === undefined ? undefined : columnOf('--sensor', sensor),
    values: values.map((name) => ({ name, column: columnOf('--value', name) })),
  };
}
