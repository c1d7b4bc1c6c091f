import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { splitIntoBatches } from '../../core/batching.ts';

const bytesOf = (bytes: number) => bytes;

describe('splitIntoBatches', () => {
  test('makes no batch of nothing', () => {
    expect(splitIntoBatches([], { maxItems: 25, maxBytes: 100, bytesOf })).toEqual({ batches: [], oversized: [] });
  });

  test.each([
    [25, [25]],
    [26, [25, 1]],
    [500, Array.from({ length: 20 }, () => 25)],
    [10_000, Array.from({ length: 400 }, () => 25)],
  ])('splits %d items by 25', (count, sizes) => {
    const items = Array.from({ length: count }, () => 1);

    const { batches } = splitIntoBatches(items, { maxItems: 25, maxBytes: Infinity, bytesOf });

    expect(batches.map((batch) => batch.length)).toEqual(sizes);
  });

  test('fills a batch to the last byte', () => {
    const { batches } = splitIntoBatches([60, 40, 1, 99, 100], { maxItems: 25, maxBytes: 100, bytesOf });

    expect(batches).toEqual([[60, 40], [1, 99], [100]]);
  });

  test('names what no batch can hold, and keeps the order of the rest', () => {
    const { batches, oversized } = splitIntoBatches([50, 101, 50, 500], { maxItems: 25, maxBytes: 100, bytesOf });

    expect(batches).toEqual([[50, 50]]);
    expect(oversized).toEqual([
      { item: 101, bytes: 101 },
      { item: 500, bytes: 500 },
    ]);
  });

  test('reads items that can be read only once', () => {
    const once = new Set([1, 2, 3]).values();

    expect(splitIntoBatches(once, { maxItems: 2, maxBytes: 100, bytesOf }).batches).toEqual([[1, 2], [3]]);
  });

  test('loses nothing, keeps the order, breaks no limit and opens no batch before it must', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 12 }));
    const limit = fc.integer({ min: 1, max: 10 });

    fc.assert(
      fc.property(weights, limit, limit, (bytes, maxItems, maxBytes) => {
        const items = bytes.map((weight, index) => ({ index, weight }));

        const { batches, oversized } = splitIntoBatches(items, { maxItems, maxBytes, bytesOf: (item) => item.weight });

        expect(batches.flat()).toEqual(items.filter((item) => item.weight <= maxBytes));
        expect(oversized.map(({ item }) => item)).toEqual(items.filter((item) => item.weight > maxBytes));
        const used = batches.map((batch) => batch.reduce((sum, item) => sum + item.weight, 0));
        batches.forEach((batch, index) => {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(maxItems);
          expect(used[index]).toBeLessThanOrEqual(maxBytes);
          const next = batches[index + 1]?.[0];
          if (next !== undefined) {
            expect(batch.length === maxItems || used[index]! + next.weight > maxBytes).toBe(true);
          }
        });
      }),
    );
  });
});
