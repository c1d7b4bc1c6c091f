import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ByteSlabs } from '../../../adapters/memory/byte-slabs.ts';

interface Place {
  readonly slab: Buffer;
  readonly start: number;
}

function copy(slabs: ByteSlabs, pieces: readonly Uint8Array[]): Place[] {
  const places: Place[] = [];
  slabs.copy(pieces, (index, slab, start) => {
    expect(index).toBe(places.length);
    places.push({ slab, start });
  });
  return places;
}

const at = ({ slab, start }: Place, length: number) => [...slab.subarray(start, start + length)];

/** Pieces of one body, in any order and at any distance from each other, large ones and empty ones among them. */
const cuts = fc.array(
  fc.record({
    from: fc.oneof({ weight: 4, arbitrary: fc.constant('behind' as const) }, { weight: 1, arbitrary: fc.nat(50_000) }),
    gap: fc.nat(20),
    length: fc.oneof({ weight: 5, arbitrary: fc.nat(200) }, { weight: 1, arbitrary: fc.nat(20_000) }),
  }),
  { maxLength: 60 },
);

test('copies are what was copied, wherever the pieces lay, and nobody writes into them any more', () => {
  fc.assert(
    fc.property(fc.array(cuts, { maxLength: 4 }), (calls) => {
      const slabs = new ByteSlabs();
      const copies: { readonly place: Place; readonly bytes: readonly number[] }[] = [];
      for (const [call, parts] of calls.entries()) {
        const body = Buffer.from(Array.from({ length: 80_000 }, (_, index) => (index * 7 + call) % 251));
        let end = 0;
        const pieces = parts.map(({ from, gap, length }) => {
          const start = from === 'behind' ? end + gap : from;
          end = Math.min(body.length, start + length);
          return body.subarray(Math.min(start, body.length), end);
        });
        const bytes = pieces.map((piece) => [...piece]);
        copy(slabs, pieces).forEach((place, index) => copies.push({ place, bytes: bytes[index] ?? [] }));
        body.fill(0);
      }
      for (const { place, bytes } of copies) expect(at(place, bytes.length)).toEqual(bytes);
    }),
    { numRuns: 40 },
  );
});

test('neighbours lie as they lay, small pieces share a slab, and a large one has memory of its own', () => {
  const slabs = new ByteSlabs();
  const body = Buffer.from('[{"a":1},{"b":2}]');
  const [first, second] = copy(slabs, [body.subarray(1, 8), body.subarray(9, 16)]);
  const [third, large] = copy(slabs, [Buffer.from('alone'), Buffer.alloc(10_000)]);
  expect([first, second, third].map((place) => place?.start)).toEqual([0, 8, 15]);
  expect(new Set([first?.slab, second?.slab, third?.slab]).size).toBe(1);
  expect(large?.slab).toHaveLength(10_000);
});

test('what is far from its neighbour does not bring along what lies between', () => {
  const body = Buffer.alloc(60_000);
  const places = copy(new ByteSlabs(), [body.subarray(0, 10), body.subarray(59_000, 59_010)]);
  expect(places.map(({ start }) => start)).toEqual([0, 10]);
});
