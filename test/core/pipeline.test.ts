import { describe, expect, test } from '@jest/globals';
import { InvalidRequest } from '../../core/errors.ts';
import { checkEventSourceMapping, type EventSourceMappingSettings, pipeline } from '../../core/pipeline.ts';

const good = pipeline.storeReadings.mapping;
const now = Date.UTC(2026, 0, 15);
type Setting = keyof EventSourceMappingSettings;

function fieldRefused(change: Partial<EventSourceMappingSettings>): string | undefined {
  try {
    checkEventSourceMapping({ ...good, ...change }, now);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidRequest) return error.field;
    throw error;
  }
}

describe('the settings of this pipeline', () => {
  test.each(['archiveEvents', 'storeReadings'] as const)('are taken by Lambda: %s', (consumer) => {
    expect(() => checkEventSourceMapping(pipeline[consumer].mapping, now)).not.toThrow();
  });

  test.each(['archiveEvents', 'storeReadings'] as const)(
    'give up a record of %s while the stream still has it, so that its payload can be read again',
    (consumer) => {
      const { maximumRecordAgeInSeconds } = pipeline[consumer].mapping;

      expect(maximumRecordAgeInSeconds).toBeGreaterThan(0);
      expect(maximumRecordAgeInSeconds).toBeLessThan(pipeline.stream.retentionInHours * 60 * 60);
    },
  );
});

describe('checkEventSourceMapping', () => {
  test.each<[Setting, readonly number[]]>([
    ['batchSize', [1, 100, 10_000]],
    ['maximumBatchingWindowInSeconds', [0, 300]],
    ['parallelizationFactor', [1, 10]],
    ['maximumRetryAttempts', [-1, 0, 10_000]],
    ['maximumRecordAgeInSeconds', [-1, 60, 604_800]],
    ['tumblingWindowInSeconds', [0, 1, 900]],
  ])('takes %s of %j', (setting, values) => {
    for (const value of values) expect(fieldRefused({ [setting]: value })).toBeUndefined();
  });

  test.each<[Setting, readonly number[]]>([
    ['batchSize', [0, -1, 10_001, 1.5, NaN, Infinity]],
    ['maximumBatchingWindowInSeconds', [-1, 301, 0.5, NaN]],
    ['parallelizationFactor', [0, 11, 1.5, NaN]],
    ['maximumRetryAttempts', [-2, 10_001, 0.5, NaN, Infinity]],
    ['maximumRecordAgeInSeconds', [-2, 0, 1, 59, 604_801, 60.5, NaN, Infinity]],
    ['tumblingWindowInSeconds', [-1, 901, 0.5, NaN, Infinity]],
  ])('refuses %s of %j', (setting, values) => {
    for (const value of values) expect(fieldRefused({ [setting]: value })).toBe(setting);
  });

  test('says which values a setting may have', () => {
    expect(() => checkEventSourceMapping({ ...good, batchSize: 0 }, now)).toThrow(
      'batchSize: is 0, but must be a whole number from 1 to 10000',
    );
    expect(() => checkEventSourceMapping({ ...good, maximumRecordAgeInSeconds: 59 }, now)).toThrow(
      'maximumRecordAgeInSeconds: is 59, but must be -1 or from 60 to 604800',
    );
  });

  test('refuses tumbling windows with a parallelisation factor', () => {
    const windows = { ...good, tumblingWindowInSeconds: 60, parallelizationFactor: 2 };
    expect(() => checkEventSourceMapping(windows, now)).toThrow(
      'tumblingWindowInSeconds: needs a parallelizationFactor of 1, but that is 2',
    );
    expect(fieldRefused({ tumblingWindowInSeconds: 0, parallelizationFactor: 2 })).toBeUndefined();
  });

  test('takes filters that Lambda takes, and names the one that it does not', () => {
    const filters = (...patterns: string[]) => ({
      filterCriteria: { filters: patterns.map((pattern) => ({ pattern })) },
    });
    expect(fieldRefused(filters('{"data":{"value":[{"numeric":[">",80]}]}}'))).toBeUndefined();
    expect(fieldRefused(filters())).toBeUndefined();
    expect(fieldRefused(filters('{"data":{"value":[1]}}', '{"data":{"value":1}}'))).toBe(
      'filterCriteria.filters[1].pattern',
    );
  });

  test.each([
    [{ startingPosition: 'TRIM_HORIZON' }, undefined],
    [{ startingPosition: 'LATEST' }, undefined],
    [{ startingPosition: 'AT_TIMESTAMP', startingPositionTimestamp: 0 }, undefined],
    [{ startingPosition: 'AT_TIMESTAMP' }, 'startingPositionTimestamp'],
    [{ startingPosition: 'AT_TIMESTAMP', startingPositionTimestamp: NaN }, 'startingPositionTimestamp'],
    [{ startingPosition: 'LATEST', startingPositionTimestamp: 0 }, 'startingPositionTimestamp'],
    [{ startingPosition: 'TRIM_HORIZON', startingPositionTimestamp: 0 }, 'startingPositionTimestamp'],
  ] as const)('wants a timestamp with AT_TIMESTAMP and only with it: %j', (change, field) => {
    expect(fieldRefused(change)).toBe(field);
  });

  test.each([
    [Date.UTC(2026, 0, 1), undefined],
    [now + 1, 'must not be in the future'],
    [now + 86_400_000, 'must not be in the future'],
    [-5, 'must not be negative'],
    [1_541_139_109, 'which looks like seconds, but must be milliseconds since 1970 (1541139109000)'],
  ])('checks startingPositionTimestamp %d as AWS does', (startingPositionTimestamp, problem) => {
    const check = () =>
      checkEventSourceMapping({ ...good, startingPosition: 'AT_TIMESTAMP', startingPositionTimestamp }, now);
    if (problem === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(problem);
  });
});
