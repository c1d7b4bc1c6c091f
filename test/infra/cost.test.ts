import { describe, expect, test } from '@jest/globals';
import { pipeline } from '../../core/pipeline.ts';
import { type Deployed, estimate, metricDollars, neededShards, sum } from '../../infra/cost/estimate.ts';
import { formatPrices, formatReport } from '../../infra/cost/report.ts';
import { PRICES_DATE, prices } from '../../infra/cost/prices.ts';

const deployed: Deployed = { capacity: 'provisioned', shards: 1, pipeline, alarms: 15 };
const load = { devices: 500, everySeconds: 10, bytes: 100 };
/** 50 readings a second in 730 hours. */
const READINGS = 131_400_000;

function costOf(part: string, changes: Partial<Deployed> = {}, changed = load): number | undefined {
  return estimate(changed, { ...deployed, ...changes }).lines.find((line) => line.part === part)?.dollars;
}

describe('the estimate', () => {
  test.each([
    ['Kinesis, shards', 730 * 0.015],
    ['Kinesis, puts', READINGS * 0.014e-6],
    ['DynamoDB, writes', READINGS * 0.625e-6],
    ['CloudWatch, metrics', 500 * 0.3],
    // A batch a second and shard, with an object and a call for each.
    ['S3, puts', 730 * 3_600 * 5e-6],
    ['CloudWatch, metric calls', 730 * 3_600 * 1e-5],
    ['CloudWatch, alarms', 1.5],
  ])('of %s is quantity times price', (part, dollars) => {
    expect(costOf(part)).toBeCloseTo(dollars, 6);
  });

  test('adds up', () => {
    const { lines, total } = estimate(load, deployed);
    expect(total).toBeCloseTo(sum(lines), 9);
    expect(lines.every(({ dollars }) => dollars > 0)).toBe(true);
  });

  test('counts shards by their number, and batches with them', () => {
    expect(costOf('Kinesis, shards', { shards: 4 })).toBeCloseTo(4 * 10.95, 6);
    expect(costOf('S3, puts', { shards: 4 })).toBeCloseTo(4 * 730 * 3_600 * 5e-6, 6);
  });

  test('has no more batches than records', () => {
    expect(costOf('S3, puts', { shards: 4 }, { ...load, devices: 1 })).toBeCloseTo((READINGS / 500) * 5e-6, 6);
  });

  test('has as many batches as a full load fills', () => {
    const full = { devices: 20_000, everySeconds: 1, bytes: 100 };
    const batches = (20_000 * 730 * 3_600) / pipeline.archiveEvents.mapping.batchSize;
    expect(costOf('S3, puts', {}, full)).toBeCloseTo(batches * 5e-6, 6);
  });

  test('counts data instead of shards on demand, each record as a kilobyte at least', () => {
    const onDemand = { capacity: 'on-demand' } as const;
    expect(costOf('Kinesis, stream', onDemand)).toBeCloseTo(29.2, 6);
    expect(costOf('Kinesis, data', onDemand)).toBeCloseTo(((READINGS * 1_024) / 2 ** 30) * 0.16, 6);
    expect(costOf('Kinesis, shards', onDemand)).toBeUndefined();
  });

  test('of the design of 2015 has an object for each batch of 100 and a metric call for every 25 records', () => {
    const full = { devices: 1_000, everySeconds: 1, bytes: 100 };
    const one = { ...deployed, shards: 1 };
    const lines = Object.fromEntries(estimate(full, one).asIn2015.map(({ part, dollars }) => [part, dollars]));
    const readings = 1_000 * 730 * 3_600;
    expect(lines['S3, puts']).toBeCloseTo((readings / 100) * prices.s3Put.dollars, 6);
    expect(lines['CloudWatch, metric calls']).toBeCloseTo((readings / 25) * prices.metricRequest.dollars, 6);
  });
});

test.each([
  [0, 0],
  [1, 0.3],
  [10_000, 3_000],
  [10_001, 3_000.1],
  [250_000, 27_000],
  [1_000_000, 64_500],
  [1_000_001, 64_500.02],
])('%i custom metrics cost %d dollars', (metrics, dollars) => {
  expect(metricDollars(metrics)).toBeCloseTo(dollars, 6);
});

test.each([
  [{ devices: 1, everySeconds: 60, bytes: 100 }, 1],
  [{ devices: 1_000, everySeconds: 1, bytes: 100 }, 1],
  [{ devices: 1_001, everySeconds: 1, bytes: 100 }, 2],
  [{ devices: 100, everySeconds: 1, bytes: 25_000 }, 3],
])('%j needs %i shards', (each, shards) => {
  expect(neededShards(each)).toBe(shards);
});

describe('warns', () => {
  const warnings = (changes: Partial<Deployed>, changed = load) =>
    estimate(changed, { ...deployed, ...changes }).warnings;

  test('of a metric per sensor that is a large part of it', () => {
    expect(warnings({})).toEqual([expect.stringMatching(/metric per sensor is \$150\.00/)]);
    expect(warnings({}, { ...load, devices: 5, everySeconds: 1 })).toEqual([]);
  });

  test('of idle shards', () => {
    expect(warnings({ shards: 4 })).toContainEqual(expect.stringMatching(/idle.*1 would do, each costs \$10\.95/));
  });

  test('of too few shards', () => {
    const heavy = { devices: 5_000, everySeconds: 1, bytes: 100 };
    expect(warnings({ shards: 2 }, heavy)).toContainEqual(expect.stringMatching(/2 shards are too few.*at least 5/));
    expect(warnings({ capacity: 'on-demand', shards: 2 }, heavy).join()).not.toContain('shards');
  });
});

test('the report shows every part, both sums and the date of the prices', () => {
  const result = estimate(load, deployed);
  const report = formatReport(result);
  for (const { part } of [...result.lines, ...result.asIn2015]) expect(report).toContain(part);
  expect(report).toContain(result.total.toFixed(2));
  expect(report).toContain(sum(result.asIn2015).toFixed(2));
  expect(report).toContain(PRICES_DATE);
});

test('every price has a source', () => {
  const list = formatPrices();
  for (const { source, per } of Object.values(prices)) {
    expect(source).not.toBe('');
    expect(list).toContain(`per ${per}`);
  }
});
