import { expect, test } from '@jest/globals';
import { guessDecimal } from '../../../../local-server/simulator/csv/numbers.ts';

test.each([
  ['.', ['1', '2.5', 'n/a']],
  ['.', ['1', '2']],
  [',', ['1', '2,5']],
  [',', ['1,234', '2,5']],
  [',', ['0,123', '12,345']],
  [',', ['1234,567']],
  ['.', ['1,234', '2.5']],
  ['ambiguous', ['1,234', '12,345', '7']],
])('the decimal mark is %s in %j', (mark, cells) => {
  expect(guessDecimal(cells)).toBe(mark);
});
