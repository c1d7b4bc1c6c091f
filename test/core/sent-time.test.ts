import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatMoment } from '../../core/moment.ts';
import { readSentTime } from '../../core/sent-time.ts';

const arrivedAt = Date.UTC(2026, 10, 25, 18);

/** Written canonically; the rule where it is refused. */
function read(sent: unknown): string {
  const time = readSentTime(sent, arrivedAt);
  return time.ok ? formatMoment(time) : time.rule;
}

// The comments name the public report in which somebody's readings landed in another year.
describe('a number is taken in the unit that fits', () => {
  test.each([
    // thingsboard#1754 and #6351, node-red-contrib-ui-state-trail#22: seconds.
    [1_795_628_730, '2026-11-25T17:45:30.000Z'],
    ['1795628730', '2026-11-25T17:45:30.000Z'],
    // fluent-bit sends seconds with a fraction.
    [1_795_628_730.123456, '2026-11-25T17:45:30.123456Z'],
    ['1795628730.5', '2026-11-25T17:45:30.500Z'],
    [1_795_628_730_004, '2026-11-25T17:45:30.004Z'],
    ['1795628730004.9', '2026-11-25T17:45:30.0049Z'],
    [1_795_628_730_004.5, '2026-11-25T17:45:30.0045Z'],
    // Spreadsheets write large numbers so.
    ['1.79562873E+12', '2026-11-25T17:45:30.000Z'],
    [1_795_628_730_004_757, '2026-11-25T17:45:30.004757Z'],
    ['1795628730004757', '2026-11-25T17:45:30.004757Z'],
    ['1795628730004757123', '2026-11-25T17:45:30.004757123Z'],
    [946_684_800, '2000-01-01T00:00:00.000Z'],
    [946_684_800_000, '2000-01-01T00:00:00.000Z'],
  ])('%p is %s', (sent, expected) => {
    expect(read(sent)).toBe(expected);
  });

  const units = [
    ['seconds', 1_000],
    ['milliseconds', 1],
    ['microseconds', 1 / 1_000],
    ['nanoseconds', 1 / 1_000_000],
  ] as const;
  test.each(units)('any time since 2000 in %s', (_, millis) => {
    const instants = fc.integer({ min: Date.UTC(2000, 0, 2) / 1_000, max: arrivedAt / 1_000 + 364 * 86_400 });

    fc.assert(
      fc.property(instants, (seconds) => {
        expect(readSentTime((seconds * 1_000) / millis, arrivedAt)).toEqual({
          ok: true,
          instant: seconds * 1_000,
          finer: '',
        });
      }),
    );
  });
});

describe('digits as text are a date where no unit fits', () => {
  test.each([
    // wetterdienst#543, traccar#5029: these landed in the years 2611 and 1977.
    ['20251125', '2025-11-25T00:00:00.000Z'],
    ['202511251745', '2025-11-25T17:45:00.000Z'],
    ['20251125174500', '2025-11-25T17:45:00.000Z'],
    ['197001010000', '1970-01-01T00:00:00.000Z'],
    ['19580315', '1958-03-15T00:00:00.000Z'],
  ])('%s is %s', (sent, expected) => {
    expect(read(sent)).toBe(expected);
  });
});

describe('a number that no unit puts between 2000 and a year ahead is refused', () => {
  test.each([
    // YYYYMMDD is a date as text only.
    20_261_125,
    20_251_125_174_500,
    // YYYYMMDDhh and YYMMDDhhmmss: other forms have as many digits. The last one would be in the year 2401.
    '2026112510',
    '251125174500',
    '240101120000',
    '190101120000',
    // Days of a spreadsheet, milliseconds since a device was switched on, seconds since 2001 (meshtastic/firmware#3103, #1637).
    45_986.739583,
    123_456,
    785_785_500,
    // The years 4020 and 6070 (bifravst/firmware#28), and 2036 (gmag11/NtpClient#74).
    64_698_438_051_149,
    '129396873948100',
    Date.UTC(2036, 1, 7),
    0,
    -1,
    1e300,
    '20261340',
  ])('%p', (sent) => {
    expect(read(sent)).toMatch(/^must be a number of a time from 2000 to a year ahead \(it is .* in nanoseconds\)$/);
  });

  test('with what each unit would mean', () => {
    expect(read(785_785_500)).toBe(
      'must be a number of a time from 2000 to a year ahead (it is 1994-11-25 in seconds, 1970-01-10 in milliseconds, ' +
        '1970-01-01 in microseconds, 1970-01-01 in nanoseconds)',
    );
    expect(read(1e15 * 2)).toContain('beyond the year 9999 in seconds');
  });

  test('a year ahead counts from the arrival', () => {
    const ahead = arrivedAt + 300 * 86_400_000;
    expect(readSentTime(ahead, arrivedAt)).toEqual({ ok: true, instant: ahead, finer: '' });
    expect(readSentTime(ahead, arrivedAt - 100 * 86_400_000).ok).toBe(false);
  });
});

test.each([
  '',
  ' ',
  'now',
  '45%',
  '-1795628730',
  '+1795628730',
  '0x6B0',
  '1_795_628_730',
  '١٧٩٥٦٢٨٧٣٠',
  true,
  {},
  [],
  NaN,
  Infinity,
  '9'.repeat(400),
])('%p is no time at all', (sent) => {
  expect(read(sent)).toBe(
    'must be an ISO 8601 date and time, or seconds, milliseconds, microseconds or nanoseconds since 1970',
  );
});

test.each(['0000-12-31T23:59:59.999Z', '9999-12-31T23:59:59-01:00'])('%s is outside the years of a reading', (sent) => {
  expect(read(sent)).toBe('must be in the years 1 to 9999 (UTC)');
});

test.each(['2026-11-25 17:45', ' 2026/11/25T17:45:00Z ', '20261125T1745Z'])('%p is read as ISO 8601', (sent) => {
  expect(read(sent)).toBe('2026-11-25T17:45:00.000Z');
});
