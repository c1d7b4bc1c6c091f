import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ArchiveKey, formatArchiveKey, keyDate, parseArchiveKey } from '../../core/archive-key.ts';
import { EARLIEST, LATEST } from '../../core/timestamp.ts';

const first = '49545115243490985018280067714973144582180062593244200961';
const last = '49545115243490985018280067714973144582180062593244200970';

const dates = fc.integer({ min: EARLIEST, max: LATEST }).map(keyDate);
/** Shaped like Kinesis's: 56 digits. */
const kinesisNumbers = fc.bigInt({ min: 10n ** 55n, max: 10n ** 56n - 1n });

function batches(numbers: fc.Arbitrary<bigint>): fc.Arbitrary<ArchiveKey> {
  return fc.tuple(dates, numbers, fc.bigInt({ min: 0n, max: 3n })).map(([date, start, length]) => {
    return { date, first: String(start), last: String(start + length) };
  });
}

const shard = 'shardId-000000000003';
const shards = fc.oneof(fc.constant(shard), fc.stringMatching(/^[a-zA-Z0-9_.-]{1,128}$/), fc.constant('1.ndjson.gz'));
/** The ways in which a key names more than the numbers: as of old not at all, the shard, the shard and which copy. */
const places = fc.oneof(
  fc.constant({}),
  fc.record({ shardId: shards }),
  fc.record({ shardId: shards, copy: fc.integer({ min: 2, max: 999_999_999 }) }),
);

