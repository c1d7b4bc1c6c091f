import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatMoment } from '../../core/moment.ts';
import type { ReadingFlag } from '../../core/reading.ts';
import { parsePlace, placeOf, readingKey } from '../../core/reading-key.ts';
import { placesBetween, rangeOf } from '../../core/reading-range.ts';
import { compareSequenceNumbers } from '../../core/sequence-number.ts';
import { EARLIEST, LATEST } from '../../core/timestamp.ts';

const noTime: readonly ReadingFlag[] = ['arrival-time'];
const instants = fc.oneof(
  fc.integer({ min: EARLIEST, max: LATEST }),
  fc.constantFrom(EARLIEST, LATEST, 0, 999, 1_000, 1_001),
);
const finer = fc.oneof(fc.constant(''), fc.stringMatching(/^\d{0,5}[1-9]$/));
const numbers = fc.bigInt({ min: 0n, max: 10n ** 56n - 1n }).map(String);

/** A reading that said its time, or one that did not; with what decides its order. */
const readings = fc.oneof(
  fc.record({ instant: instants, finer }).map(({ instant, finer: digits }) => ({
    timestamp: formatMoment({ instant, finer: digits }),
    sequenceNumber: '1',
    order: { instant, kind: digits === '' ? 0 : 2, finer: digits, number: '0', part: 0 },
  })),
  fc
    .record({ instant: instants, number: numbers, part: fc.option(fc.nat(99_999), { nil: undefined }) })
    .map(({ instant, number, part }) => ({
      timestamp: formatMoment({ instant, finer: '' }),
      flags: noTime,
      sequenceNumber: number,
      ...(part !== undefined && { part }),
      order: { instant, kind: 1, finer: '', number, part: part ?? -1 },
    })),
);

test('the order of places is that of time; in one millisecond, of the stream, then of the finer digits', () => {
  fc.assert(
    fc.property(readings, readings, (a, b) => {
      const [one, other] = [a.order, b.order];
      const expected =
        one.instant - other.instant ||
        one.kind - other.kind ||
        one.finer.padEnd(6, '0').localeCompare(other.finer.padEnd(6, '0')) ||
        compareSequenceNumbers(one.number, other.number) ||
        one.part - other.part;
      const [first, second] = [placeOf(a), placeOf(b)];
      expect(Math.sign(first < second ? -1 : first > second ? 1 : 0)).toBe(Math.sign(expected) + 0);
    }),
    { numRuns: 1_000 },
  );
});

test('a place gives the time back, and whether the reading said it', () => {
  fc.assert(
    fc.property(readings, (reading) => {
      expect(parsePlace(placeOf(reading))).toEqual({
        timestamp: reading.timestamp,
        saysNoTime: reading.order.kind === 1,
      });
    }),
  );
});

describe('a range', () => {
  test('holds the places from its first time to its last; an end in milliseconds is the whole of it', () => {
    fc.assert(
      fc.property(readings, readings, readings, (reading, a, b) => {
        const from = formatMoment({ instant: a.order.instant, finer: a.order.finer });
        const to = formatMoment({ instant: b.order.instant, finer: b.order.finer });
        const { first, last } = placesBetween(from, to);
        const place = placeOf(reading);
        const { instant, finer: digits } = reading.order;
        const digitsAfter = (one: string, other: string) => one.padEnd(6, '0') > other.padEnd(6, '0');
        const isFrom =
          instant > a.order.instant || (instant === a.order.instant && !digitsAfter(a.order.finer, digits));
        const isTo =
          instant < b.order.instant ||
          (instant === b.order.instant && (b.order.finer === '' || !digitsAfter(digits, b.order.finer)));
        expect(place >= first && place <= last).toBe(isFrom && isTo);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each(['2026-01-15T12:00:00Z', '2026-01-15', 'now', '', '2026-01-15T12:00:00.0000Z'])(
    'has no end such as %j, which a store would compare as text',
    (time) => {
      expect(() => rangeOf({ sensorId: 'a', order: 'asc', limit: 1, from: time })).toThrow('from: ');
      expect(() => rangeOf({ sensorId: 'a', order: 'asc', limit: 1, to: time })).toThrow('to: ');
      expect(() => rangeOf({ sensorId: 'a', order: 'asc', limit: 1, after: time })).toThrow('after: ');
    },
  );
});

test('keys of different sensors differ, however alike they are', () => {
  const reading = { timestamp: '2026-01-15T12:00:00.000Z', sequenceNumber: '7' };
  const keys = [
    readingKey({ ...reading, sensorId: 'a' }),
    readingKey({ ...reading, sensorId: '#7' }),
    readingKey({ ...reading, sensorId: 'a', flags: noTime }),
    readingKey({ ...reading, sensorId: 'a', flags: noTime, part: 0 }),
    readingKey({ ...reading, sensorId: 'a', timestamp: '2026-01-15T12:00:00.0005Z' }),
    readingKey({ ...reading, sensorId: '5 a' }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

test.each([
  '',
  '2026',
  '2026-01-15T12:00:00.000Z ',
  '2026-01-15T12:00:00.000Z#',
  '2026-02-30T12:00:00.000Z#1',
  '2026-01-15T12:00:00.000Z10',
])('%j is no place', (text) => {
  expect(parsePlace(text)).toBeUndefined();
});
