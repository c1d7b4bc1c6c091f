import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FifoList } from '../../../adapters/memory/fifo-list.ts';

test('is an array that is pushed and shifted', () => {
  const runs = fc.array(fc.record({ pushes: fc.nat(3_000), shifts: fc.nat(3_000) }), { maxLength: 8 });
  fc.assert(
    fc.property(runs, (steps) => {
      const list = new FifoList<number>();
      let first = 0;
      let next = 0;
      for (const { pushes, shifts } of steps) {
        for (let n = 0; n < pushes; n += 1) list.push(next++);
        for (let n = 0; n < shifts; n += 1) if (list.shift() !== undefined) first += 1;
        expect(list.length).toBe(next - first);
        expect(list.at(0)).toBe(first < next ? first : undefined);
        expect(list.at(list.length - 1)).toBe(first < next ? next - 1 : undefined);
      }
      while (list.length > 0) expect(list.shift()).toBe(first++);
      expect(list.shift()).toBeUndefined();
    }),
    { numRuns: 25 },
  );
});
