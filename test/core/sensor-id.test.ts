import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  MAX_SENSOR_ID_BYTES,
  MAX_SENSOR_ID_CHARACTERS,
  sensorIdNotice,
  sensorIdProblem,
} from '../../core/sensor-id.ts';

const thermometer = '\u{1F321}';

describe('a sensor id may be', () => {
  test.each([
    ['one character', 'a'],
    ['an umlaut', 'Küche'],
    ['a sign', '°C'],
    ['another script', '台所の温度'],
    ['an emoji', thermometer],
    ['blank', ' '],
    ['three dots', '...'],
    ['a line separator, which is no control character', '\u2028'],
    ['a key of the prototype', '__proto__'],
    ['256 characters', 'x'.repeat(256)],
    ['256 emoji, which are 512 UTF-16 units', thermometer.repeat(256)],
    ['256 characters, one of them an emoji', 'x'.repeat(255) + thermometer],
  ])('%s', (_, id) => {
    expect(sensorIdProblem(id)).toBeUndefined();
  });
});

describe('a sensor id must not', () => {
  const tooLong = 'must have at most 256 characters';

  test.each([
    ['be empty', '', 'must not be empty'],
    // Every URL client takes it out of /sensors/…/readings (WebThingsIO/addon-list#554).
    ['be .', '.', 'must not be . or .., which no URL can have as a part of its path'],
    ['be ..', '..', 'must not be . or .., which no URL can have as a part of its path'],
    ['have 257 characters', 'x'.repeat(257), tooLong],
    ['have 257 emoji', thermometer.repeat(257), tooLong],
    ['have 256 characters and an emoji', 'x'.repeat(256) + thermometer, tooLong],
    ['have a million characters', 'x'.repeat(1_000_000), tooLong],
    ['have a NUL', 'a\u0000b', 'must not contain the control character U+0000'],
    ['have a line feed', 'a\n', 'must not contain the control character U+000A'],
    ['have a delete', '\u007f', 'must not contain the control character U+007F'],
    ['have a C1 control character', '\u0085', 'must not contain the control character U+0085'],
    ['have a lone high surrogate', 'a\ud800', 'must not contain the lone surrogate U+D800'],
    ['have a lone low surrogate', '\udfffa', 'must not contain the lone surrogate U+DFFF'],
    ['have surrogates in the wrong order', '\udf21\ud83c', 'must not contain the lone surrogate U+DF21'],
  ])('%s', (_, id, problem) => {
    expect(sensorIdProblem(id)).toBe(problem);
  });
});

test('the longest sensor id is within the bytes of a DynamoDB key', () => {
  const longest = '\u{10ffff}'.repeat(MAX_SENSOR_ID_CHARACTERS);

  expect(sensorIdProblem(longest)).toBeUndefined();
  expect(Buffer.byteLength(longest)).toBeLessThanOrEqual(MAX_SENSOR_ID_BYTES);
});

test('an id of up to 256 characters is refused exactly for control characters, lone surrogates, and where it is . or ..', () => {
  const units = fc.oneof(
    fc.integer({ min: 0, max: 0xff }),
    fc.integer({ min: 0xd700, max: 0xe0ff }),
    fc.integer({ min: 0, max: 0xffff }),
  );
  const ids = fc.oneof(
    fc.array(units, { minLength: 1, maxLength: 6 }).map((codes) => String.fromCharCode(...codes)),
    fc.string({ unit: fc.constantFrom('.', 'a', '/'), minLength: 1, maxLength: 3 }),
  );
  const isDots = (id: string) => id === '.' || id === '..';
  const isControl = (unit: string) => unit <= '\u001f' || (unit >= '\u007f' && unit <= '\u009f');
  const hasControl = (id: string) => Array.from(id).some(isControl);
  const isWellFormed = (id: string) => {
    try {
      return encodeURIComponent(id) !== '';
    } catch {
      return false;
    }
  };

  fc.assert(
    fc.property(ids, (id) => {
      expect(sensorIdProblem(id) === undefined).toBe(!hasControl(id) && isWellFormed(id) && !isDots(id));
    }),
    { numRuns: 500 },
  );
});

// ESPEasy#2329, bmspace#14, MServer#763: sensors that look alike in a list.
describe('an id looks like another one where it', () => {
  test.each([
    ['kitchen ', 'begins or ends with a blank'],
    [' kitchen', 'begins or ends with a blank'],
    ['\u00a0kitchen', 'begins or ends with a blank'],
    ['\ufeffkitchen', 'begins or ends with a blank'],
    ['kit\u200bchen', 'has a character that is not seen, U+200B'],
    ['kit\u00adchen', 'has a character that is not seen, U+00AD'],
    ['kitchen\u202e1', 'has a character that is not seen, U+202E'],
    ['Ku\u0308che', 'is not in the normal form NFC, and looks like the id that is'],
  ])('%j %s', (id, notice) => {
    expect(sensorIdNotice(id)).toBe(notice);
    expect(sensorIdProblem(id)).toBeUndefined();
  });

  test.each(['kitchen', 'a b', 'Küche', '台所の温度', '°C', '🌡️', '👩‍🔬', '__proto__', 'x/y?z#%'])(
    'but not: %s',
    (id) => {
      expect(sensorIdNotice(id)).toBeUndefined();
    },
  );
});
