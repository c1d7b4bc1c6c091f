import { describe, expect, test } from '@jest/globals';
import { readAddress } from '../../../../local-server/aws-api/s3/address.ts';

const buckets = new Set(['iot-eventarchive-000000000000', 'with.dots']);
const read = (url: string, host = '127.0.0.1:3000') => {
  const { bucket, key, query } = readAddress(url, host, (name) => buckets.has(name));
  return [bucket, key, query.toString()];
};

describe('an address of S3', () => {
  test.each([
    ['/', [undefined, undefined, '']],
    ['/?list-type=2', [undefined, undefined, 'list-type=2']],
    ['/any', ['any', undefined, '']],
    ['/any/?prefix=a%2Fb', ['any', undefined, 'prefix=a%2Fb']],
    ['/any/2026-01-01/1.json', ['any', '2026-01-01/1.json', '']],
    ['/any/a%20b+c%2F%C3%BC?x-id=GetObject', ['any', 'a b+c/ü', 'x-id=GetObject']],
    ['/any//a', ['any', '/a', '']],
  ])('has the bucket in its path: %s', (url, expected) => {
    expect(read(url)).toEqual(expected);
  });

  test.each([
    ['/', 'iot-eventarchive-000000000000.localhost:3000', ['iot-eventarchive-000000000000', undefined, '']],
    ['/any/key', 'IOT-eventarchive-000000000000.s3.localhost', ['iot-eventarchive-000000000000', 'any/key', '']],
    ['/a', 'with.dots.localhost', ['with.dots', 'a', '']],
    ['/other/a', 'other.localhost', ['other', 'a', '']],
  ])('has a bucket that there is in its host: %s of %s', (url, host, expected) => {
    expect(read(url, host)).toEqual(expected);
  });

  test('is refused where it is no UTF-8', () => {
    for (const url of ['/any/%', '/any/%ff', '/%E0%A4%A']) {
      expect(() => read(url)).toThrow(expect.objectContaining({ type: 'InvalidURI' }));
    }
  });
});
