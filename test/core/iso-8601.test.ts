import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseIso8601 } from '../../core/iso-8601.ts';
import { EARLIEST, LATEST } from '../../core/timestamp.ts';

/** What a text means, written canonically, so that a table reads well; years outside 1–9999 too. */
function normalised(text: string): string | undefined {
  const moment = parseIso8601(text);
  return moment === undefined ? undefined : `${new Date(moment.instant).toISOString().slice(0, -1)}${moment.finer}Z`;
}

describe('parseIso8601 takes', () => {
  test.each([
    // Precision.
    ['2015-11-02', '2015-11-02T00:00:00.000Z'],
    ['2015-11-02T10', '2015-11-02T10:00:00.000Z'],
    ['2015-11-02T10:30', '2015-11-02T10:30:00.000Z'],
    ['2015-11-02T10:30:15', '2015-11-02T10:30:15.000Z'],
    ['2015-11-02T10:30:15.5', '2015-11-02T10:30:15.500Z'],
    ['2015-11-02T10:30:15.123Z', '2015-11-02T10:30:15.123Z'],
    ['2015-11-02T10:30:15,123Z', '2015-11-02T10:30:15.123Z'],
    // Up to nine digits are kept; what is beyond is cut off, never rounded. Zeros at the end say nothing.
    ['2015-11-02T10:30:15.029Z', '2015-11-02T10:30:15.029Z'],
    ['2015-11-02T10:30:15.123456789Z', '2015-11-02T10:30:15.123456789Z'],
    ['2015-11-02T10:30:15.1230450Z', '2015-11-02T10:30:15.123045Z'],
    ['2015-11-02T10:30:15.1230000001+01:00', '2015-11-02T09:30:15.123Z'],
    ['2015-11-02T10:30:15.999999999999999999999999999999Z', '2015-11-02T10:30:15.999999999Z'],
    ['2015-12-31T23:59:59.9999999Z', '2015-12-31T23:59:59.9999999Z'],
    // A fraction belongs to the smallest unit written.
    ['2015-11-02T10.5', '2015-11-02T10:30:00.000Z'],
    ['2015-11-02T10,25Z', '2015-11-02T10:15:00.000Z'],
    ['2015-11-02T10:30.5', '2015-11-02T10:30:30.000Z'],
    ['2015-11-02T10:30.00001Z', '2015-11-02T10:30:00.000Z'],
    ['2015-11-02T23:59.99999Z', '2015-11-02T23:59:59.999Z'],
    // Offset.
    ['2015-11-02T10:00:00+01:00', '2015-11-02T09:00:00.000Z'],
    ['2015-11-02T10:00:00-05:30', '2015-11-02T15:30:00.000Z'],
    ['2015-11-02T10:00:00.500+0530', '2015-11-02T04:30:00.500Z'],
    ['2015-11-02T10:00:00+01', '2015-11-02T09:00:00.000Z'],
    ['2015-11-02T10:00:00+00:00', '2015-11-02T10:00:00.000Z'],
    ['2015-11-02T10:00:00-00:00', '2015-11-02T10:00:00.000Z'],
    ['2015-11-02T10:00:00+23:59', '2015-11-01T10:01:00.000Z'],
    ['2015-11-02T10:00:00-23:59', '2015-11-03T09:59:00.000Z'],
    ['2015-01-01T00:30:00+01:00', '2014-12-31T23:30:00.000Z'],
    // Basic format, and what RFC 3339 allows.
    ['20151102', '2015-11-02T00:00:00.000Z'],
    ['20151102T103015Z', '2015-11-02T10:30:15.000Z'],
    ['20151102T1030+0100', '2015-11-02T09:30:00.000Z'],
    ['20151102T103015.25Z', '2015-11-02T10:30:15.250Z'],
    ['2015-11-02t10:00:00z', '2015-11-02T10:00:00.000Z'],
    ['2015-11-02 10:00:00Z', '2015-11-02T10:00:00.000Z'],
    // Ends of days, months and years.
    ['2015-11-02T24:00', '2015-11-03T00:00:00.000Z'],
    ['2015-12-31T24:00:00.000Z', '2016-01-01T00:00:00.000Z'],
    ['2016-02-29T00:00:00.000Z', '2016-02-29T00:00:00.000Z'],
    ['2000-02-29', '2000-02-29T00:00:00.000Z'],
    // A leap second is within the last tenth of a millisecond of its day; elsewhere second 60 is the second that follows.
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.9999Z'],
    ['2016-12-31T23:59:60.500Z', '2016-12-31T23:59:59.99995Z'],
    ['2016-12-31T23:59:60.999999999Z', '2016-12-31T23:59:59.999999999Z'],
    ['2017-01-01T08:59:60+09:00', '2016-12-31T23:59:59.9999Z'],
    ['2016-12-31T23:59:60+01:00', '2016-12-31T23:00:00.000Z'],
    ['2026-11-27T10:00:60.25Z', '2026-11-27T10:01:00.250Z'],
    // Outside the years of a reading: told apart from what is no timestamp.
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
    ['0099-12-31T00:00:00Z', '0099-12-31T00:00:00.000Z'],
    ['1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z'],
    // With slashes, as spreadsheets and loggers write dates.
    ['2015/11/02', '2015-11-02T00:00:00.000Z'],
    ['2015/11/02 10:00', '2015-11-02T10:00:00.000Z'],
    ['2015/11/02T10:00:00.5+01:00', '2015-11-02T09:00:00.500Z'],
  ])('%s as %s', (text, expected) => {
    expect(normalised(text)).toBe(expected);
  });
});

