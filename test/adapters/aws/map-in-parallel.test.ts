import { describe, expect, test } from '@jest/globals';
import { mapInParallel } from '../../../adapters/aws/map-in-parallel.ts';
import { range } from '../../contracts/harness.ts';

/** Work that ends when the test says so. */
function heldWork() {
  const ends: (() => void)[] = [];
  const work = (item: number): Promise<string> => new Promise((resolve) => ends.push(() => resolve(`done ${item}`)));
  return { ends, work };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('mapping in parallel', () => {
  test('gives the results in the order of the items, whichever ends first', async () => {
    const { ends, work } = heldWork();
    const results = mapInParallel([1, 2, 3], 3, work);
    for (const end of ends.toReversed()) end();
    expect(await results).toEqual(['done 1', 'done 2', 'done 3']);
  });

  test('works on no more items at a time than allowed, and on as many as that', async () => {
    const { ends, work } = heldWork();
    const results = mapInParallel(range(5), 2, work);
    for (const begun of [2, 3, 4, 5]) {
      expect(ends).toHaveLength(begun);
      ends[begun - 2]!();
      await turn();
    }
    ends[4]!();
    expect(await results).toHaveLength(5);
  });

  test('has no results of no items', async () => {
    expect(await mapInParallel([], 2, heldWork().work)).toEqual([]);
  });

  test('begins nothing more after a failure, and throws it once what is under way has ended', async () => {
    const { ends, work } = heldWork();
    const begun: number[] = [];
    let settled = false;
    const results = mapInParallel(range(9), 2, async (item) => {
      begun.push(item);
      if (item === 0) throw new Error('no luck');
      return work(item);
    }).finally(() => (settled = true));
    results.catch(() => undefined);
    await turn();
    expect({ begun, settled }).toEqual({ begun: [0, 1], settled: false });
    ends[0]!();
    await expect(results).rejects.toThrow('no luck');
    expect(begun).toEqual([0, 1]);
  });
});
