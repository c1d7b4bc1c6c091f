import { expect, test } from '@jest/globals';
import { csvField } from '../../core/csv-field.ts';

test.each([
  ['kitchen', 'kitchen'],
  ['a,b', '"a,b"'],
  ['say "x"', '"say ""x"""'],
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['=a,"b"', `"'=a,""b"""`],
])('%j is the field %s', (text, field) => {
  expect(csvField(text)).toBe(field);
});