describe('the key of a batch', () => {
  test('names the shard, and which object of these numbers it is', () => {
    const batch = { date: '2015-11-02', first, last, shardId: shard };
    expect(formatArchiveKey(batch)).toBe(`2015-11-02/${first}-${last}.${shard}.ndjson.gz`);
    expect(formatArchiveKey({ ...batch, last: first })).toBe(`2015-11-02/${first}.${shard}.ndjson.gz`);
    expect(formatArchiveKey({ ...batch, copy: 2 })).toBe(`2015-11-02/${first}-${last}_2.${shard}.ndjson.gz`);
  });

  test.each([
    ['shardId', { shardId: '../../etc' }],
    ['shardId', { shardId: '' }],
    ['sequenceNumber', { first: '01' }],
  ])('is none for a %s that no stream gives', (field, part) => {
    expect(() => formatArchiveKey({ date: '2015-11-02', first, last, shardId: shard, ...part })).toThrow(`${field}: `);
  });

  test('names the day and both ends', () => {
    expect(formatArchiveKey({ date: '2015-11-02', first, last })).toBe(`2015-11-02/${first}-${last}.ndjson.gz`);
  });

  test('names a single record once', () => {
    expect(formatArchiveKey({ date: '2015-11-02', first, last: first })).toBe(`2015-11-02/${first}.ndjson.gz`);
  });

  test.each([
    [Date.UTC(2015, 10, 2, 23, 59, 59, 999), '2015-11-02'],
    [Date.UTC(2015, 10, 3), '2015-11-03'],
    [0, '1970-01-01'],
  ])('has the UTC day of %d', (arrivedAt, date) => {
    expect(keyDate(arrivedAt)).toBe(date);
  });

  test('is undone by parsing', () => {
    fc.assert(
      fc.property(batches(fc.oneof(kinesisNumbers, fc.bigInt({ min: 0n, max: 1_000n }))), places, (numbers, place) => {
        const batch = { ...numbers, ...place };
        expect(parseArchiveKey(formatArchiveKey(batch))).toEqual(batch);
      }),
    );
  });

  test('sorts as text in time order within a day', () => {
    const day = fc.tuple(batches(kinesisNumbers), fc.bigInt({ min: 1n, max: 20n }), fc.bigInt({ min: 0n, max: 3n }));
    fc.assert(
      fc.property(day, ([earlier, step, length]) => {
        const start = BigInt(earlier.first) + step;
        const later = { date: earlier.date, first: String(start), last: String(start + length) };
        fc.pre(later.last.length === 56);

        expect(formatArchiveKey(earlier) < formatArchiveKey(later)).toBe(true);
      }),
    );
  });

  test('sorts the days in order', () => {
    fc.assert(
      fc.property(batches(kinesisNumbers), batches(kinesisNumbers), (a, b) => {
        fc.pre(a.date < b.date);
        expect(formatArchiveKey(a) < formatArchiveKey(b)).toBe(true);
      }),
    );
  });

  test('differs for other bounds, so that a part never overwrites the whole', () => {
    const third = '49545115243490985018280067714973144582180062593244200965';
    const keys = [
      [first, last],
      [first, third],
      [third, last],
      [first, first],
      [last, last],
    ].map(([from = '', to = '']) => formatArchiveKey({ date: '2015-11-02', first: from, last: to }));

    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('parseArchiveKey refuses', () => {
  test.each([
    ['nothing', ''],
    ['another suffix', `2015-11-02/${first}.json`],
    ['no suffix', `2015-11-02/${first}`],
    ['something behind the suffix', `2015-11-02/${first}.ndjson.gz\n`],
    ['something before the date', `x/2015-11-02/${first}.ndjson.gz`],
    ['no date', `/${first}.ndjson.gz`],
    ['a month that does not exist', `2015-13-02/${first}.ndjson.gz`],
    ['a day that does not exist', `2015-02-29/${first}.ndjson.gz`],
    ['a day of the year 0', `0000-12-31/${first}.ndjson.gz`],
    ['no sequence number', '2015-11-02/.ndjson.gz'],
    ['no last sequence number', `2015-11-02/${first}-.ndjson.gz`],
    ['a leading zero', `2015-11-02/0${first}.ndjson.gz`],
    ['a last number with a leading zero', `2015-11-02/1-02.ndjson.gz`],
    ['a single record written as a range', `2015-11-02/${first}-${first}.ndjson.gz`],
    ['a range whose end comes before its start', `2015-11-02/${last}-${first}.ndjson.gz`],
    ['a range that only string order finds in order', '2015-11-02/10-9.ndjson.gz'],
    ['three numbers', `2015-11-02/1-2-3.ndjson.gz`],
    ['a number of 130 digits', `2015-11-02/${'9'.repeat(130)}.ndjson.gz`],
    ['a copy of an old key', '2015-11-02/1_2.ndjson.gz'],
    ['a first copy', `2015-11-02/1_1.${shard}.ndjson.gz`],
    ['a copy with a leading zero', `2015-11-02/1_02.${shard}.ndjson.gz`],
    ['a shard with a slash', '2015-11-02/1.a/b.ndjson.gz'],
    ['an empty shard', '2015-11-02/1..ndjson.gz'],
    ['other digits', '2015-11-02/१.ndjson.gz'],
  ])('%s', (_, key) => {
    expect(parseArchiveKey(key)).toBeUndefined();
  });

  test('everything that formatArchiveKey cannot write', () => {
    const twoDigits = fc.integer({ min: 0, max: 40 }).map((field) => String(field).padStart(2, '0'));
    const almostDate = fc
      .tuple(fc.integer({ min: 1960, max: 2030 }), twoDigits, twoDigits)
      .map(([year, month, day]) => `${year}-${month}-${day}`);
    const almostNumber = fc.stringMatching(/^\d{1,2}$/);
    const almostKey = fc
      .tuple(almostDate, almostNumber, fc.option(almostNumber))
      .map(([date, from, to]) => `${date}/${from}${to === null ? '' : `-${to}`}.ndjson.gz`);
    const isDay = (date: string) => {
      const instant = Date.parse(`${date}T00:00:00Z`);
      return instant >= EARLIEST && new Date(instant).toISOString().startsWith(date);
    };
    /** What a key must be, said without the code under test. */
    const canBeWritten = (key: string) => {
      const [date = '', name = ''] = key.split('/');
      const numbers = name.replace('.ndjson.gz', '').split('-');
      const [from = 0, to = Infinity] = numbers.map(Number);
      return isDay(date) && numbers.every((text) => String(Number(text)) === text) && from < to;
    };

    fc.assert(
      fc.property(almostKey, (key) => {
        const parsed = parseArchiveKey(key);
        expect(parsed !== undefined).toBe(canBeWritten(key));
        if (parsed !== undefined) expect(formatArchiveKey(parsed)).toBe(key);
      }),
      { numRuns: 1_000 },
    );
  });
});
