import { expect, test } from '@jest/globals';
import { VirtualClock } from '../../local-server/lab/virtual-clock.ts';
import { FixedClock } from '../support/fixed-clock.ts';

test('a virtual clock runs as the one below it, ahead by all that it was moved', () => {
  const below = new FixedClock(1_000);
  const clock = new VirtualClock(below);
  expect(clock.now()).toBe(1_000);
  clock.advance(500);
  clock.advance(20);
  expect(clock.now()).toBe(1_520);
  below.advance(80);
  expect(clock.now()).toBe(1_600);
  expect(clock.offsetMillis).toBe(520);
});

test('those who wait for a time are told of every move, after it', () => {
  const clock = new VirtualClock(new FixedClock(0));
  const seen: number[] = [];
  clock.onMove(() => seen.push(clock.now()));
  clock.onMove(() => seen.push(-clock.now()));
  clock.advance(10);
  clock.advance(5);
  expect(seen).toEqual([10, -10, 15, -15]);
});

test('a virtual clock stays in the years that the table can hold', () => {
  const clock = new VirtualClock(new FixedClock(Date.UTC(9000, 0, 1)));
  expect(() => clock.advance(1_000 * 365 * 86_400_000)).toThrow('beyond the year 9998');
  expect(clock.now()).toBe(Date.UTC(9000, 0, 1));
});

test.each([0, -1, NaN, Infinity])('a virtual clock is not moved by %d', (millis) => {
  const clock = new VirtualClock(new FixedClock(0));
  expect(() => clock.advance(millis)).toThrow('the clock can only be moved forward');
  expect(clock.now()).toBe(0);
});
