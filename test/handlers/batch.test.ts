import { describe, expect, test } from '@jest/globals';
import { describeBatch, remainingOf, retryFrom } from '../../handlers/batch.ts';
import { lambdaContext } from '../support/lambda-sample.ts';
import { records, sequenceNumber } from '../support/record-factory.ts';

describe('the time for the stores', () => {
  test.each([
    [60_000, 59_000],
    [10_000, 9_000],
    [5_000, 4_500],
    [300, 270],
    [0, 0],
  ])('of a function with %i ms left is %i ms: a second is kept for the answer, or a tenth', (remaining, left) => {
    expect(remainingOf(lambdaContext(remaining))()).toBe(left);
  });

  test('is asked of the function whenever it is wanted, not of the wall clock', () => {
    let remaining = 60_000;
    const left = remainingOf({ getRemainingTimeInMillis: () => remaining });
    remaining = 10;
    expect(left()).toBe(-990);
  });
});

test('a batch is described by its shard, its ends and its size, never by what is in it', () => {
  expect(describeBatch(records(3))).toEqual({
    shardId: 'shardId-000000000000',
    firstSequenceNumber: sequenceNumber(1),
    lastSequenceNumber: sequenceNumber(3),
    records: 3,
  });
  expect(describeBatch([])).toMatchObject({ records: 0 });
});

describe('the answer to the event source mapping', () => {
  test('names the first record that is to come again', () => {
    expect(retryFrom(sequenceNumber(2))).toEqual({ batchItemFailures: [{ itemIdentifier: sequenceNumber(2) }] });
  });

  test('is an empty list where all is well, as Lambda documents it', () => {
    expect(retryFrom()).toEqual({ batchItemFailures: [] });
  });
});
