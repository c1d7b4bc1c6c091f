import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvalidRequest } from '../../core/errors.ts';
import { formatHistoryCursor, type HistoryPlace, parseHistoryCursor } from '../../core/history-cursor.ts';
import { formatTimestamp, LATEST } from '../../core/timestamp.ts';

const place: HistoryPlace = { sensorId: 'Küche °C', order: 'desc', place: '2026-01-15T12:00:00.000Z' };

const places: fc.Arbitrary<HistoryPlace> = fc.record({
  sensorId: fc.string({ minLength: 1, maxLength: 256, unit: 'grapheme' }),
  order: fc.constantFrom('asc', 'desc'),
  place: fc
    .tuple(
      fc.integer({ min: 0, max: LATEST }).map(formatTimestamp),
      fc.constantFrom('', '25', `#${'1'.repeat(56)}.000002`),
    )
    .map(([time, rest]) => time + rest),
});

/** A cursor that holds this JSON. */
function encode(content: unknown): string {
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

test('format and parse undo each other', () => {
  fc.assert(
    fc.property(places, (any) => {
      expect(parseHistoryCursor(formatHistoryCursor(any), any)).toBe(any.place);
    }),
  );
});

test('a cursor can stand in a query string as it is', () => {
  fc.assert(
    fc.property(places, (any) => {
      const cursor = formatHistoryCursor(any);
      expect(encodeURIComponent(cursor)).toBe(cursor);
    }),
  );
});

describe('refuses', () => {
  test.each<[string, Partial<HistoryPlace>]>([
    ['another sensor', { sensorId: 'Küche °F' }],
    ['another order', { order: 'asc' }],
  ])('a cursor of %s', (_, other) => {
    expect(() => parseHistoryCursor(formatHistoryCursor(place), { ...place, ...other })).toThrow(
      new InvalidRequest('cursor', 'belongs to another sensor or order; leave it out to start at the first page'),
    );
  });

  test.each<[string, unknown]>([
    ['no text', 17],
    ['nothing', undefined],
    ['an empty text', ''],
    ['no JSON', 'garbage'],
    ['JSON that is no list', encode({ sensorId: place.sensorId })],
    ['null', encode(null)],
    ['an empty list', encode([])],
    ['another version', encode([2, place.sensorId, place.order, place.place])],
    ['no place', encode([1, place.sensorId, place.order])],
    ['a time in another form', encode([1, place.sensorId, place.order, '2026-01-15T12:00:00Z'])],
    ['a date that is none', encode([1, place.sensorId, place.order, '2026-02-30T12:00:00.000Z'])],
    ['a number for a place', encode([1, place.sensorId, place.order, 1_768_478_400_000])],
    ['bytes instead of text', [...Buffer.from(formatHistoryCursor(place), 'base64url')]],
    ['a cursor cut short', formatHistoryCursor(place).slice(0, -3)],
  ])('a cursor that is not ours: %s', (_, cursor) => {
    expect(() => parseHistoryCursor(cursor, place)).toThrow(
      new InvalidRequest('cursor', 'is not one that this service gave; leave it out to start at the first page'),
    );
  });
});
