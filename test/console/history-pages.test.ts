import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  alignReadings,
  type LoadedHistory,
  mergeRows,
  needingOlder,
  plottable,
  withOlder,
  withStored,
} from '../../local-server/console/page/history-pages.ts';
import type { HistoryPage, Reading } from '../../local-server/console/page/wire.ts';

const at = (second: number) => new Date(second * 1_000).toISOString();
const reading = (second: number, value = second): Reading => ({ timestamp: at(second), value });

/** A sensor's readings in pages, newest first, as the server gives them. */
function pageOf(sensorId: string, seconds: readonly number[], start: number, size: number): HistoryPage {
  const newestFirst = [...seconds].sort((a, b) => b - a).map((second) => reading(second));
  const readings = newestFirst.slice(start, start + size);
  return start + size < newestFirst.length
    ? { sensorId, readings, nextCursor: String(start + size) }
    : { sensorId, readings };
}

test('paging through several sensors shows every reading once, newest first, and never a hole', () => {
  const seconds = fc.uniqueArray(fc.integer({ min: 0, max: 1_000 }), { maxLength: 40 });
  fc.assert(
    fc.property(seconds, seconds, fc.integer({ min: 1, max: 7 }), (a, b, size) => {
      const all = new Map([
        ['a', a],
        ['b', b],
      ]);
      let histories: readonly LoadedHistory[] = [...all].map(([id, each]) => pageOf(id, each, 0, size));
      const everything = mergeRows([...all].map(([id, each]) => pageOf(id, each, 0, Infinity)));
      for (;;) {
        const rows = mergeRows(histories);
        expect(rows).toEqual(everything.slice(0, rows.length));
        const wanted = needingOlder(histories);
        if (wanted.length === 0) break;
        histories = histories.map((history) =>
          wanted.includes(history)
            ? withOlder(
                history,
                pageOf(history.sensorId, all.get(history.sensorId) ?? [], Number(history.nextCursor), size),
              )
            : history,
        );
      }
      expect(mergeRows(histories)).toEqual(everything);
    }),
  );
});

describe('readings of one moment', () => {
  const noTime = (n: number): Reading => ({
    timestamp: at(30),
    value: n,
    flags: ['arrival-time'],
    key: `${at(30)}#${n}`,
  });

  test('are rows and points of their own', () => {
    const history: LoadedHistory = { sensorId: 'a', readings: [noTime(3), noTime(2), noTime(1), reading(30, 0)] };
    expect(mergeRows([history]).map(({ value }) => value)).toEqual([3, 2, 1, 0]);
    expect(alignReadings([history])).toEqual({ seconds: [30, 30, 30, 30], values: [[0, 1, 2, 3]] });
    expect(withStored(history, [noTime(4), noTime(2)]).readings).toHaveLength(5);
  });

  test('are told apart in the chart where they are finer than a millisecond', () => {
    const finer: Reading = { timestamp: '1970-01-01T00:00:30.0005Z', value: 1, key: '1970-01-01T00:00:30.000Z5' };
    expect(alignReadings([{ sensorId: 'a', readings: [finer, reading(30)] }]).seconds).toEqual([30, 30.0005]);
  });
});

test('readings from the far future are not in the chart, while there are others', () => {
  const future: Reading = { ...reading(9_999), flags: ['far-future'] };
  const of = (...readings: Reading[]): LoadedHistory[] => [{ sensorId: 'a', readings }];
  expect(plottable(of(future, reading(2), reading(1)))).toEqual({ histories: of(reading(2), reading(1)), leftOut: 1 });
  expect(plottable(of(future))).toEqual({ histories: of(future), leftOut: 0 });
});

describe('a reading that was just stored', () => {
  const loaded: LoadedHistory = { sensorId: 'a', readings: [reading(30), reading(20)], nextCursor: 'c' };

  test('takes its place in time, and replaces the one of its timestamp', () => {
    const { readings } = withStored(loaded, [reading(25), reading(20, 7), reading(40)]);
    expect(readings).toEqual([reading(40), reading(30), reading(25), reading(20, 7)]);
  });

  test('waits for its page where it is older than what is loaded', () => {
    expect(withStored(loaded, [reading(10)])).toBe(loaded);
  });
});

test('the chart has all sensors on one axis, oldest first, with gaps where a sensor has nothing', () => {
  const histories = [
    { sensorId: 'a', readings: [reading(3), reading(1)] },
    { sensorId: 'b', readings: [reading(3, 9), reading(2)] },
  ];
  expect(alignReadings(histories)).toEqual({
    seconds: [1, 2, 3],
    values: [
      [1, null, 3],
      [null, 2, 9],
    ],
  });
});
