import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatSensorIdDimension, parseSensorIdDimension } from '../../../adapters/aws/sensor-id-dimension.ts';
import { sensorIdProblem } from '../../../core/sensor-id.ts';
import { awkwardIds } from '../../contracts/harness.ts';
import { anyCharacter } from '../../support/any-character.ts';

const sensorIds = fc
  .oneof(
    fc.string({ unit: anyCharacter, minLength: 1, maxLength: 256 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 256 }),
    fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 256 }),
    fc.string({ minLength: 1, maxLength: 20 }).map((rest) => `percent:${rest}`),
    fc.string({ minLength: 1, maxLength: 20 }).map((rest) => `packed:${rest}`),
    fc.integer({ min: 1, max: 256 }).map((length) => '\u{10FFFF}'.repeat(length)),
    fc.integer({ min: 1, max: 256 }).map((length) => '\u0000'.padStart(length, '€').replace('\u0000', '¢')),
  )
  .filter((id) => sensorIdProblem(id) === undefined);

/** CloudWatch API Reference, Dimension. */
const isAllowed = (value: string): boolean => /^(?=.*[!-~])[ -~]{1,1024}$/.test(value);

describe('the dimension of a sensor', () => {
  test('is the id itself for ordinary ids', () => {
    for (const id of ['kitchen', 'Kitchen 2', 'a/b?c=d&e#f', '.', '%41', 'percent', `"quoted" 'too' \\ <b>`]) {
      expect(formatSensorIdDimension(id)).toBe(id);
    }
  });

  test('stays readable where ASCII does not suffice', () => {
    expect(formatSensorIdDimension('Küche')).toBe('percent:K%C3%BCche');
    expect(formatSensorIdDimension(' padded ')).toBe('percent:%20padded%20');
  });

  test('is no id that looks like an encoded one', () => {
    expect(formatSensorIdDimension('percent:K%C3%BCche')).toBe('percent:percent%3AK%25C3%25BCche');
    expect(formatSensorIdDimension('packed:AAAA')).toBe('percent:packed%3AAAAA');
  });

  test('fits also for the longest id of the longest characters', () => {
    const longest = '\u{1F331}'.repeat(256);
    expect(formatSensorIdDimension(longest)).toHaveLength('packed:'.length + 896);
    expect(parseSensorIdDimension(formatSensorIdDimension(longest))).toBe(longest);
  });

  test('is allowed by CloudWatch and leads back to the id, whatever the id', () => {
    for (const id of awkwardIds) expect(parseSensorIdDimension(formatSensorIdDimension(id))).toBe(id);
    fc.assert(
      fc.property(sensorIds, (id) => {
        const value = formatSensorIdDimension(id);
        expect(isAllowed(value)).toBe(true);
        expect(parseSensorIdDimension(value)).toBe(id);
      }),
      { numRuns: 300 },
    );
  });
});
