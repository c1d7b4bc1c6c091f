import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createLogger } from '../../../handlers/create-logger.ts';
import { logOnce } from '../../../local-server/watch/log-once.ts';

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly repeated?: number;
  readonly shardId?: string;
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function setUp() {
  const lines: Line[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };
  return { lines, log: createLogger('info', destination, logOnce()), messages: () => lines.map(({ msg }) => msg) };
}

test('an error that repeats is logged once, and once a minute with how often it came', () => {
  const { lines, log } = setUp();
  const fail = (n: number) =>
    log.error({ shardId: `shard-${n}`, err: new Error(`down (request ${n})`) }, 'reading failed, to be retried');
  for (let n = 1; n <= 100; n += 1) fail(n);
  expect(lines).toMatchObject([{ level: 'error', msg: 'reading failed, to be retried', shardId: 'shard-1' }]);
  jest.advanceTimersByTime(60_000);
  expect(lines.slice(1)).toMatchObject([
    {
      level: 'error',
      msg: 'reading failed, to be retried (99 more in the last minute)',
      repeated: 99,
      shardId: 'shard-100',
    },
  ]);
  fail(101);
  expect(lines).toHaveLength(2);
  jest.advanceTimersByTime(60_000);
  expect(lines[2]).toMatchObject({ repeated: 1 });
  jest.advanceTimersByTime(120_000);
  expect(lines).toHaveLength(3);
  // It was over: it is told at once again.
  fail(102);
  expect(lines[3]).toMatchObject({ msg: 'reading failed, to be retried', shardId: 'shard-102' });
});

test('another cause, another level and another place are logged, also by a logger made of this one', () => {
  const { log, messages } = setUp();
  const child = log.child({ reqId: 'r' });
  log.error({ err: new Error('one') }, 'failed');
  child.error({ err: new Error('two') }, 'failed');
  child.error({ err: new Error('two') }, 'failed');
  log.warn({ err: new Error('two') }, 'failed');
  log.warn({}, 'failed elsewhere');
  log.warn('as text only');
  log.warn('as text only');
  expect(messages()).toEqual(['failed', 'failed', 'failed', 'failed elsewhere', 'as text only']);
});

test('what is no warning is always logged', () => {
  const { log, messages } = setUp();
  log.info({}, 'stored');
  log.info({}, 'stored');
  expect(messages()).toEqual(['stored', 'stored']);
});

test('forgets the oldest of a thousand kinds, so that nothing fills the memory', () => {
  const { log, lines } = setUp();
  const kind = (n: number) => String(n).replace(/\d/g, (digit) => 'abcdefghij'.charAt(Number(digit)));
  for (let n = 0; n < 1_001; n += 1) log.warn({}, kind(n));
  log.warn({}, kind(1_000));
  expect(lines).toHaveLength(1_001);
  log.warn({}, kind(0));
  expect(lines).toHaveLength(1_002);
});
