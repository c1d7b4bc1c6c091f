import { describe, expect, test } from '@jest/globals';
import { guessTimeFormat, luxonFormat, TimeReader } from '../../../../local-server/simulator/csv/times.ts';

function readAll(cells: readonly string[], zone?: string): readonly string[] {
  const reader = new TimeReader(guessTimeFormat(cells, 'time'), zone);
  return cells.map((cell) => {
    const time = reader.read(cell, '');
    return time.ok ? time.timestamp : time.problem;
  });
}

describe('times of a file', () => {
  test.each([
    ['2010/01/01 01:00', '2010-01-01T01:00:00.000Z'],
    ['2010-01-01 01:00:30.1234567', '2010-01-01T01:00:30.1234567Z'],
    ['2010-01-01T01:00:00+02:00', '2009-12-31T23:00:00.000Z'],
    ['1262307600', '2010-01-01T01:00:00.000Z'],
    ['20100101010000', '2010-01-01T01:00:00.000Z'],
    ['1958-03-01', '1958-03-01T00:00:00.000Z'],
    ['Jan 1 2000', '2000-01-01T00:00:00.000Z'],
    ['January 5, 2020 10:00 PM', '2020-01-05T22:00:00.000Z'],
    ['5-Jan-20', '2020-01-05T00:00:00.000Z'],
    ['1880', '1880-01-01T00:00:00.000Z'],
    ['2000-01', '2000-01-01T00:00:00.000Z'],
    ['25.12.2020, 14:05', '2020-12-25T14:05:00.000Z'],
    ['13/2/1965', '1965-02-13T00:00:00.000Z'],
    ['6/21/2001 11:00:00 AM', '2001-06-21T11:00:00.000Z'],
    ['2/13/1965 4:05:06.789012', '1965-02-13T04:05:06.789012Z'],
    ['31/12/99', '1999-12-31T00:00:00.000Z'],
  ])('%s is read', (cell, timestamp) => {
    expect(readAll([cell])).toEqual([timestamp]);
  });

  test('are read by the one format that fits all of the first rows', () => {
    expect(readAll(['1/2/2020', '13/2/2020'])).toEqual(['2020-02-01T00:00:00.000Z', '2020-02-13T00:00:00.000Z']);
    expect(readAll(['1/2/2020', '2/13/2020'])).toEqual(['2020-01-02T00:00:00.000Z', '2020-02-13T00:00:00.000Z']);
  });

  test.each([
    ['can be day and month, or month and day', ['1/2/2020', '3/4/2020']],
    ['mix both', ['13/2/2020', '2/13/2020', '14/2/2020']],
    ['have a year of two digits that can be a day', ['10-11-12']],
  ])('that %s are refused', (_, cells) => {
    expect(() => guessTimeFormat(cells, 'time')).toThrow(/ d.M.yy.* M.d.yy.*--time-format/);
  });

  test('may be in a zone; an offset of their own counts more', () => {
    const cells = ['2026-07-01 12:00', '2026-07-01T12:00:00Z', '1782907200', '2026-01-01', '20260701120000'];
    expect(readAll(cells, 'Europe/Berlin')).toEqual([
      '2026-07-01T10:00:00.000Z',
      '2026-07-01T12:00:00.000Z',
      '2026-07-01T12:00:00.000Z',
      '2025-12-31T23:00:00.000Z',
      '2026-07-01T10:00:00.000Z',
    ]);
  });

  test('in the hour that comes twice at the end of summer time are in the order of the rows', () => {
    const cells = ['2026-10-25 01:30', '2026-10-25 02:00', '2026-10-25 02:30', '2026-10-25 02:00', '2026-10-25 02:30'];
    const ascending = [
      '2026-10-24T23:30',
      '2026-10-25T00:00',
      '2026-10-25T00:30',
      '2026-10-25T01:00',
      '2026-10-25T01:30',
    ];
    expect(readAll(cells, 'Europe/Berlin')).toEqual(ascending.map((time) => `${time}:00.000Z`));
    const descending = ['2026-10-25 03:30', '2026-10-25 03:00', ...cells.slice(1).reverse()];
    expect(readAll(descending, 'Europe/Berlin').slice(2)).toEqual(
      ascending
        .slice(1)
        .reverse()
        .map((time) => `${time}:00.000Z`),
    );
  });

  test('of several sensors are each in their own order', () => {
    const reader = new TimeReader(luxonFormat('d.M.yyyy H:mm'), 'Europe/Berlin');
    const read = (series: string) => reader.read('25.10.2026 02:30', series);
    expect([read('a'), read('b'), read('a'), read('b')]).toEqual(
      ['00:30', '00:30', '01:30', '01:30'].map((time) => ({ ok: true, timestamp: `2026-10-25T${time}:00.000Z` })),
    );
  });

  test('that the clocks of the zone skip are told', () => {
    expect(readAll(['2026-03-29 01:30', '2026-03-29 02:30', '2026-03-29 03:30'], 'Europe/Berlin')).toEqual([
      '2026-03-29T00:30:00.000Z',
      '"2026-03-29 02:30" does not exist in Europe/Berlin: clocks went forward',
      '2026-03-29T01:30:00.000Z',
    ]);
  });

  test('in a format that a person named may have an offset, a zone or literals', () => {
    const at = (format: string, cell: string) => luxonFormat(format).parse(cell);
    expect(at("yyyy-MM-dd'TZ'HH:mm", '2026-01-01TZ10:00')).toMatchObject({ local: true });
    expect(at('d.M.yyyy H:mm ZZ', '1.7.2026 12:00 +02:00')).toMatchObject({
      instant: Date.UTC(2026, 6, 1, 10),
      local: false,
    });
  });
});
