import { describe, expect, test } from '@jest/globals';
import { InvalidRequest } from '../../core/errors.ts';
import { MAX_STACK_NAME_LENGTH, stackNames } from '../../core/stack-names.ts';

const accountId = '000000000000';

test('the names are the contract with clients and with the page', () => {
  expect(stackNames('iot', '123456789012')).toEqual({
    stream: 'iot-SensorStream',
    bucket: 'iot-eventarchive-123456789012',
    undeliveredBucket: 'iot-undelivered-123456789012',
    table: 'iot-SensorData',
    archiveEvents: 'iot-IoTS3EventProcessor',
    storeReadings: 'iot-IoTDDBEventProcessor',
    sensorHistory: 'iot-IoTAPI',
  });
});

test.each(['a', 'iot', 'iot2', 'my-iot-7', 'x'.repeat(MAX_STACK_NAME_LENGTH)])('takes %s', (stack) => {
  expect(stackNames(stack, accountId).bucket).toBe(`${stack}-eventarchive-${accountId}`);
});

test('the longest name gives the longest bucket name that S3 takes', () => {
  expect(stackNames('x'.repeat(MAX_STACK_NAME_LENGTH), accountId).bucket).toHaveLength(63);
});

describe('refuses, with the reason,', () => {
  test.each([
    ['capitals', 'IoT'],
    ['a digit at the beginning', '1iot'],
    ['a hyphen at the beginning', '-iot'],
    ['an underscore', 'my_iot'],
    ['a dot', 'my.iot'],
    ['a space', 'my iot'],
    ['letters beyond a to z', 'küche'],
    ['a line break at the end', 'iot\n'],
    ['nothing', ''],
    ['one character too many', 'x'.repeat(MAX_STACK_NAME_LENGTH + 1)],
  ])('%s', (_, stack) => {
    expect(() => stackNames(stack, accountId)).toThrow(
      new InvalidRequest(
        'stack',
        `is ${JSON.stringify(stack)}, but must be lower-case letters, then digits and hyphens, at most 37 characters, because it becomes part of the bucket's name`,
      ),
    );
  });

  test.each([
    ['xn--', 'xn--iot'],
    ['xn--', 'xn-'],
    ['sthree-', 'sthree'],
    ['sthree-', 'sthree-iot'],
    ['amzn-s3-demo-', 'amzn-s3-demo'],
  ])('a bucket name that begins with %s, which S3 reserves: stack %s', (beginning, stack) => {
    expect(() => stackNames(stack, accountId)).toThrow(
      new InvalidRequest('stack', `is "${stack}", but S3 takes no bucket that begins with ${beginning}`),
    );
  });
});
