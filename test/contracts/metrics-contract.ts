/** What every store of metrics promises. */
import { describe, expect, test } from '@jest/globals';
import type { EpochMillis, MetricDatum, Metrics, MetricStatistics } from '../../core/ports.ts';
import { awkwardIds, eventually, type Harness, range, uniqueName, useHarness } from './harness.ts';

export interface MetricsHarness extends Harness {
  readonly metrics: Metrics;
  /** The time of the store: values are published for the hours before it. */
  readonly now: EpochMillis;
}

const MINUTE = 60_000;

export function metricsContract(name: string, create: () => Promise<MetricsHarness>): void {
  describe(`metrics: ${name}`, () => {
    const harness = useHarness(create);

    /** The start of a minute of the hour before now. */
    function minuteAt(index: number): EpochMillis {
      return Math.floor(harness().now / MINUTE) * MINUTE - 60 * MINUTE + index * MINUTE;
    }

    function datum(
      sensorId: string,
      minute: number,
      values: readonly number[],
      counts?: readonly number[],
    ): MetricDatum {
      return { sensorId, minute: minuteAt(minute), values, counts: counts ?? values.map(() => 1) };
    }

    /** Statistics of minutes of the hour before now, once as many values are there as were published. */
    async function statistics(
      sensorId: string,
      values: number,
      from = 0,
      to = 59,
    ): Promise<readonly MetricStatistics[]> {
      return eventually(
        harness(),
        () => harness().metrics.statistics({ sensorId, from: minuteAt(from), to: minuteAt(to) }),
        (seen) => seen.reduce((sum, { sampleCount }) => sum + sampleCount, 0) >= values,
      );
    }

    test('publishes nothing without complaint', async () => {
      await expect(harness().metrics.publish([])).resolves.toBeUndefined();
    });

    test('knows no statistics of a sensor that never published', async () => {
      expect(await statistics(uniqueName('never'), 0)).toEqual([]);
    });

    test('counts each value as often as it came', async () => {
      const sensorId = uniqueName('counts');
      await harness().metrics.publish([datum(sensorId, 5, [20, -4, 1.5], [3, 1, 2])]);
      expect(await statistics(sensorId, 6)).toEqual([
        { minute: minuteAt(5), sampleCount: 6, sum: 59, minimum: -4, maximum: 20 },
      ]);
    });

    test('adds up what is published for a minute, in one call and in several', async () => {
      const sensorId = uniqueName('adds');
      await harness().metrics.publish([datum(sensorId, 7, [1]), datum(sensorId, 7, [2])]);
      await harness().metrics.publish([datum(sensorId, 7, [-3])]);
      expect(await statistics(sensorId, 3)).toEqual([
        { minute: minuteAt(7), sampleCount: 3, sum: 0, minimum: -3, maximum: 2 },
      ]);
    });

    test('counts a datum twice that is published twice', async () => {
      const sensorId = uniqueName('twice');
      const twice = datum(sensorId, 1, [10]);
      await harness().metrics.publish([twice]);
      await harness().metrics.publish([twice]);
      expect(await statistics(sensorId, 2)).toMatchObject([{ sampleCount: 2, sum: 20 }]);
    });

    test('gives minutes oldest first, both ends of the range inclusive', async () => {
      const sensorId = uniqueName('range');
      await harness().metrics.publish([4, 2, 3, 1, 5].map((minute) => datum(sensorId, minute, [minute])));
      const sums = (await statistics(sensorId, 5)).map(({ sum }) => sum);
      expect(sums).toEqual([1, 2, 3, 4, 5]);
      const some = await statistics(sensorId, 3, 2, 4);
      expect(some.map(({ minute }) => minute)).toEqual([minuteAt(2), minuteAt(3), minuteAt(4)]);
    });

    test('keeps sensors apart, whatever their ids', async () => {
      const ids = [...awkwardIds.map(uniqueName), uniqueName('long').padEnd(256, 'x')];
      await harness().metrics.publish(ids.map((sensorId, index) => datum(sensorId, 0, [index])));
      for (const [index, sensorId] of ids.entries()) {
        expect(await statistics(sensorId, 1)).toMatchObject([{ sampleCount: 1, sum: index }]);
      }
    });

    test('takes thousands of data in one call, and more distinct values than a call of CloudWatch', async () => {
      const sensorIds = range(1_200).map(() => uniqueName('many'));
      const wide = uniqueName('wide');
      await harness().metrics.publish([
        ...sensorIds.map((sensorId) => datum(sensorId, 0, [1])),
        datum(wide, 0, range(400)),
      ]);
      expect(await statistics(sensorIds.at(-1)!, 1)).toMatchObject([{ sampleCount: 1 }]);
      expect(await statistics(wide, 400)).toEqual([
        { minute: minuteAt(0), sampleCount: 400, sum: 79_800, minimum: 0, maximum: 399 },
      ]);
    });
  });
}
