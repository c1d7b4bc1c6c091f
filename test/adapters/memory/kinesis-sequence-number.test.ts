import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  formatSequenceNumber,
  parseSequenceNumber,
  SequenceNumbers,
} from '../../../adapters/memory/kinesis-sequence-number.ts';
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

test('are the same whatever number of the shard was written before', () => {
  // Counters around a carry, one by one and in leaps.
  const counters = fc.array(fc.oneof(fc.constant('next' as const), fc.constantFrom(0, 9, 98, 999, 9_999_998)), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(counters, fc.array(fc.nat(2)), (steps, times) => {
      const shard = { createdAtSecond: 1_700_000_000, shardIndex: 3 };
      const numbers = new SequenceNumbers(shard);
      let counter = 0;
      steps.forEach((step, at) => {
        counter = step === 'next' ? counter + 1 : step;
        const arrivedAt = times[at] ?? 0;
        expect(numbers.format(counter, arrivedAt)).toBe(formatSequenceNumber({ ...shard, counter, arrivedAt }));
      });
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
