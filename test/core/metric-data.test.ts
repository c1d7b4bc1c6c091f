import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toMetricData } from '../../core/metric-data.ts';
import { FAR_FUTURE_MILLIS, FAR_PAST_MILLIS, type SensorReading } from '../../core/reading.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import { noon } from '../support/record-factory.ts';

const minute = 60_000;

function reading(instant: number, value = 1, sensorId = 'kitchen'): SensorReading {
  return { sensorId, value, timestamp: formatTimestamp(instant) };
}

describe('grouping', () => {
  test('puts the values of one sensor and minute together, with how often each came', () => {
    const readings = [reading(noon, 21), reading(noon + 1_000, 22), reading(noon + minute - 1, 21)];

    expect(toMetricData(readings, noon)).toEqual({
      data: [{ sensorId: 'kitchen', minute: noon, values: [21, 22], counts: [2, 1] }],
      leftOut: 0,
    });
  });

  test('keeps sensors apart, and minutes', () => {
    const readings = [reading(noon, 1, 'a'), reading(noon, 2, 'b'), reading(noon + minute, 3, 'a')];

    expect(toMetricData(readings, noon).data).toEqual([
      { sensorId: 'a', minute: noon, values: [1], counts: [1] },
      { sensorId: 'a', minute: noon + minute, values: [3], counts: [1] },
      { sensorId: 'b', minute: noon, values: [2], counts: [1] },
    ]);
  });

  test('makes nothing of nothing', () => {
    expect(toMetricData([], noon)).toEqual({ data: [], leftOut: 0 });
  });
});

describe('what CloudWatch would refuse is left out and counted', () => {
  test.each([
    ['two weeks ago', noon - FAR_PAST_MILLIS, 0],
    ['before that', noon - FAR_PAST_MILLIS - 1, 1],
    ['in two hours', noon + FAR_FUTURE_MILLIS, 0],
    ['in the minute after that', noon + FAR_FUTURE_MILLIS + minute, 1],
  ])('by its time: %s', (_, instant, leftOut) => {
    expect(toMetricData([reading(instant)], noon)).toMatchObject({ data: leftOut === 0 ? [{}] : [], leftOut });
  });

  test('by the time that is sent, which is the start of the minute', () => {
    const now = noon + 30_000;

    expect(toMetricData([reading(now - FAR_PAST_MILLIS + 1)], now)).toEqual({ data: [], leftOut: 1 });
  });

  test.each([
    [2 ** 360, 0],
    [-(2 ** 360), 0],
    [2 ** 361, 1],
    [-(2 ** 361), 1],
  ])('by its magnitude: %p', (value, leftOut) => {
    expect(toMetricData([reading(noon, value)], noon).leftOut).toBe(leftOut);
  });

  test('without the rest of its minute', () => {
    const readings = [reading(noon, 1), reading(noon, 2 ** 361), reading(noon, 3)];

    expect(toMetricData(readings, noon)).toEqual({
      data: [{ sensorId: 'kitchen', minute: noon, values: [1, 3], counts: [1, 1] }],
      leftOut: 1,
    });
  });
});

test('every reading is counted once, in the data or as left out', () => {
  const readings = fc.array(
    fc.record({
      sensorId: fc.constantFrom('a', 'b'),
      value: fc.constantFrom(0, 1, 2.5, 2 ** 361),
      timestamp: fc.integer({ min: noon - 2 * FAR_PAST_MILLIS, max: noon + FAR_PAST_MILLIS }).map(formatTimestamp),
    }),
  );
  fc.assert(
    fc.property(readings, (all) => {
      const { data, leftOut } = toMetricData(all, noon);
      const counted = data.flatMap(({ counts }) => counts).reduce((sum, count) => sum + count, 0);
      expect(counted + leftOut).toBe(all.length);
      for (const { minute: start, values, counts } of data) {
        expect(start % minute).toBe(0);
        expect(new Set(values).size).toBe(values.length);
        expect(counts).toHaveLength(values.length);
      }
    }),
  );
});
