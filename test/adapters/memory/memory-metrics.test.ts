import { describe, expect, test } from '@jest/globals';
import { MemoryMetrics } from '../../../adapters/memory/memory-metrics.ts';
import type { MetricDatum, MetricStatistics } from '../../../core/ports.ts';
import { metricsContract } from '../../contracts/metrics-contract.ts';
import { FixedClock } from '../../support/fixed-clock.ts';

metricsContract('memory', async () => {
  const clock = new FixedClock();
  return { metrics: new MemoryMetrics(clock), now: clock.now() };
});

const minute = 60_000;
const days = 24 * 60 * minute;

function setUp(): {
  clock: FixedClock;
  metrics: MemoryMetrics;
  all: (sensorId: string) => Promise<readonly MetricStatistics[]>;
} {
  const clock = new FixedClock();
  const metrics = new MemoryMetrics(clock);
  return { clock, metrics, all: async (sensorId) => metrics.statistics({ sensorId, from: 0, to: Infinity }) };
}

function datum(at: number, overrides: Partial<MetricDatum> = {}): MetricDatum {
  return { sensorId: 'kitchen', minute: at, values: [1], counts: [1], ...overrides };
}

describe('publishing', () => {
  test.each([
    ['NaN', { values: [NaN] }],
    ['Infinity', { values: [-Infinity] }],
    ['a value beyond 2^360', { values: [2 ** 361] }],
    ['no values', { values: [], counts: [] }],
    ['more counts than values', { counts: [1, 1] }],
    ['a count of 0', { counts: [0] }],
    ['an infinite count', { counts: [Infinity] }],
  ])('refuses %s and publishes nothing of the call', async (_, wrong) => {
    const { clock, metrics, all } = setUp();
    const data = [datum(clock.now(), { sensorId: 'other' }), datum(clock.now(), wrong)];
    await expect(metrics.publish(data)).rejects.toThrow('of the metric of kitchen');
    expect(await all('other')).toEqual([]);
  });

  test('takes the largest values that CloudWatch takes', async () => {
    const { clock, metrics, all } = setUp();
    await metrics.publish([datum(clock.now(), { values: [2 ** 360, -(2 ** 360)], counts: [1, 1] })]);
    expect(await all('kitchen')).toMatchObject([{ maximum: 2 ** 360, minimum: -(2 ** 360) }]);
  });

  test('counts an instant within a minute to that minute', async () => {
    const { clock, metrics, all } = setUp();
    await metrics.publish([datum(clock.now() + 59_999), datum(clock.now() + 60_000)]);
    expect((await all('kitchen')).map((each) => each.minute)).toEqual([clock.now(), clock.now() + minute]);
  });
});

describe('minutes', () => {
  test('are kept for 15 days', async () => {
    const { clock, metrics, all } = setUp();
    const start = clock.now();
    await metrics.publish([datum(start), datum(start + minute)]);
    clock.advance(15 * days);
    expect(await all('kitchen')).toHaveLength(2);
    clock.advance(minute);
    expect((await all('kitchen')).map((each) => each.minute)).toEqual([start + minute]);
  });

  test('are dropped of every sensor when one publishes', async () => {
    const { clock, metrics, all } = setUp();
    const start = clock.now();
    await metrics.publish([datum(start, { sensorId: 'gone' })]);
    clock.advance(16 * days);
    await metrics.publish([datum(clock.now())]);
    clock.set(start);
    expect(await all('gone')).toEqual([]);
    expect(await all('kitchen')).toHaveLength(1);
  });
});
