import { expect, test } from '@jest/globals';
import { isRestart } from '../../local-server/console/page/restart.ts';

test('a server that counts from 0 again was restarted, one with more records or more shards was not', () => {
  const before = new Map([
    ['a', 5],
    ['b', 0],
  ]);
  expect(isRestart(before, new Map([['a', 2]]))).toBe(true);
  expect(isRestart(before, new Map())).toBe(true);
  expect(isRestart(before, new Map([...before, ['c', 1]]))).toBe(false);
  expect(isRestart(before, new Map([['a', 9]]))).toBe(false);
});
