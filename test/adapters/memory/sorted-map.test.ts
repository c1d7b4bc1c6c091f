import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareUtf8, OrderedKeys } from '../../../adapters/memory/ordered-keys.ts';
import { SortedMap } from '../../../adapters/memory/sorted-map.ts';
import { anyCharacter } from '../../support/any-character.ts';

/** Text that UTF-8 can carry, with many characters on both sides of the surrogates. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('a', 'b', '/', '\uD7FF', '\uE000', '\uFFFD', '🌱', '\u{10000}'),
    fc.string({ unit: anyCharacter, minLength: 1, maxLength: 1 }),
  ),
  maxLength: 6,
});

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

test('compares as UTF-8 bytes compare', () => {
  fc.assert(fc.property(text, text, (a, b) => expect(Math.sign(compareUtf8(a, b))).toBe(compareBytes(a, b))));
});

test('lists as a sorted list would, however writes and listings interleave', () => {
  const key = text.filter((some) => some !== '');
  const step = fc.record({ keys: fc.array(key, { maxLength: 5 }), prefix: text, after: text, limit: fc.nat(5) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const map = new SortedMap<number>();
      const model = new Map<string, number>();
      for (const [value, { keys, prefix, after, limit }] of steps.entries()) {
        for (const each of keys) {
          map.set(each, value);
          model.set(each, value);
        }
        const expected = [...model]
          .filter(([each]) => each.startsWith(prefix) && compareBytes(each, after) > 0)
          .sort(([a], [b]) => compareBytes(a, b));
        expect(map.size).toBe(model.size);
        expect(map.page({ prefix, after, limit })).toEqual({
          entries: expected.slice(0, limit),
          more: expected.length > limit,
        });
      }
    }),
  );
});

test.each([
  ['growing', (n: number) => n],
  ['falling', (n: number) => 9_999 - n],
  ['mixed', (n: number) => (n * 7_919) % 10_000],
])('keeps many %s keys in order, from any key on', (_, order) => {
  const keys = new OrderedKeys();
  const name = (n: number) => String(n).padStart(5, '0');
  for (let n = 0; n < 10_000; n += 1) keys.add(name(order(n)));
  const all = Array.from({ length: 10_000 }, (_unused, n) => name(n));
  expect([...keys.from('')]).toEqual(all);
  expect([...keys.from('09000')]).toEqual(all.slice(9_000));
  expect([...keys.from('08999a')]).toEqual(all.slice(9_000));
});
