import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jsonElements } from '../../../core/decoding/json-elements.ts';

function textsOf(body: string): string[] {
  return [...jsonElements(Buffer.from(body), 3)].flat().map((element) => Buffer.from(element).toString());
}

describe('the elements of a JSON array', () => {
  test('are as they were sent, without the white space around them', () => {
    expect(textsOf('[ {"value": 9007199254740993} ,\n\t{"value":22.00}\r\n]')).toEqual([
      '{"value": 9007199254740993}',
      '{"value":22.00}',
    ]);
  });

  test.each([
    ['[]', []],
    [' [ ] ', []],
    ['[1]', ['1']],
    ['[null, true,-1.5e3 ,""]', ['null', 'true', '-1.5e3', '""']],
    ['[[1,2],[[]],{"a":[{}]}]', ['[1,2]', '[[]]', '{"a":[{}]}']],
    ['["]", "\\"],[", "\\\\"]', ['"]"', '"\\"],["', '"\\\\"']],
    ['["°C","🌡"]', ['"°C"', '"🌡"']],
  ])('of %s', (body, elements) => {
    expect(textsOf(body)).toEqual(elements);
  });

  test('are those that JSON.parse finds, whatever they are and however they are written', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(0, 1, '\t'), (values, indentation) => {
        const texts = textsOf(JSON.stringify(values, undefined, indentation));
        expect(texts.map((text) => JSON.stringify(JSON.parse(text)))).toEqual(
          values.map((value) => JSON.stringify(value)),
        );
      }),
    );
  });
});
