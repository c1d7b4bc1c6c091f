import { describe, expect, test } from '@jest/globals';
import { InvalidRequest, StoreUnavailable } from '../../core/errors.ts';

describe('StoreUnavailable', () => {
  test('says which store could not do what, and why', () => {
    const cause = new Error('socket hang up');
    const error = new StoreUnavailable('archive', 'could not put 2015-11-02/1.ndjson.gz', { cause });

    expect(String(error)).toBe('StoreUnavailable: archive: could not put 2015-11-02/1.ndjson.gz');
    expect(error).toMatchObject({ store: 'archive', cause });
    expect(error).toBeInstanceOf(Error);
  });
});

describe('InvalidRequest', () => {
  test('says which part of the request can never work, and why', () => {
    const cause = new SyntaxError('unexpected end');
    const error = new InvalidRequest('cursor', 'is not one of ours', { cause });

    expect(String(error)).toBe('InvalidRequest: cursor: is not one of ours');
    expect(error).toMatchObject({ field: 'cursor', cause });
    expect(error).not.toBeInstanceOf(StoreUnavailable);
  });
});
