import { describe, expect, test } from '@jest/globals';
import { readBatchItemFailures } from '../../../core/event-source-mapping/batch-item-failures.ts';
import { records } from '../../support/record-factory.ts';

const batch = records(4);
const [first, second, third] = batch.map(({ sequenceNumber }) => sequenceNumber);
const failures = (...batchItemFailures: unknown[]) => ({ batchItemFailures });
const item = (itemIdentifier: unknown) => ({ itemIdentifier });

describe('what Lambda documents', () => {
  test.each([
    ['an empty list', failures()],
    ['a null list', { batchItemFailures: null }],
    ['an empty response', {}],
    ['a null response', null],
    ['no response', undefined],
  ])('takes %s for a complete success', (_name, response) => {
    expect(readBatchItemFailures(response, batch)).toBe('success');
  });

  test.each([
    ['an empty identifier', failures(item(''))],
    ['a null identifier', failures(item(null))],
    ['a misnamed identifier', failures({ sequenceNumber: first })],
    ['a misnamed identifier beside a good one', failures(item(second), { id: third })],
  ])('takes %s for a complete failure', (_name, response) => {
    expect(readBatchItemFailures(response, batch)).toBe('failure');
  });

  test.each([
    ['the record that is named', failures(item(second)), 1],
    ['the lowest of several, in any order', failures(item(third), item(second)), 1],
    ['the first record', failures(item(first)), 0],
    ['a record that is named twice', failures(item(third), item(third)), 2],
  ])('retries from %s', (_name, response, failedFrom) => {
    expect(readBatchItemFailures(response, batch)).toEqual({ failedFrom });
  });
});

describe('what AWS leaves open', () => {
  test.each([
    ['an identifier that is not in the batch', failures(item('1'))],
    ['an identifier that is not in the batch beside one that is', failures(item(second), item('1'))],
    ['a number for an identifier', failures(item(1))],
    ['a list that is no list', { batchItemFailures: { itemIdentifier: first } }],
    ['a list of strings', failures(first)],
    ['a list of nulls', failures(null)],
    ['a text', 'done'],
    ['an array', [item(first)]],
  ])('takes %s for a complete failure, as to skip is worse than to repeat', (_name, response) => {
    expect(readBatchItemFailures(response, batch)).toBe('failure');
  });
});
