import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { comparePositions, encodePosition, formatPosition, WORDS } from '../../../core/account/position.ts';
import { compareSequenceNumbers } from '../../../core/sequence-number.ts';

const number = fc.oneof(
  fc.constantFrom('0', '9', '10', '999999999', '1000000000'),
  fc.bigInt(0n, 10n ** 63n - 1n).map(String),
);

function encoded(text: string): Int32Array {
  const words = new Int32Array(WORDS);
  expect(encodePosition(text, words)).toBe(true);
  return words;
}

test('a sequence number is kept exactly', () => {
  fc.assert(fc.property(number, (text) => expect(formatPosition(encoded(text), 0)).toBe(text)));
});

test('order is that of sequence numbers', () => {
  fc.assert(
    fc.property(number, number, (a, b) =>
      expect(Math.sign(comparePositions(encoded(a), 0, encoded(b)))).toBe(Math.sign(compareSequenceNumbers(a, b))),
    ),
  );
});

test('a number of more than 63 digits does not fit', () => {
  expect(encodePosition('1'.repeat(64), new Int32Array(WORDS))).toBe(false);
});
