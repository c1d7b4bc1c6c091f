import { expect, test } from '@jest/globals';
import { mappingIdOf } from '../../../local-server/delivery/mapping-id.ts';

test('the id of a mapping is a UUID that depends on the stream and on the function only', () => {
  const id = mappingIdOf('arn:stream', 'arn:function');
  expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(mappingIdOf('arn:stream', 'arn:function')).toBe(id);
  expect(mappingIdOf('arn:other', 'arn:function')).not.toBe(id);
  expect(mappingIdOf('arn:stream', 'arn:other')).not.toBe(id);
});
