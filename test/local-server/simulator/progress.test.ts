import { describe, expect, test } from '@jest/globals';
import { formatSummary, formatVerification, ProgressPrinter } from '../../../local-server/simulator/progress.ts';
import { Tally } from '../../../local-server/simulator/tally.ts';

function printer(isTTY: boolean) {
  const written: string[] = [];
  return { written, printer: new ProgressPrinter({ isTTY, write: (text: string) => written.push(text) }) };
}
const reading = { sensorId: 's', value: 1, timestamp: '' };
const plain = { index: 0, kind: 'plain', n: 0, reading } as const;
const bad = { index: 1, kind: 'bad', flaw: 'truncated', reading } as const;

function tallied() {
  const tally = new Tally();
  for (const payload of [plain, bad, bad]) {
    tally.planned(payload);
    tally.sent(payload);
  }
  tally.answered(plain, { accepted: true, shardId: 's', sequenceNumber: '1' });
  return tally;
}
const sending = (seconds: number) => ({ phase: 'sending', run: 'r', counts: tallied().counts(), seconds }) as const;

describe('progress', () => {
  test('rewrites one line on a terminal', () => {
    const { written, printer: terminal } = printer(true);
    terminal.show(sending(1));
    terminal.show(sending(2));
    expect(written).toEqual([
      '\r\x1b[K1 s: sent 3, accepted 1, refused 0, retries 0',
      '\r\x1b[K2 s: sent 3, accepted 1, refused 0, retries 0',
    ]);
  });

  test('writes a line every few seconds to a log', () => {
    const { written, printer: log } = printer(false);
    for (let second = 1; second <= 12; second++) log.show(sending(second));
    expect(written.map((line) => line.split(':')[0])).toEqual(['5 s', '10 s']);
  });

  test('tells a log once what is waited for', () => {
    const { written, printer: log } = printer(false);
    log.show({ phase: 'verifying', behind: ['a'] });
    log.show({ phase: 'verifying', behind: ['a'] });
    expect(written).toEqual(['waiting: a\n']);
  });
});

describe('the summary', () => {
  test('counts a reason by its rule, whatever was seen', () => {
    const tally = tallied();
    tally.answered(bad, {
      accepted: false,
      reason: 'value must be a number, but is "a"; timestamp must be a time, but is "x"',
    });
    tally.answered(bad, {
      accepted: false,
      reason: 'value must be a number, but is "b"; timestamp must be a time, but is "y"',
    });
    expect(tally.counts().reasons).toEqual({ 'value must be a number; timestamp must be a time': 2 });
  });

  test('keeps the number of reasons small', () => {
    const tally = new Tally();
    for (let n = 0; n < 100; n++) tally.answered(bad, { accepted: false, reason: `reason ${n}` });
    expect(tally.counts().reasons).toMatchObject({ 'reason 0': 1, 'other reasons': 80 });
  });

  test('shows what became of every kind', () => {
    const tally = tallied();
    tally.answered(bad, { accepted: false, reason: 'body must be JSON' });
    tally.skipped = 4;
    expect(formatSummary({ run: '7-abc', counts: tally.counts(), seconds: 2 })).toMatchInlineSnapshot(`
      "                 planned      sent  accepted   refused
      plain                  1         1         1         0
      bad                    2         2         0         1
      duplicate              0         0         0         0
      late                   0         0         0         0
      out-of-order           0         0         0         0
      total                  3         3         1         1
        refused 1 ×: body must be JSON
        1 sent without an answer: nobody knows what became of them
        4 cells of the file skipped: empty or missing
      run 7-abc, retries 0, 2.0 s, 1 readings/s accepted
      "
    `);
  });

  test('tells where in a file the first refusal and the problems are', () => {
    const tally = new Tally();
    const reading = { sensorId: 'a', value: '45%', timestamp: 't', place: { line: 7, column: 'hum' } };
    tally.answered({ index: 0, kind: 'plain', n: 0, reading }, { accepted: false, reason: 'value must be a number' });
    tally.answered(
      { index: 1, kind: 'plain', n: 1, reading: { ...reading, place: { line: 8, column: 'hum' } } },
      {
        accepted: false,
        reason: 'value must be a number',
      },
    );
    for (let line = 10; line < 35; line++) tally.problem({ line, problem: 'has 3 cells' });
    const summary = formatSummary({ run: 'r', counts: tally.counts(), seconds: 1 });
    expect(summary).toContain('  refused 2 ×: value must be a number (first: line 7, column "hum": 45%)\n');
    expect(summary).toContain('  25 rows or cells of the file left out:\n    line 10: has 3 cells\n');
    expect(summary).toContain('    line 29: has 3 cells\n    … and 5 more\n');
  });

  test('names what was lost, and what had not caught up', () => {
    const lost = { count: 12, first: [3, 4, 5] };
    const some = {
      behind: ['x is behind'],
      archived: 88,
      lost,
      unannounced: 2,
      repeats: 1,
      duplicates: 2,
      outOfOrder: 0,
    };
    expect(formatVerification(some)).toBe(
      'not caught up in time: x is behind\n' +
        'LOST: 12 of 100 accepted records are not in the archive: payloads 3, 4, 5, … of the plan (from 0)\n' +
        'unintended duplicates 2, out of order 0, lines repeated in overlapping objects 1, archived without an answer 2\n',
    );
    expect(formatVerification(some, 7)).toContain(
      '\nreplaced: 7 values, by a later one of the same sensor and time; the archive has them\n',
    );
  });
});
