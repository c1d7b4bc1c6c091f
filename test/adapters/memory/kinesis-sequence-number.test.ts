import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatSequenceNumber, parseSequenceNumber } from '../../../adapters/memory/kinesis-sequence-number.ts';
import { isSequenceNumber } from '../../../core/sequence-number.ts';

const parts = fc.record({
  createdAtSecond: fc.nat(99_999_999_999),
  counter: fc.maxSafeNat(),
  arrivedAt: fc.nat(999_999_999_999_999),
  shardIndex: fc.nat(999_999_999_999),
});

test('are numbers of Kinesis with 56 digits, and can be taken apart again', () => {
  fc.assert(
    fc.property(parts, (some) => {
      const text = formatSequenceNumber(some);
      expect(text).toHaveLength(56);
      expect(isSequenceNumber(text)).toBe(true);
      expect(parseSequenceNumber(text)).toEqual(some);
    }),
  );
});

test('increase with the creation of the shard first and the counter next, whatever the time', () => {
  const later = { createdAtSecond: 2, counter: 0, arrivedAt: 0, shardIndex: 0 };
  const earlier = { createdAtSecond: 1, counter: 9e15, arrivedAt: 9e14, shardIndex: 9e11 };
  expect(formatSequenceNumber(earlier) < formatSequenceNumber(later)).toBe(true);
  expect(
    formatSequenceNumber({ ...earlier, counter: 1 }) <
      formatSequenceNumber({ ...later, createdAtSecond: 1, counter: 2 }),
  ).toBe(true);
});

test('are told from those of others', () => {
  const text = formatSequenceNumber({ createdAtSecond: 1, counter: 2, arrivedAt: 3, shardIndex: 4 });
  for (const other of ['', '1', text.slice(1), `${text}0`, `5${text.slice(1)}`, `${text.slice(0, -1)}x`]) {
    expect(parseSequenceNumber(other)).toBeUndefined();
  }
});
