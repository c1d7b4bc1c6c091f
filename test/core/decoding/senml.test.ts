/** RFC 8428. The first examples are those of its section 5.1, with names of our own. */
import { describe, expect, test } from '@jest/globals';
import { reasonsOf } from '../../../core/decoding/decode.ts';
import { arrival, brief, decodedJson, readingsOf, refusalOf } from './support.ts';

const timesOf = (json: unknown) => readingsOf(decodedJson(json)).map(({ timestamp }) => timestamp);

describe('SenML', () => {
  test('a single value without a time was measured when it arrived', () => {
    const result = decodedJson([{ n: 'urn:dev:ow:10e2073a01080063', u: 'Cel', v: 23.1 }]);
    expect(result.format).toBe('senml');
    expect(readingsOf(result)).toEqual([
      expect.objectContaining({
        sensorId: 'urn:dev:ow:10e2073a01080063',
        value: 23.1,
        unit: 'Cel',
        timestamp: arrival,
      }),
    ]);
  });

  test('base values hold for all that follow, until there are others', () => {
    const result = decodedJson([
      { bn: 'urn:dev:1:', bt: 1795600000, bu: 'A', bver: 5, n: 'voltage', u: 'V', v: 120.1 },
      { n: 'current', t: -5, v: 1.2 },
      { n: 'current', t: -4.25, v: 1.3 },
      { bn: 'urn:dev:2:', n: 'current', v: 1.4 },
    ]);
    expect(brief(result)).toEqual([
      'urn:dev:1:voltage=120.1 V',
      'urn:dev:1:current=1.2 A',
      'urn:dev:1:current=1.3 A',
      'urn:dev:2:current=1.4 A',
    ]);
    expect(readingsOf(result).map(({ timestamp }) => timestamp.slice(14))).toEqual([
      '46:40.000Z',
      '46:35.000Z',
      '46:35.750Z',
      '46:40.000Z',
    ]);
    expect(result.source).toBe('urn:dev:1:');
  });

  test('times below 2^28 are relative to the arrival; from there on they are absolute', () => {
    expect(timesOf([{ n: 'a', v: 1, t: -60 }])).toEqual(['2026-11-25T17:44:30.123Z']);
    expect(timesOf([{ n: 'a', v: 1, t: 90 }])).toEqual(['2026-11-25T17:47:00.123Z']);
    expect(timesOf([{ n: 'a', v: 1, t: 2 ** 28 }])).toEqual(['1978-07-04T21:24:16.000Z']);
    expect(timesOf([{ n: 'a', v: 1, bt: 0, t: 0 }])).toEqual([arrival]);
  });

  test('a base value is added, as decimals are', () => {
    expect(brief(decodedJson([{ bn: 'a', bv: 20.1, v: 0.2 }, { v: -0.1 }, { bv: 10, v: 1 }]))).toEqual([
      'a=20.3',
      'a=20',
      'a=11',
    ]);
  });

  test('values that are no numbers, and sums, are left out and counted', () => {
    const result = decodedJson([
      { bn: 'a:', n: 'label', vs: 'Machine Room' },
      { n: 'open', vb: false },
      { n: 'nfc', vd: 'aGkgCg' },
      { n: 'energy', v: 5, s: 100 },
    ]);
    expect([brief(result), result.leftOut]).toEqual([['a:energy=5'], 4]);
  });

  test.each([
    [[{ n: '-a', v: 1 }], 'SenML name'],
    [[{ v: 1 }], 'SenML name'],
    [[{ n: 'a', v: 'x' }], 'value must be a finite number'],
    [[{ n: 'a', v: 1, t: 'now' }], 'must have a number as t'],
    [[{ n: 5, v: 1 }], 'must have a text as n'],
    [[{ n: 'a', v: 1, bver: 11 }], 'version 10'],
    [[{ n: 'a', v: 1, new_: 11 }], 'is to be understood'],
    [[{ n: 'a', v: 1, t: 1e300 }], 'timestamp must be'],
  ])('what breaks the rules is refused: %j', (json, says) => expect(refusalOf(decodedJson(json))).toContain(says));

  test('a bad record is named, and the others are read', () => {
    const result = decodedJson([{ bn: 'a', v: 1 }, { v: null }, { v: 3 }]);
    expect(reasonsOf(result)).toEqual([expect.objectContaining({ part: 1, field: 'value' })]);
  });

  test('an array of readings is not taken for it', () => {
    expect(decodedJson([{ sensorid: 'a', value: 1, t: 1795600000 }]).format).toBe('json-array');
    expect(decodedJson([{ id: 'a', temperature: 1 }]).format).toBe('json-array');
  });
});
