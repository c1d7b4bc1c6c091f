import { expect, test } from '@jest/globals';
import { Problems } from '../../../local-server/watch/problems.ts';
import { CapturingLogger } from '../../support/capturing-logger.ts';

const minute = 60_000;

test('a problem that lasts is logged once, counted, and logged again when it is over', () => {
  const log = new CapturingLogger();
  let now = 0;
  const problems = new Problems(log, () => now);
  for (let times = 0; times < 3; times += 1) {
    now += minute;
    problems.met('archive', new Error(`did not answer (SlowDown: slow down, request R${times}${times})`));
  }
  expect(log.entries.map(({ level }) => level)).toEqual(['error']);
  expect(problems.list()).toEqual([
    { what: 'archive', message: expect.stringContaining('R22'), since: '1970-01-01T00:01:00.000Z', count: 3 },
  ]);
  problems.over('archive');
  problems.over('archive');
  expect(log.entries.map(({ level }) => level)).toEqual(['error', 'warn']);
  expect(problems.list()).toEqual([]);
  expect(problems.total).toBe(3);
});

test('another cause is logged, and one place does not hide another', () => {
  const log = new CapturingLogger();
  const problems = new Problems(log);
  problems.met('table', new Error('throttled'));
  problems.met('table', 'gone');
  problems.met('archive', 'gone');
  expect(log.entries.map(({ message }) => message)).toEqual(['table: throttled', 'table: gone', 'archive: gone']);
  problems.over('table');
  expect(problems.list()).toMatchObject([{ what: 'archive' }]);
});
