import { describe, expect, test } from '@jest/globals';
import { pace, type Pace } from '../../../local-server/simulator/pacer.ts';
import { VirtualTimer } from './virtual-timer.ts';

async function* numbers(): AsyncGenerator<number> {
  for (let number = 0; ; number++) yield number;
}

async function timesOf(
  options: Pace,
  { timer = new VirtualTimer(), signal = new AbortController().signal, slow = 0 } = {},
) {
  const times: number[] = [];
  for await (const _ of pace(numbers(), options, signal, timer)) {
    times.push(timer.now());
    if (slow > 0) await timer.sleep(slow);
  }
  return times;
}

describe('pacing', () => {
  test('spaces items evenly and sends rate × duration of them', async () => {
    expect(await timesOf({ rate: 4, durationSeconds: 2 })).toEqual([0, 250, 500, 750, 1000, 1250, 1500, 1750]);
  });

  test('makes up for a receiver that was slow, and sends it as many', async () => {
    expect(await timesOf({ rate: 4, durationSeconds: 1 }, { slow: 400 })).toEqual([0, 400, 800, 1200]);
  });

  test('ends at the count where that comes first', async () => {
    expect(await timesOf({ rate: 4, durationSeconds: 10, count: 3 })).toHaveLength(3);
  });

  test('without a rate never waits, and ends with the duration', async () => {
    expect(await timesOf({ rate: 0, durationSeconds: 1 }, { slow: 100 })).toHaveLength(10);
    expect(await timesOf({ rate: 0, durationSeconds: 0, count: 5 })).toEqual([0, 0, 0, 0, 0]);
  });

  test('ends in the middle of a wait when it is stopped', async () => {
    const stop = new AbortController();
    const timer = new VirtualTimer((now) => {
      if (now >= 500) stop.abort();
    });
    expect(await timesOf({ rate: 4, durationSeconds: 0 }, { timer, signal: stop.signal })).toEqual([0, 250]);
  });
});
