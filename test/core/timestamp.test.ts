import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  EARLIEST,
  formatTimestamp,
  isCanonicalTimestamp,
  LATEST,
  parseCanonicalTimestamp,
} from '../../core/timestamp.ts';

/** The years that a reading may have. */
const instants = fc.integer({ min: EARLIEST, max: LATEST });

describe('the canonical form', () => {
  test('is undone by parsing', () => {
    fc.assert(
      fc.property(instants, (instant) => {
        const text = formatTimestamp(instant);
        expect(isCanonicalTimestamp(text)).toBe(true);
        expect(parseCanonicalTimestamp(text)).toBe(instant);
      }),
    );
  });

  test('sorts as text in time order', () => {
    const near = fc.tuple(instants, fc.integer({ min: -2_000, max: 2_000 })).map(([a, step]): [number, number] => {
      return [a, Math.min(Math.max(a + step, EARLIEST), LATEST)];
    });
    fc.assert(
      fc.property(fc.oneof(near, fc.tuple(instants, instants)), ([a, b]) => {
        expect(formatTimestamp(a) < formatTimestamp(b)).toBe(a < b);
      }),
    );
  });

  test.each([
    '2015-11-02T10:00:00Z',
    '2015-11-02T10:00:00.00Z',
    '2015-11-02T10:00:00.0000Z',
    '2015-11-02T10:00:00.000+00:00',
    '2015-11-02t10:00:00.000Z',
    '2015-11-02T10:00:00.000z',
    '2015-11-02T24:00:00.000Z',
    '2015-11-02T10:00:60.000Z',
    '0000-12-31T23:59:59.999Z',
    '1446458400000',
  ])('is not %s', (text) => {
    expect(isCanonicalTimestamp(text)).toBe(false);
  });

  /** Date writes nothing but canonical texts, so a text is canonical if Date writes it as it was. */
  function asDateReads(text: string) {
    const date = new Date(text);
    const canonical = !Number.isNaN(date.getTime()) && date.toISOString() === text;
    return { text, instant: canonical ? date.getTime() : undefined };
  }
  const asWeRead = (text: string) => ({
    text,
    instant: isCanonicalTimestamp(text) ? parseCanonicalTimestamp(text) : undefined,
  });
  const twoDigits = (field: number) => String(field).padStart(2, '0');

  test.each([1, 4, 1900, 1958, 1970, 1972, 2015, 2016, 2000, 2100, 9999])(
    'has the days that the year %d has',
    (year) => {
      const texts: string[] = [];
      for (let month = 0; month <= 13; month += 1) {
        for (let day = 0; day <= 32; day += 1) {
          texts.push(`${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}T12:00:00.000Z`);
        }
      }
      expect(texts.map(asWeRead)).toEqual(texts.map(asDateReads));
    },
  );

  test('has the times of a day that a clock shows', () => {
    const field = fc.integer({ min: 0, max: 62 }).map(twoDigits);

    fc.assert(
      fc.property(fc.integer({ min: 0, max: 26 }).map(twoDigits), field, field, (hour, minute, second) => {
        const text = `2015-11-02T${hour}:${minute}:${second}.000Z`;
        expect(asWeRead(text)).toEqual(asDateReads(text));
      }),
    );
  });
});
