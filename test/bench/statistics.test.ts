import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { median, percentile } from '../../bench/support/statistics.ts';

const values = fc.array(fc.double({ noNaN: true }), { minLength: 1 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe('a percentile', () => {
  test('is the smallest value that at least that share of the values do not exceed', () => {
    fc.assert(
      fc.property(values, share, (all, least) => {
        const found = percentile(all, least);
        const sharesAt = (value: number) => all.filter((other) => other <= value).length / all.length;

        expect(all).toContain(found);
        expect(sharesAt(found)).toBeGreaterThanOrEqual(least);
        for (const smaller of all.filter((value) => value < found)) expect(sharesAt(smaller)).toBeLessThan(least);
      }),
    );
  });

  test.each([
    [0, 1],
    [0.5, 50],
    [0.99, 99],
    [0.991, 100],
    [1, 100],
  ])('%d of the numbers from 1 to 100 is %d', (least, expected) => {
    const descending = Array.from({ length: 100 }, (_, index) => 100 - index);

    expect(percentile(descending, least)).toBe(expected);
  });

  test('orders by size, not as text', () => {
    expect(percentile([10, 9, 100], 1)).toBe(100);
  });

  test('of a single value is that value', () => {
    expect(percentile([7], 0)).toBe(7);
    expect(percentile([7], 0.99)).toBe(7);
  });

  test('of no values is refused: it would be no figure', () => {
    expect(() => percentile([], 0.99)).toThrow(RangeError);
  });

  test('leaves the order of what it was given', () => {
    const given = [3, 1, 2];
    percentile(given, 0.5);

    expect(given).toEqual([3, 1, 2]);
  });
});

describe('the median', () => {
  test('of an odd count is the value in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  test('of an even count is the lower of the two in the middle, so that it was measured', () => {
    expect(median([4, 1, 3, 2])).toBe(2);
  });

  test('of a single value is that value', () => {
    expect(median([7])).toBe(7);
  });

  test('of no values is refused', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});
