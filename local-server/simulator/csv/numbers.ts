/** Cells that are numbers. They keep their digits: a double would change some of them before anybody has seen them. */
import type { DecimalMark } from './options.ts';

const withPoint = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const withComma = /^([+-]?)(\d+(?:,\d*)?|,\d+)([eE][+-]?\d+)?$/;

/** A number of JSON with the digits of the cell; undefined where the cell is no number with that mark. */
export function numberOf(cell: string, decimal: DecimalMark): string | undefined {
  const [, sign, digits = '', exponent = ''] = (decimal === ',' ? withComma : withPoint).exec(cell) ?? [];
  if (sign === undefined) return undefined;
  const [whole = '', fraction = ''] = digits.split(decimal);
  const plain = whole.replace(/^0+(?=\d)/, '') || '0';
  return `${sign === '-' ? '-' : ''}${plain}${fraction === '' ? '' : `.${fraction}`}${exponent}`;
}

/** Both are the same number, or the same text. */
export function isSameCell(cell: string, mark: string, decimal: DecimalMark): boolean {
  if (cell === mark) return true;
  const [a, b] = [numberOf(cell, decimal), numberOf(mark, decimal) ?? numberOf(mark, '.')];
  return a !== undefined && b !== undefined && Number(a) === Number(b);
}

export type DecimalGuess = DecimalMark | 'ambiguous';

/**
 * The mark that the cells of values use. A comma followed by three digits may as well group thousands: where every comma can, only a
 * person knows.
 */
export function guessDecimal(cells: readonly string[]): DecimalGuess {
  const commas = cells.filter((cell) => cell.includes(',') && withComma.test(cell));
  if (commas.length === 0 || cells.some((cell) => cell.includes('.') && withPoint.test(cell))) return '.';
  return commas.every((cell) => /^[+-]?[1-9]\d{0,2},\d{3}$/.test(cell)) ? 'ambiguous' : ',';
}
