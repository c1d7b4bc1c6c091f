import { expect, test } from '@jest/globals';
import type { Candidate } from '../../../core/put-readings.ts';
import { Replacements } from '../../../local-server/routes/replacements.ts';

const data = new Uint8Array();
const part = (value: number, timestamp = '2026-01-15T12:00:00.000Z', sensorId = 'a') =>
  ({ ok: true, reading: { sensorId, value, timestamp } }) as const;

function countOf(...candidates: readonly Candidate[]): number {
  const replacements = new Replacements();
  for (const candidate of candidates) replacements.add(candidate);
  return replacements.count;
}

test('counts a reading where a later one has its sensor and time, and another value', () => {
  const records = [part(1), part(2), part(2), part(1)].map((result) => ({ data, result }));
  expect(countOf(...records)).toBe(2);
  expect(countOf({ data, result: part(1) }, { data, result: part(2, '2026-01-15T12:00:00.00025Z') })).toBe(0);
  expect(countOf({ data, result: part(1) }, { data, result: part(2, undefined, 'b') })).toBe(0);
});

test('counts the readings of one record', () => {
  const parts = [part(1), { ok: false, reasons: [] } as const, part(2)];
  expect(
    countOf({ data, result: part(1), decoded: { parts, leftOut: 0 } as unknown as Candidate['decoded'] & {} }),
  ).toBe(1);
});

test('a reading that says no time replaces none', () => {
  const untimed = (value: number) => {
    const { reading } = part(value);
    return { data, result: { ok: true, reading: { ...reading, flags: ['arrival-time'] } } } as const;
  };
  expect(countOf(untimed(1), untimed(2))).toBe(0);
});

test('compares the first 100,000 places only, so that its memory is bounded', () => {
  const replacements = new Replacements();
  for (let n = 0; n < 100_001; n += 1) replacements.add({ data, result: part(n, String(n)) });
  for (const n of [99_999, 100_000]) replacements.add({ data, result: part(-1, String(n)) });
  expect(replacements.count).toBe(1);
});
