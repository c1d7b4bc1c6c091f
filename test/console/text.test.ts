/** What the page makes of values from outside before it shows them or hands them on. */
import { describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { anyCharacter } from '../support/any-character.ts';
import { archiveLineText } from '../support/archive-line-text.ts';
import { parseArchivedLine } from '../../local-server/console/page/archived-line.ts';
import { findDays, MAX_DAYS } from '../../local-server/console/page/days.ts';
import { curlCommands, exportHeader, exportLine, exportReadings } from '../../local-server/console/page/export.ts';
import { decodePayload, formatAge, formatDuration, formatValue } from '../../local-server/console/page/format.ts';
import { formatRoute, parseRoute, viewNames } from '../../local-server/console/page/address.ts';

test('an archived line keeps the digits that the device wrote, whatever the partition key holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, minLength: 1 }), fc.json(), (partitionKey, json) => {
      const record = { partitionKey, shardId: 'shardId-000000000000', sequenceNumber: '7', arrivedAt: 0 };
      const line = parseArchivedLine(archiveLineText({ ...record, data: Buffer.from(json) }));
      expect(line).toMatchObject({ partitionKey, data: json.replace(/[\r\n]/g, ' ') });
    }),
  );
  const raw = Buffer.from([0xff]);
  const line = archiveLineText({ partitionKey: 'k', shardId: 's', sequenceNumber: '7', arrivedAt: 0, data: raw });
  expect(parseArchivedLine(line)).toMatchObject({ raw: '/w==' });
});

test.each([123456789.12345678, 0.30000000000000004, 0.1, -1234.5, 9007199254740992, 5e-324])(
  'a measured value is shown to its last digit: %d',
  (value) => {
    // The separators are those of the reader's language.
    const digits = (text: string) => text.replace(/\D/g, '');
    expect(digits(formatValue(value))).toBe(digits(String(value)));
  },
);

describe('a history as CSV', () => {
  test('can be read back, whatever the sensor is called', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: anyCharacter, minLength: 1 }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (id, value) => {
          const text = exportHeader('csv') + exportLine('csv', id, { timestamp: '2026-01-01T00:00:00.000Z', value });
          expect(parse(text, { columns: true, relaxQuotes: false })).toEqual([
            {
              sensorid: /^[=+\-@\t\r\n]/.test(id) ? `'${id}` : id,
              timestamp: '2026-01-01T00:00:00.000Z',
              value: String(value),
            },
          ]);
        },
      ),
    );
  });

  test('begins with a byte order mark for Excel only', () => {
    expect(exportHeader('excel')).toBe(`\ufeff${exportHeader('csv')}`);
    expect(exportHeader('csv')).toBe('sensorid,timestamp,value\r\n');
  });

  test('has every page of every sensor', async () => {
    const counts: number[] = [];
    const parts = await exportReadings(
      'ndjson',
      ['a', 'b'],
      async (sensorId, cursor) => ({
        sensorId,
        readings: [{ timestamp: cursor ?? 'first', value: 1 }],
        ...(cursor === undefined && { nextCursor: 'second' }),
      }),
      (count) => counts.push(count),
    );
    const lines = parts
      .join('')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { sensorid: string; timestamp: string });
    expect(lines.map(({ sensorid, timestamp }) => sensorid + timestamp)).toEqual([
      'afirst',
      'asecond',
      'bfirst',
      'bsecond',
    ]);
    expect(counts).toEqual([1, 2, 3, 4]);
  });
});

test('a command for the shell quotes what a shell would take for its own', () => {
  expect(curlCommands([`http://h/sensors/it's $(rm)/readings`])).toBe(
    `curl -s 'http://h/sensors/it'\\''s $(rm)/readings'`,
  );
});

test('the days of keys are found newest first with one question a day', async () => {
  const keys = ['2026-01-01/1', '2026-01-01/2', '2026-01-02/1', '2026-03-05/9'];
  const asked: (string | undefined)[] = [];
  const days = await findDays(async (after) => {
    asked.push(after);
    return keys.find((key) => after === undefined || key > after);
  });
  expect(days).toEqual(['2026-03-05', '2026-01-02', '2026-01-01']);
  expect(asked).toHaveLength(4);
  const endless = await findDays(async (after = '1999-01-01') =>
    new Date(Date.parse(after.slice(0, 10)) + 86_400_000).toISOString().replace('T', '/'),
  );
  expect(endless).toHaveLength(MAX_DAYS);
});

test('bytes are shown as text where they are UTF-8, and in hex where they are not', () => {
  expect(decodePayload(Buffer.from('<b>°</b>').toString('base64'))).toEqual({ text: '<b>°</b>' });
  expect(decodePayload(Buffer.from([0xb0, 0x41]).toString('base64'))).toEqual({
    hex: expect.stringMatching(/^0000 {2}b0 41 +\.A$/),
  });
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_500, '1.5 s'],
  [59_000, '59 s'],
  [200_000, '3 min 20 s'],
  [3_600_000, '1 h'],
  [90_000_000, '1 d 1 h'],
])('%d milliseconds read %s', (millis, text) => {
  expect(formatDuration(millis)).toBe(text);
});

test('an age says so where the device is ahead of the clock', () => {
  const now = Date.parse('2026-01-01T00:00:00.000Z');
  expect(formatAge('2025-12-31T23:59:48.000Z', now)).toBe('12 s ago');
  expect(formatAge('2026-01-01T03:00:00.000Z', now)).toBe('in 3 h');
  expect(formatAge('2026-01-01T00:00:00.200Z', now)).toBe('now');
});

test('an address gives the view and its parameters back, whatever a sensor is called', () => {
  fc.assert(
    fc.property(fc.constantFrom(...viewNames), fc.array(fc.string({ minLength: 1 })), (view, sensor) => {
      const { view: parsed, parameters } = parseRoute(formatRoute(view, { sensor, range: undefined }));
      expect({ view: parsed, sensor: parameters.getAll('sensor') }).toEqual({ view, sensor });
    }),
  );
  expect(parseRoute('#/nowhere').view).toBe('devices');
});
