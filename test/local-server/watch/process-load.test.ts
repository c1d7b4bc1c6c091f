import { expect, test } from '@jest/globals';
import { ProcessLoad } from '../../../local-server/watch/process-load.ts';

test('warns once when the heap fills, and again after it had room', () => {
  const warnings: string[] = [];
  let used = 0;
  const load = new ProcessLoad(
    (message) => warnings.push(message),
    () => ({ used: used * 1_048_576, limit: 1_000 * 1_048_576 }),
  );
  const warned = [500, 801, 999, 750, 801, 699, 850].map((next) => {
    used = next;
    load.check();
    return warnings.length;
  });
  expect(warned).toEqual([0, 1, 1, 1, 1, 1, 2]);
  expect(warnings[0]).toContain('80 % full (801 of 1000 MiB)');
});

test('measures this process', () => {
  const load = new ProcessLoad(() => undefined);
  load.start();
  const { rssBytes, heapUsedBytes, heapLimitBytes, eventLoopDelayMillis } = load.now();
  load.stop();
  expect(heapUsedBytes).toBeGreaterThan(1_000_000);
  expect(heapLimitBytes).toBeGreaterThan(heapUsedBytes);
  expect(rssBytes).toBeGreaterThan(1_000_000);
  expect(eventLoopDelayMillis.p99).toBeGreaterThanOrEqual(0);
});
