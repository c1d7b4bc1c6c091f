import { describe, expect, test } from '@jest/globals';
import { isUnchanged, readRange } from '../../../../local-server/aws-api/s3/conditions.ts';

const modifiedAt = Date.UTC(2026, 0, 1, 12, 0, 0, 700);
const [before, same, after] = [-1, 0, 1].map((seconds) => new Date(modifiedAt + seconds * 1_000).toUTCString());
const object = { etag: 'abc', modifiedAt };

describe('an object that the client knows', () => {
  test.each([
    [{}, false],
    [{ 'if-none-match': '"abc"' }, true],
    [{ 'if-none-match': 'abc' }, true],
    [{ 'if-none-match': 'W/"abc"' }, true],
    [{ 'if-none-match': '"x", "abc"' }, true],
    [{ 'if-none-match': '*' }, true],
    [{ 'if-none-match': '"ab"' }, false],
    [{ 'if-modified-since': before }, false],
    [{ 'if-modified-since': same }, true],
    [{ 'if-modified-since': after }, true],
    [{ 'if-modified-since': 'yesterday' }, false],
    // The first decides where both are there (RFC 9110, section 13.2.2).
    [{ 'if-none-match': '"x"', 'if-modified-since': after }, false],
    [{ 'if-match': '"abc"', 'if-unmodified-since': before }, false],
    [{ 'if-unmodified-since': same }, false],
    [{ 'if-match': '*', 'if-none-match': '"abc"' }, true],
  ])('with %j is unchanged: %s', (headers, expected) => {
    expect(isUnchanged(headers, object)).toBe(expected);
  });

  test.each([
    [{ 'if-match': '"x"' }, 'If-Match'],
    [{ 'if-match': '"x"', 'if-unmodified-since': after }, 'If-Match'],
    [{ 'if-unmodified-since': before }, 'If-Unmodified-Since'],
  ])('with %j is refused', (headers, Condition) => {
    expect(() => isUnchanged(headers, object)).toThrow(
      expect.objectContaining({ type: 'PreconditionFailed', statusCode: 412, details: { Condition } }),
    );
  });
});

describe('a range of 10 bytes', () => {
  test.each([
    ['bytes=0-3', [0, 3]],
    ['bytes=3-3', [3, 3]],
    ['bytes=4-', [4, 9]],
    ['bytes=4-100', [4, 9]],
    ['bytes=-3', [7, 9]],
    ['bytes=-100', [0, 9]],
    [undefined, undefined],
    ['bytes=', undefined],
    ['bytes=-', undefined],
    ['bytes=3-1', undefined],
    ['bytes=0-1,3-4', undefined],
    ['items=0-1', undefined],
    ['bytes=a-b', undefined],
  ])('%s', (header, expected) => {
    const range = readRange(header, 10);
    expect(range && [range.first, range.last]).toEqual(expected);
  });

  test.each([
    ['bytes=10-', 10],
    ['bytes=10-20', 10],
    ['bytes=-0', 10],
    ['bytes=0-', 0],
    ['bytes=-1', 0],
  ])('%s of %i bytes cannot be had', (header, size) => {
    expect(() => readRange(header, size)).toThrow(
      expect.objectContaining({
        type: 'InvalidRange',
        statusCode: 416,
        details: { RangeRequested: header, ActualObjectSize: String(size) },
      }),
    );
  });
});
