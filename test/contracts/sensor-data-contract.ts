/** What every table of readings promises. */
import { describe, expect, test } from '@jest/globals';
import type { ReadingQuery, SensorDataTable, StoredReading } from '../../core/ports.ts';
import { placeOf } from '../../core/reading-key.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import { noon, sequenceNumber, storedReading } from '../support/record-factory.ts';
import { awkwardIds, type Harness, range, uniqueName, useHarness } from './harness.ts';

export interface SensorDataHarness extends Harness {
  readonly table: SensorDataTable;
}

export function sensorDataContract(name: string, create: () => Promise<SensorDataHarness>): void {
  describe(`sensor data table: ${name}`, () => {
    const harness = useHarness(create);

    async function putAll(readings: readonly StoredReading[]): Promise<void> {
      expect((await harness().table.put(readings)).notTaken).toEqual([]);
    }

    /** Goes through all pages, each after the last place of the one before. */
    async function queryAll(query: ReadingQuery): Promise<StoredReading[]> {
      const readings: StoredReading[] = [];
      for (let more = true; more;) {
        const last = readings.at(-1);
        const page = await harness().table.query({ ...query, ...(last && { after: placeOf(last) }) });
        expect(page.readings.length).toBeLessThanOrEqual(query.limit);
        expect(page.more && page.readings.length === 0).toBe(false);
        readings.push(...page.readings);
        more = page.more;
      }
      return readings;
    }

    test('writes no readings without complaint', async () => {
      await putAll([]);
    });

    test('gives a reading back as it was put', async () => {
      const values = [0, -1.5, 0.30000000000000004, 1e-7, 123_456_789, 1e20, 5e-100];
      const sensorId = uniqueName('whole');
      const readings = values.map((value, minute) =>
        minuteReading(sensorId, minute, { value, arrivedAt: noon + minute }),
      );
      await putAll(readings);
      const query = { sensorId, order: 'asc', limit: 100 } as const;
      expect(await harness().table.query(query)).toEqual({ readings, more: false });
    });

    test('knows nothing of a sensor that never put', async () => {
      const query = { sensorId: uniqueName('never'), order: 'desc', limit: 20 } as const;
      expect(await harness().table.query(query)).toEqual({ readings: [], more: false });
    });

    test('keeps sensors apart, whatever their ids', async () => {
      const ids = [
        ...awkwardIds.map(uniqueName),
        uniqueName('long').padEnd(256, 'x'),
        uniqueName('🌱').padEnd(256, 'ü'),
      ];
      const readings = ids.map((sensorId, value) => storedReading({ sensorId, value }));
      await putAll(readings);
      for (const expected of readings) {
        expect(await queryAll({ sensorId: expected.sensorId, order: 'desc', limit: 5 })).toEqual([expected]);
      }
    });

    test.each([26, 500, 10_000])('takes %i readings in one call', async (count) => {
      const sensorIds = range(3).map(() => uniqueName('many'));
      const readings = range(count).map((index) => minuteReading(sensorIds[index % 3]!, index));
      await putAll(readings);
      for (const sensorId of sensorIds) {
        const expected = readings.filter((reading) => reading.sensorId === sensorId);
        expect(await queryAll({ sensorId, order: 'asc', limit: 1_000 })).toEqual(expected);
      }
    });

    test('writes a reading once that is put twice', async () => {
      const reading = storedReading({ sensorId: uniqueName('twice') });
      await putAll([reading]);
      await putAll([reading]);
      expect(await queryAll({ sensorId: reading.sensorId, order: 'asc', limit: 5 })).toEqual([reading]);
    });

    test('has the later value where a later call puts the same timestamp', async () => {
      const earlier = storedReading({ sensorId: uniqueName('later'), value: 1 });
      const later = { ...earlier, value: 2, sequenceNumber: sequenceNumber(2), arrivedAt: noon + 5 };
      await putAll([earlier]);
      const { overwritten = 1 } = await harness().table.put([later]);
      // A table that cannot tell says nothing.
      expect(overwritten).toBe(1);
      expect((await harness().table.put([later])).overwritten ?? 0).toBe(0);
      expect(await queryAll({ sensorId: earlier.sensorId, order: 'asc', limit: 5 })).toEqual([later]);
    });

    test('puts readings in time order, in whatever order they came', async () => {
      const sensorId = uniqueName('late');
      const minutes = [5, 1, 9, 0, 7, 3, 2, 8, 6, 4];
      for (const minute of minutes) await putAll([minuteReading(sensorId, minute)]);
      const inOrder = range(10).map((minute) => minuteReading(sensorId, minute));
      expect(await queryAll({ sensorId, order: 'asc', limit: 100 })).toEqual(inOrder);
      expect(await queryAll({ sensorId, order: 'desc', limit: 100 })).toEqual(inOrder.toReversed());
    });

    test('tells milliseconds apart and orders years', async () => {
      const sensorId = uniqueName('times');
      const timestamps = [
        '1970-01-01T00:00:00.000Z',
        formatTimestamp(noon),
        formatTimestamp(noon + 1),
        '9999-12-31T23:59:59.999Z',
      ];
      const readings = timestamps.map((timestamp) => storedReading({ sensorId, timestamp }));
      await putAll(readings.toReversed());
      expect(await queryAll({ sensorId, order: 'asc', limit: 10 })).toEqual(readings);
    });

    test('gives back what few readings have: unit, part and flags', async () => {
      const sensorId = uniqueName('details');
      const readings: readonly StoredReading[] = [
        minuteReading(sensorId, 0, { unit: '°C' }),
        minuteReading(sensorId, 1, { flags: ['far-past', 'inexact'], part: 0 }),
        minuteReading(sensorId, 2, { flags: ['arrival-time'], unit: '%RH', part: 12 }),
        minuteReading(sensorId, 3),
      ];
      await putAll(readings);
      expect(await queryAll({ sensorId, order: 'asc', limit: 2 })).toEqual(readings);
    });

    describe('of readings within one millisecond', () => {
      const from = formatTimestamp(noon);
      const micro = `${from.slice(0, -1)}0005Z`;
      const nano = `${from.slice(0, -1)}000501Z`;

      /** In their order: one that said the time, three that said none, two that were finer; and one a millisecond later. */
      async function within(): Promise<{ sensorId: string; inOrder: readonly StoredReading[] }> {
        const sensorId = uniqueName('within');
        const noTime = { sensorId, timestamp: from, flags: ['arrival-time'] } as const;
        const inOrder = [
          storedReading({ sensorId, value: 0, timestamp: from, sequenceNumber: sequenceNumber(9) }),
          // Of an emulator, whose numbers have no leading zeros.
          storedReading({ ...noTime, value: 1, sequenceNumber: '9' }),
          storedReading({ ...noTime, value: 2, sequenceNumber: '10' }),
          storedReading({ ...noTime, value: 3, sequenceNumber: '10', part: 0 }),
          storedReading({ ...noTime, value: 4, sequenceNumber: '10', part: 2 }),
          storedReading({ ...noTime, value: 5, sequenceNumber: '10', part: 10 }),
          storedReading({ sensorId, value: 6, timestamp: micro, sequenceNumber: sequenceNumber(3) }),
          storedReading({ sensorId, value: 7, timestamp: nano, sequenceNumber: sequenceNumber(2) }),
          storedReading({
            sensorId,
            value: 8,
            timestamp: formatTimestamp(noon + 1),
            sequenceNumber: sequenceNumber(1),
          }),
        ];
        await putAll(inOrder.toReversed());
        return { sensorId, inOrder };
      }

      test.each(['asc', 'desc'] as const)('keeps all, in order, page by page (%s)', async (order) => {
        const { sensorId, inOrder } = await within();
        for (const limit of [1, 2, 4, 9]) {
          const all = await queryAll({ sensorId, order, limit });
          expect(order === 'asc' ? all : all.toReversed()).toEqual(inOrder);
        }
      });

      test('takes an end in milliseconds as the whole millisecond, and a finer one as itself', async () => {
        const { sensorId } = await within();
        const values = async (range: { from?: string; to?: string }) =>
          (await queryAll({ sensorId, ...range, order: 'asc', limit: 4 })).map(({ value }) => value);
        expect(await values({ from, to: from })).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
        expect(await values({ from: micro })).toEqual([6, 7, 8]);
        expect(await values({ to: micro })).toEqual([0, 1, 2, 3, 4, 5, 6]);
        expect(await values({ from: micro, to: micro })).toEqual([6]);
        expect(await values({ from: formatTimestamp(noon + 1) })).toEqual([8]);
        expect(await values({ to: formatTimestamp(noon - 1) })).toEqual([]);
      });

      test('replaces each by itself only', async () => {
        const { sensorId, inOrder } = await within();
        const again = inOrder.map((reading) => ({ ...reading, value: reading.value + 100 }));
        for (const reading of again) await putAll([reading]);
        expect(await queryAll({ sensorId, order: 'asc', limit: 100 })).toEqual(again);
      });
    });

    describe('of ten readings, a minute apart', () => {
      const at = (minute: number): string => minuteReading('', minute).timestamp;

      async function tenReadings(): Promise<string> {
        const sensorId = uniqueName('ten');
        await putAll(range(10).map((minute) => minuteReading(sensorId, minute)));
        return sensorId;
      }

      async function query(options: Omit<ReadingQuery, 'sensorId'>): Promise<{ minutes: number[]; more: boolean }> {
        const { readings, more } = await harness().table.query({ sensorId: await tenReadings(), ...options });
        return { minutes: readings.map(({ value }) => value), more };
      }

      test('takes both ends of a range inclusive', async () => {
        const between = { from: at(3), to: at(5) };
        expect(await query({ ...between, order: 'asc', limit: 10 })).toEqual({ minutes: [3, 4, 5], more: false });
        expect(await query({ ...between, order: 'desc', limit: 10 })).toEqual({ minutes: [5, 4, 3], more: false });
      });

      test('takes a range that is open at one end', async () => {
        expect(await query({ from: at(8), order: 'asc', limit: 10 })).toEqual({ minutes: [8, 9], more: false });
        expect(await query({ to: at(1), order: 'desc', limit: 10 })).toEqual({ minutes: [1, 0], more: false });
      });

      test('finds nothing between readings or outside of them', async () => {
        const between = { from: formatTimestamp(noon + 1), to: formatTimestamp(noon + 59_999) };
        expect(await query({ ...between, order: 'asc', limit: 10 })).toEqual({ minutes: [], more: false });
        expect(await query({ from: at(10), order: 'asc', limit: 10 })).toEqual({ minutes: [], more: false });
        expect(await query({ to: at(-1), order: 'desc', limit: 10 })).toEqual({ minutes: [], more: false });
      });

      test('starts after a timestamp, in the direction of the order', async () => {
        expect(await query({ after: at(7), order: 'asc', limit: 10 })).toEqual({ minutes: [8, 9], more: false });
        expect(await query({ after: at(2), order: 'desc', limit: 10 })).toEqual({ minutes: [1, 0], more: false });
      });

      test('keeps within the range that `after` continues', async () => {
        const between = { from: at(2), to: at(6) };
        expect(await query({ ...between, after: at(4), order: 'asc', limit: 10 })).toMatchObject({ minutes: [5, 6] });
        expect(await query({ ...between, after: at(4), order: 'desc', limit: 10 })).toMatchObject({ minutes: [3, 2] });
        expect(await query({ ...between, after: at(6), order: 'asc', limit: 10 })).toEqual({
          minutes: [],
          more: false,
        });
        expect(await query({ ...between, after: at(2), order: 'desc', limit: 10 })).toEqual({
          minutes: [],
          more: false,
        });
      });

      test('says whether readings of the range follow the page', async () => {
        expect(await query({ to: at(4), order: 'asc', limit: 4 })).toEqual({ minutes: [0, 1, 2, 3], more: true });
        expect(await query({ to: at(4), order: 'asc', limit: 5 })).toEqual({ minutes: [0, 1, 2, 3, 4], more: false });
        expect(await query({ from: at(8), order: 'desc', limit: 1 })).toEqual({ minutes: [9], more: true });
        expect(await query({ from: at(8), order: 'desc', limit: 2 })).toEqual({ minutes: [9, 8], more: false });
      });

      test.each(['asc', 'desc'] as const)('goes through all pages without a gap or a repeat (%s)', async (order) => {
        const sensorId = await tenReadings();
        const inOrder = order === 'asc' ? range(10) : range(10).toReversed();
        for (const limit of [1, 3, 5, 10, 11]) {
          expect((await queryAll({ sensorId, order, limit })).map(({ value }) => value)).toEqual(inOrder);
        }
      });
    });
  });
}

function minuteReading(sensorId: string, minute: number, overrides: Partial<StoredReading> = {}): StoredReading {
  return storedReading({
    sensorId,
    value: minute,
    timestamp: formatTimestamp(noon + minute * 60_000),
    sequenceNumber: sequenceNumber(minute),
    ...overrides,
  });
}
