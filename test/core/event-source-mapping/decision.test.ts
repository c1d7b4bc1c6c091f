import { describe, expect, test } from '@jest/globals';
import {
  type Attempts,
  backoffMillis,
  decide,
  expiredCount,
  FRESH,
} from '../../../core/event-source-mapping/decision.ts';
import type { InvocationOutcome } from '../../../core/event-source-mapping/decision.ts';
import { mappingSettings } from '../../support/mapping-settings.ts';
import { records } from '../../support/record-factory.ts';

const batch = records(8);
const functionError: InvocationOutcome = { type: 'function-error' };
const failedAt = (index: number): InvocationOutcome => ({
  type: 'response',
  payload: { batchItemFailures: [{ itemIdentifier: batch[index]!.sequenceNumber }] },
});
const after = (failures: number, invocations = failures): Attempts => ({ failures, refusals: 0, invocations });

describe('success', () => {
  test('advances past the whole batch', () => {
    expect(decide(mappingSettings(), batch, FRESH, { type: 'response', payload: null })).toEqual({
      type: 'advance',
      done: 8,
    });
  });

  test('ignores reported failures where ReportBatchItemFailures is off', () => {
    expect(decide(mappingSettings(), batch, FRESH, failedAt(2))).toEqual({ type: 'advance', done: 8 });
  });
});

describe('function errors', () => {
  test('are retried as a whole without bisection', () => {
    expect(decide(mappingSettings(), batch, FRESH, functionError)).toMatchObject({
      type: 'retry',
      done: 0,
      attempts: after(1),
    });
  });

  test('are retried for ever where no limit is set', () => {
    expect(decide(mappingSettings(), batch, after(9_999), functionError).type).toBe('retry');
  });

  test('are given up after the retries that are set, which come on top of the first try', () => {
    const settings = mappingSettings({ maximumRetryAttempts: 2 });
    expect(decide(settings, batch, after(0), functionError).type).toBe('retry');
    expect(decide(settings, batch, after(1), functionError).type).toBe('retry');
    expect(decide(settings, batch, after(2), { ...functionError, requestId: 'r' })).toEqual({
      type: 'give-up',
      done: 0,
      attempts: { ...after(3), last: { requestId: 'r', functionError: 'Unhandled' } },
      condition: 'RetryAttemptsExhausted',
    });
  });

  test('are given up at once where no retry is allowed', () => {
    expect(decide(mappingSettings({ maximumRetryAttempts: 0 }), batch, FRESH, functionError).type).toBe('give-up');
  });

  test('wait longer each time, up to half a minute', () => {
    expect([1, 2, 3, 8, 9, 100].map(backoffMillis)).toEqual([200, 400, 800, 25_600, 30_000, 30_000]);
  });
});

describe('bisection', () => {
  const settings = mappingSettings({
    bisectBatchOnFunctionError: true,
    maximumRetryAttempts: 0,
    reportBatchItemFailures: true,
  });

  test('halves a failed batch, the left half being the larger, and spends no retry', () => {
    expect(decide(settings, batch, FRESH, functionError)).toMatchObject({
      type: 'bisect',
      leftCount: 4,
      attempts: after(0, 1),
    });
    expect(decide(settings, batch.slice(0, 3), FRESH, functionError)).toMatchObject({ leftCount: 2 });
  });

  test('ends at a single record, which is then retried or given up', () => {
    expect(decide(settings, batch.slice(0, 1), FRESH, functionError).type).toBe('give-up');
  });

  test('happens for a function error regardless of partial responses', () => {
    expect(decide({ ...settings, reportBatchItemFailures: false }, batch, FRESH, functionError).type).toBe('bisect');
  });

  test('happens for a response that is a complete failure', () => {
    const misnamed = { type: 'response', payload: { batchItemFailures: [{ id: 'x' }] } } as const;
    expect(decide(settings, batch, FRESH, misnamed).type).toBe('bisect');
  });

  test('splits at the reported record: only the rest is retried, as a new batch', () => {
    expect(decide(settings, batch, FRESH, failedAt(3))).toMatchObject({
      type: 'retry',
      done: 3,
      attempts: FRESH,
    });
  });

  test('cannot split in front of the first record: that is a retry', () => {
    expect(decide({ ...settings, maximumRetryAttempts: 1 }, batch, FRESH, failedAt(0))).toMatchObject({
      type: 'retry',
      done: 0,
      attempts: after(1),
    });
  });
});

describe('partial responses', () => {
  const settings = mappingSettings({ reportBatchItemFailures: true, maximumRetryAttempts: 3 });

  test('move the checkpoint to the lowest reported record and retry the rest', () => {
    expect(decide(settings, batch, FRESH, failedAt(5))).toMatchObject({ type: 'retry', done: 5, attempts: FRESH });
  });

  test('give the records behind the progress all their retries again, as recorded on AWS', () => {
    expect(decide(settings, batch, after(3), failedAt(5))).toMatchObject({ type: 'retry', done: 5, attempts: FRESH });
  });

  test('spend a retry where they made no progress', () => {
    expect(decide(settings, batch, after(3), failedAt(0))).toMatchObject({ type: 'give-up', done: 0 });
  });
});

describe('a function that could not be run', () => {
  test('is tried again without spending a retry, however often', () => {
    const settings = mappingSettings({ maximumRetryAttempts: 0, bisectBatchOnFunctionError: true });
    const before: Attempts = { failures: 0, refusals: 99, invocations: 0 };
    expect(decide(settings, batch, before, { type: 'not-invoked' })).toEqual({
      type: 'retry',
      done: 0,
      attempts: { failures: 0, refusals: 100, invocations: 0 },
      delayMillis: 30_000,
    });
  });
});

describe('record age', () => {
  const settings = mappingSettings({ maximumRecordAgeInSeconds: 60 });
  const [first] = batch;
  const arrivals = batch.map((record, index) => ({ ...record, arrivedAt: first!.arrivedAt + index * 1_000 }));
  const at = (seconds: number) => first!.arrivedAt + seconds * 1_000;

  test('counts each record by itself, from the front', () => {
    expect(expiredCount(settings, arrivals, at(60))).toBe(0);
    expect(expiredCount(settings, arrivals, at(62.5))).toBe(3);
    expect(expiredCount(settings, arrivals, at(1_000))).toBe(8);
  });

  test('has no limit at -1', () => {
    expect(expiredCount(mappingSettings(), arrivals, at(1e9))).toBe(0);
  });
});
