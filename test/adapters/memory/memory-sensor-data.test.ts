import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MemorySensorData } from '../../../adapters/memory/memory-sensor-data.ts';
import type { StoredReading } from '../../../core/ports.ts';
import { placeOf } from '../../../core/reading-key.ts';
import { formatTimestamp } from '../../../core/timestamp.ts';
import { range } from '../../contracts/harness.ts';
import { sensorDataContract } from '../../contracts/sensor-data-contract.ts';
import { noon, storedReading } from '../../support/record-factory.ts';

sensorDataContract('memory', async () => ({ table: new MemorySensorData() }));

function readingAt(millis: number, overrides: Partial<StoredReading> = {}): StoredReading {
  return storedReading({ timestamp: formatTimestamp(noon + millis), value: millis, ...overrides });
}

describe('a put', () => {
  test('is refused as BatchWriteItem refuses it where a key comes twice, and writes nothing', async () => {
    const table = new MemorySensorData();
    const twice = [readingAt(0, { value: 1 }), readingAt(1), readingAt(0, { value: 2 })];
    await expect(table.put(twice)).rejects.toThrow('Provided list of item keys contains duplicates');
    expect(table.statistics()).toEqual({ sensors: 0, readings: 0 });
  });

  test.each(['2026-01-15T12:00:00Z', '2026-01-15T13:00:00.000+01:00', 'now', ''])(
    'is refused with the timestamp "%s", which would be another key in DynamoDB',
    async (timestamp) => {
      const table = new MemorySensorData();
      await expect(table.put([storedReading({ timestamp })])).rejects.toThrow('timestamp: ');
      await expect(table.query({ sensorId: 'a', from: timestamp, order: 'asc', limit: 1 })).rejects.toThrow('from: ');
    },
  );
});

test('holds and finds readings as a sorted list would, in whatever order they come', async () => {
  /** Of one millisecond there are several: one that says the time, some that say none, and finer ones. */
  const reading = fc
    .record({
      millis: fc.nat(700),
      kind: fc.constantFrom('', '', 'no time', 'finer'),
      n: fc.integer({ min: 1, max: 9 }),
    })
    .map(({ millis, kind, n }) => {
      const at = readingAt(millis, { value: millis * 10 + n });
      if (kind === 'no time') return { ...at, flags: ['arrival-time' as const], sequenceNumber: String(n) };
      return kind === 'finer' ? { ...at, timestamp: `${at.timestamp.slice(0, -1)}${n}Z` } : at;
    });
  const batch = fc.array(reading, { maxLength: 1_500, size: 'max' });
  const query = fc.record({
    from: fc.nat(700),
    to: fc.nat(700),
    order: fc.constantFrom('asc' as const, 'desc' as const),
    limit: fc.integer({ min: 1, max: 1_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { maxLength: 4 }), fc.array(query, { maxLength: 5 }), async (batches, queries) => {
      const table = new MemorySensorData();
      const model = new Map<string, StoredReading>();
      for (const [arrivedAt, times] of batches.entries()) {
        const readings = new Map(times.map((each) => [placeOf(each), { ...each, arrivedAt }]));
        await table.put([...readings.values()]);
        for (const [place, each] of readings) model.set(place, each);
      }
      expect(table.statistics()).toEqual({ sensors: model.size > 0 ? 1 : 0, readings: model.size });
      for (const { from, to, order, limit } of queries) {
        const expected = [...model.values()]
          .filter(({ value }) => value / 10 >= from && value / 10 < to + 1)
          .sort((a, b) => (placeOf(a) < placeOf(b) === (order === 'asc') ? -1 : 1));
        const page = await table.query({
          sensorId: 'kitchen',
          from: formatTimestamp(noon + from),
          to: formatTimestamp(noon + to),
          order,
          limit,
        });
        expect(page).toEqual({ readings: expected.slice(0, limit), more: expected.length > limit });
      }
    }),
    { numRuns: 40 },
  );
});

test('a reading from the far future does not become the latest, while there is another one', async () => {
  const table = new MemorySensorData();
  const future = (n: number) =>
    readingAt(0, { timestamp: `2612-01-01T00:00:0${n}.000Z`, value: n, flags: ['far-future'] });
  const latest = () => table.sensors()[0]?.latest;
  await table.put([future(1)]);
  expect(latest()).toEqual(future(1));
  await table.put([readingAt(5, { arrivedAt: noon + 5 })]);
  expect(latest()).toEqual(readingAt(5, { arrivedAt: noon + 5 }));
  await table.put([readingAt(4, { arrivedAt: noon + 9 }), future(2)]);
  expect(latest()).toEqual(readingAt(5, { arrivedAt: noon + 5 }));
  await table.put([readingAt(6, { flags: ['arrival-time'], arrivedAt: noon + 6 })]);
  expect(latest()?.value).toBe(6);
});

test('lists the sensors with their count and the reading of the latest timestamp', async () => {
  const table = new MemorySensorData();
  expect(table.sensors()).toEqual([]);
  await table.put([...range(1_200).map((millis) => readingAt(millis)), readingAt(5, { sensorId: 'attic' })]);
  await table.put([readingAt(-1)]);
  expect(table.sensors()).toEqual([
    { sensorId: 'attic', count: 1, latest: readingAt(5, { sensorId: 'attic' }) },
    { sensorId: 'kitchen', count: 1_201, latest: readingAt(1_199) },
  ]);
  expect(table.statistics()).toEqual({ sensors: 2, readings: 1_202 });
});
