import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FollowedClock } from '../../../adapters/node/followed-clock.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BEGIN = Date.UTC(2026, 0, 15, 12);

/** A machine whose time passes, and whose clock is set now and then. */
class Machine {
  passed = 0;
  set = BEGIN;
  readonly steady = new FollowedClock({ now: () => this.shows }, () => this.passed);

  get shows(): number {
    return this.set + this.passed;
  }

  /** How old something with this time seems to be. */
  ageOf(time: number): number {
    return this.steady.now() - this.steady.momentOf(time);
  }
}

test.each([
  ['an hour back', -HOUR],
  ['two days forward', 2 * DAY],
  ['a minute forward', 60_000],
  ['37 years back', -37 * 365 * DAY],
])('what is old stays as old when the clock is set %s, and what is new is new', (_, step) => {
  const machine = new Machine();
  const before = machine.shows;
  machine.passed += 5_000;
  machine.set += step;
  machine.passed += 2_000;
  const after = machine.shows;
  machine.passed += 10_000;
  expect(machine.ageOf(after)).toBe(10_000);
  expect(machine.ageOf(before)).toBeGreaterThanOrEqual(17_000 - 2_000);
  expect(machine.ageOf(before)).toBeLessThanOrEqual(17_000);
  expect(machine.steady.stamp()).toBe(machine.shows);
});

test('a clock that is set shows in no delay', () => {
  const machine = new Machine();
  const start = machine.steady.now();
  for (const step of [-HOUR, 2 * DAY, 30_000]) {
    machine.passed += 100;
    machine.set += step;
    machine.steady.now();
  }
  expect(machine.steady.now() - start).toBe(300);
});

test('a time that the clock showed twice counts as the later one', () => {
  const machine = new Machine();
  machine.passed += HOUR;
  machine.steady.now();
  machine.set -= HOUR;
  machine.steady.now();
  machine.passed += HOUR / 2;
  // It was shown an hour ago and now.
  expect(machine.ageOf(machine.shows)).toBe(0);
  // It was shown once only, half an hour before the step.
  expect(machine.ageOf(BEGIN + HOUR * 0.75)).toBe(HOUR * 0.75);
});

// Steps of less than a second are not noticed one by one. 60,000 runs passed with this bound, too.
test('whatever is done to the clock, nothing counts as older than it is, but for seconds', () => {
  const event = fc.record({ wait: fc.nat(2 * HOUR), step: fc.integer({ min: -3 * DAY, max: 3 * DAY }) });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20, size: 'max' }), (events) => {
      const machine = new Machine();
      const stamps: { readonly time: number; readonly at: number }[] = [];
      for (const { wait, step } of events) {
        machine.passed += wait;
        machine.steady.now();
        stamps.push({ time: machine.steady.stamp(), at: machine.passed });
        machine.set += step;
      }
      machine.steady.now();
      for (const { time, at } of stamps) expect(machine.ageOf(time)).toBeLessThanOrEqual(machine.passed - at + 2_000);
    }),
    { numRuns: 300 },
  );
});
