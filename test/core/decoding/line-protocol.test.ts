import { describe, expect, test } from '@jest/globals';
import { reasonsOf } from '../../../core/decoding/decode.ts';
import { arrival, brief, decoded, readingsOf, refusalOf } from './support.ts';

describe('line protocol', () => {
  test('each field with a number is a reading of the series', () => {
    const result = decoded(
      'weather,room=kitchen,house=1 temp=21.5,hum=40i,n=7u,ok=true,name="a, b=c" 1795628730000000000',
    );
    expect(brief(result)).toEqual([
      'weather,house=1,room=kitchen.temp=21.5',
      'weather,house=1,room=kitchen.hum=40',
      'weather,house=1,room=kitchen.n=7',
    ]);
    expect([result.format, result.leftOut, result.source]).toEqual([
      'line-protocol',
      2,
      'weather,house=1,room=kitchen',
    ]);
    expect(new Set(readingsOf(result).map(({ timestamp }) => timestamp))).toEqual(
      new Set(['2026-11-25T17:45:30.000Z']),
    );
  });

  test('tags in another order are the same series', () => {
    expect(brief(decoded('m,b=2,a=1 f=1'))).toEqual(brief(decoded('m,a=1,b=2 f=1')));
  });

  test('without a timestamp the arrival counts', () => {
    expect(readingsOf(decoded('m f=1'))[0]?.timestamp).toBe(arrival);
  });

  test('names are read without their escapes', () => {
    expect(brief(decoded('my\\ m\\,x,tag\\ a=b\\=c f\\ 1=1,g="a \\"q\\" \\\\ b",h=2 1795628730'))).toEqual([
      'my m,x,tag a=b=c.f 1=1',
      'my m,x,tag a=b=c.h=2',
    ]);
  });

  test('lines, blank lines, comments, carriage returns, and a text with a line feed', () => {
    const result = decoded('# comment\r\nm f=1\r\n\r\n  \nm f="a\nb",g=2\nm f=-3e2\n');
    expect(brief(result)).toEqual(['m.f=1', 'm.g=2', 'm.f=-300']);
    expect(result.leftOut).toBe(1);
  });

  test.each([
    ['m f=1,', 'fields as name=value'],
    ['m f=abc', 'a number, a quoted text or a boolean'],
    ['m f=1 2 3', 'must end after the timestamp'],
    ['m f=1 yesterday', 'must end after the timestamp'],
    ['m,tag f=1', 'no'],
    ['m f=1 1000', 'timestamp must be'],
  ])('a line that breaks the rules is refused: %s', (line, says) => {
    const result = decoded(`m f=1\n${line}`);
    expect(reasonsOf(result)).toEqual([expect.objectContaining({ part: 1 })]);
    if (says !== 'no') expect(refusalOf(result)).toContain(says);
  });

  test('an id that is too long is refused', () => {
    expect(refusalOf(decoded(`${'m'.repeat(300)} f=1`))).toContain('sensorid');
  });
});
