import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_PAYLOAD_BYTES } from '../../../core/event-source-mapping/payload-limit.ts';
import { payloadBytes } from '../../../core/event-source-mapping/payload-size.ts';
import { MAX_STACK_NAME_LENGTH, stackNames } from '../../../core/stack-names.ts';
import { toKinesisEvent } from '../../../handlers/kinesis-records.ts';
import { streamRecord } from '../../support/record-factory.ts';

const accountId = '123456789012';
const longestStack = stackNames('x'.repeat(MAX_STACK_NAME_LENGTH), accountId);
/** The longest ARNs: those of the partition with the longest name, and a role of the 64 characters that IAM takes. */
const source = {
  region: 'us-gov-west-1',
  streamArn: `arn:aws-us-gov:kinesis:us-gov-west-1:${accountId}:stream/${longestStack.stream}`,
  roleArn: `arn:aws-us-gov:iam::${accountId}:role/${'x'.repeat(64)}`,
};

/** What the records take of the event as it is sent, the commas between them included. */
function jsonBytes(records: Parameters<typeof toKinesisEvent>[0]): number {
  return Buffer.byteLength(JSON.stringify(toKinesisEvent(records, source)));
}

/** Characters of one to four bytes, and such as JSON escapes. */
const anyCharacter = fc.constantFrom('a', 'ü', '€', '😀', '"', '\n', '\u0001', '\ud800');
const keys = fc.string({ minLength: 1, maxLength: 256, size: 'max', unit: anyCharacter });

test('a record never takes more of an event than is reckoned, whatever its key and its data are', () => {
  fc.assert(
    fc.property(keys, fc.uint8Array(), (partitionKey, data) => {
      const record = streamRecord({ partitionKey, data });
      const share = jsonBytes([record, record]) - jsonBytes([record]);
      expect(share).toBeLessThanOrEqual(payloadBytes(record));
    }),
  );
});

test('what is reckoned is not far more than a record takes: batches are as large as they can be', () => {
  const record = streamRecord({ data: new Uint8Array(100_000) });
  const share = jsonBytes([record, record]) - jsonBytes([record]);

  expect(payloadBytes(record)).toBeLessThan(share * 1.01);
});

test.each([
  [0, 0],
  [1, 4],
  [3, 4],
  [4, 8],
])('%i bytes of data are %i of base64', (bytes, base64) => {
  const empty = payloadBytes(streamRecord({ data: new Uint8Array() }));

  expect(payloadBytes(streamRecord({ data: new Uint8Array(bytes) })) - empty).toBe(base64);
});

test('an event has room for 6 MB', () => {
  expect(MAX_PAYLOAD_BYTES).toBe(6_291_456);
});
