import { expect, test } from '@jest/globals';
import { SystemClock } from '../../../adapters/node/system-clock.ts';

test('tells the time of the machine, in milliseconds since 1970', () => {
  const before = Date.now();
  const now = new SystemClock().now();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});
