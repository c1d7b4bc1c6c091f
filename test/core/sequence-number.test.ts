import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareSequenceNumbers, isSequenceNumber } from '../../core/sequence-number.ts';

describe('isSequenceNumber', () => {
  test.each(['0', '7', '49545115243490985018280067714973144582180062593244200961', '9'.repeat(129)])(
    'takes %s',
    (text) => {
      expect(isSequenceNumber(text)).toBe(true);
    },
  );

  test.each(['', '00', '01', '-1', '+1', '1.0', '1e3', '0x1', ' 1', '1 ', '1\n', '१', '9'.repeat(130)])(
    'refuses %j',
    (text) => {
      expect(isSequenceNumber(text)).toBe(false);
    },
  );
});

describe('compareSequenceNumbers', () => {
  test('tells apart what a number cannot', () => {
    const a = '49590338271490256608559692538361571095921575989136588898';
    const b = '49590338271490256608559692538361571095921575989136588899';

    expect(Number(a)).toBe(Number(b));
    expect(compareSequenceNumbers(a, b)).toBeLessThan(0);
  });

  test('puts a shorter number first, which string order does not', () => {
    expect(['10', '9', '100', '0'].sort(compareSequenceNumbers)).toEqual(['0', '9', '10', '100']);
  });

  test('orders as whole numbers do', () => {
    const numbers = fc.bigInt({ min: 0n, max: 10n ** 129n - 1n });
    const pairs = fc.oneof(
      fc.tuple(numbers, numbers),
      fc.tuple(numbers, fc.bigInt({ min: 0n, max: 2n })).map(([a, step]): [bigint, bigint] => [a, a + step]),
    );
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        expect(Math.sign(compareSequenceNumbers(String(a), String(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });
});