describe('parseIso8601 refuses', () => {
  test.each([
    '',
    'now',
    'T10:00:00Z',
    '2015',
    '2015-11',
    '2015-306',
    '2015-W45-1',
    '2015W451',
    '15-11-02',
    '2015-1-2',
    '2015/1102',
    '2015/11-02',
    '02.11.2015',
    '2015-1102',
    '201511-02',
    'Mon, 02 Nov 2015 10:00:00 GMT',
    '+002015-11-02T10:00:00Z',
    '-000001-01-01T00:00:00Z',
    '10000-01-01T00:00:00Z',
    '2015-00-02',
    '2015-13-02',
    '2015-11-00',
    '2015-11-31',
    '2015-02-29',
    '2015-02-29T00:00:00.000Z',
    '1900-02-29',
    '2100-02-29T00:00:00.000Z',
    '2015-02-31T00:00:00.000Z',
    '2015-11-02T',
    '2015-11-02Z',
    '2015-11-02+01:00',
    '2015-11-02T1:00',
    '2015-11-02T25:00:00Z',
    '2015-11-02T24:00:01Z',
    '2015-11-02T24:00:00.001Z',
    '2015-11-02T24:01',
    '2015-11-02T24.5',
    '2015-11-02T10:60:00Z',
    '2015-11-02T10:00:61Z',
    '2015-11-02T10:00:00.Z',
    '2015-11-02T10:00:00.12.3Z',
    '2015-11-02T10.5:00Z',
    '2015-11-02T10:00:00+24:00',
    '2015-11-02T10:00:00.000+24:00',
    '2015-11-02T10:00:00+01:60',
    '2015-11-02T10:00:00+1:00',
    '2015-11-02T10:00:00+',
    '2015-11-02T10:00:00ZZ',
    '2015-11-02T10:00:00 +01:00',
    '2015-11-02T10:00:00[Europe/Berlin]',
    '2015-11-02T10:00:00Z\n',
    ' 2015-11-02T10:00:00Z',
    '２０１５-11-02',
    // Eight digits are a date of the basic format, and this one does not exist; other numbers are read elsewhere.
    '14464584',
    '1446458400000',
    '1446458400000.5',
    '9'.repeat(400),
  ])('%j', (text) => {
    expect(parseIso8601(text)).toBeUndefined();
  });
});

describe('one instant', () => {
  test('is read from every way of writing it: any offset, format, separator and precision', () => {
    const offsets = fc.integer({ min: -1_439, max: 1_439 });
    const style = fc.record({
      basic: fc.boolean(),
      separator: fc.constantFrom('T', 't', ' '),
      mark: fc.constantFrom('.', ','),
      moreDigits: fc.stringMatching(/^\d{0,27}$/),
    });
    // A local time must have a year of four digits itself.
    const inner = fc.integer({ min: EARLIEST, max: LATEST - 86_400_000 });

    fc.assert(
      fc.property(inner, offsets, style, (instant, minutes, { basic, separator, mark, moreDigits }) => {
        const local = new Date(instant + minutes * 60_000).toISOString();
        const day = local.slice(0, 10);
        const clock = local.slice(11, 19);
        const ahead = Math.abs(minutes);
        const hours = String(Math.floor(ahead / 60)).padStart(2, '0');
        const offset = `${minutes < 0 ? '-' : '+'}${hours}:${String(ahead % 60).padStart(2, '0')}`;
        const fraction = `${mark}${local.slice(20, 23)}${moreDigits}`;
        const extended = `${day}${separator}${clock}${fraction}${offset}`;
        const text = basic ? extended.replaceAll(':', '').replace(day, day.replaceAll('-', '')) : extended;

        expect(parseIso8601(text)).toEqual({ instant, finer: moreDigits.slice(0, 6).replace(/0+$/, '') });
      }),
      { numRuns: 500 },
    );
  });
});
