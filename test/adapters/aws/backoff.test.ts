import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { Backoff, pauseBefore } from '../../../adapters/aws/backoff.ts';
import { FixedClock } from '../../support/fixed-clock.ts';

const justBelowOne = 1 - Number.EPSILON;

function setUp(): { clock: FixedClock; backoff: Backoff; pauses: number[] } {
  const clock = new FixedClock(0);
  const pauses: number[] = [];
  const sleep = async (millis: number): Promise<void> => {
    pauses.push(millis);
    clock.advance(millis);
  };
  return { clock, pauses, backoff: new Backoff({ monotonic: () => clock.now(), random: () => justBelowOne, sleep }) };
}

function throttled(): Error {
  return Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException', $metadata: {} });
}

describe('a pause', () => {
  test('doubles its range with every failure, up to a longest', () => {
    const longest = [1, 2, 3, 6, 7, 2_000].map((failures) => pauseBefore(failures, () => justBelowOne, 1e9));
    expect(longest.map(Math.round as (millis: number | undefined) => number)).toEqual([
      100, 200, 400, 3_000, 3_000, 3_000,
    ]);
  });

  test('leaves as much room for a call as its caller wants', () => {
    expect(pauseBefore(9, () => justBelowOne, 700, 500)).toBe(200);
    expect(pauseBefore(9, () => justBelowOne, 500, 500)).toBeUndefined();
  });

  test('takes time and leaves room for a call in the time that is left, or there is none', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0, max: justBelowOne, noNaN: true }),
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        (failures, chance, left) => {
          const millis = pauseBefore(failures, () => chance, left);
          if (left <= 100) expect(millis).toBeUndefined();
          else {
            expect(millis).toBeGreaterThanOrEqual(1);
            expect(millis).toBeLessThanOrEqual(Math.max(1, left - 100));
          }
        },
      ),
    );
  });
});

describe('retrying', () => {
  test('goes on until it works', async () => {
    const { backoff, pauses } = setUp();
    const outcomes = [throttled(), throttled(), 'done'];
    const result = await backoff.retry(backoff.countDown(10_000), async () => {
      const outcome = outcomes.shift();
      if (outcome instanceof Error) throw outcome;
      return outcome;
    });
    expect(result).toBe('done');
    expect(pauses.map(Math.round)).toEqual([100, 200]);
  });

  test('ends with the time that is left and the last error, a call before that', async () => {
    const { backoff, clock } = setUp();
    const error = throttled();
    const tries: number[] = [];
    const work = backoff.retry(backoff.countDown(2_000), async () => {
      tries.push(clock.now());
      throw error;
    });
    await expect(work).rejects.toBe(error);
    expect(tries.map(Math.round)).toEqual([0, 100, 300, 700, 1_500, 1_900]);
  });

  test('does not repeat a mistake', async () => {
    const { backoff, pauses } = setUp();
    const work = backoff.retry(backoff.countDown(10_000), () => Promise.reject(new TypeError('a bug')));
    await expect(work).rejects.toThrow('a bug');
    expect(pauses).toEqual([]);
  });

  test.each([0, -1, -Infinity])('makes the first try where %d ms are left, and no other', async (left) => {
    const { backoff, pauses } = setUp();
    expect(
      await backoff.retry(
        () => left,
        async () => 'done',
      ),
    ).toBe('done');
    let tries = 0;
    const failing = backoff.retry(
      () => left,
      async () => {
        tries += 1;
        throw throttled();
      },
    );
    await expect(failing).rejects.toThrow('Rate exceeded');
    expect({ tries, pauses }).toEqual({ tries: 1, pauses: [] });
  });

  test("ends in time although the system's clock is set back an hour meanwhile", async () => {
    const systemClock = jest.spyOn(Date, 'now');
    const backoff = new Backoff({ random: () => 0 });
    const begin = performance.now();
    const work = backoff.retry(backoff.countDown(150), async () => {
      systemClock.mockReturnValue(0);
      throw throttled();
    });
    await expect(work).rejects.toThrow('Rate exceeded');
    expect(performance.now() - begin).toBeLessThan(5_000);
    systemClock.mockRestore();
  });
});
