import { describe, expect, test } from '@jest/globals';
import { failureKey, failureRecord, type GivenUpBatch } from '../../../core/event-source-mapping/failure-record.ts';
import { fromKinesisEvent, toKinesisEvent } from '../../../handlers/kinesis-records.ts';
import { sampleEvent, sampleSource } from '../../support/lambda-sample.ts';

const records = fromKinesisEvent(sampleEvent);

const batch: GivenUpBatch = {
  records,
  condition: 'RetryAttemptsExhausted',
  attempts: {
    failures: 3,
    refusals: 0,
    invocations: 5,
    last: { requestId: 'request-1', functionError: 'Unhandled' },
  },
  functionArn: 'arn:aws:lambda:us-east-2:123456789012:function:iot-IoTDDBEventProcessor',
  streamArn: sampleSource.streamArn,
  ownRequestId: 'request-of-its-own',
  givenUpAt: Date.UTC(2018, 11, 17, 22, 12, 3, 456),
  payload: JSON.stringify(toKinesisEvent(records, sampleSource)),
};

describe('what the on-failure destination is sent', () => {
  test('has the metadata that Lambda sends, and the whole event', () => {
    expect(failureRecord(batch)).toEqual({
      requestContext: {
        requestId: 'request-1',
        functionArn: 'arn:aws:lambda:us-east-2:123456789012:function:iot-IoTDDBEventProcessor',
        condition: 'RetryAttemptsExhausted',
        approximateInvokeCount: 5,
      },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      timestamp: '2018-12-17T22:12:03.456Z',
      KinesisBatchInfo: {
        shardId: 'shardId-000000000006',
        startSequenceNumber: '49590338271490256608559692538361571095921575989136588898',
        endSequenceNumber: '49590338271490256608559692540925702759324208523137515618',
        approximateArrivalOfFirstRecord: '2018-12-17T22:10:50.987Z',
        approximateArrivalOfLastRecord: '2018-12-17T22:11:51.166Z',
        batchSize: 2,
        streamArn: 'arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream',
      },
      payload: JSON.stringify(sampleEvent),
    });
  });

  test('has null for functionError after a partial response', () => {
    const attempts = { ...batch.attempts, last: { requestId: 'request-1', functionError: null } };
    expect(failureRecord({ ...batch, attempts })).toMatchObject({
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: null },
    });
  });

  test('has no responseContext where the record age was exceeded', () => {
    const record = failureRecord({ ...batch, condition: 'RecordAgeExceeded' });
    expect(record).toMatchObject({
      requestContext: { requestId: 'request-1', condition: 'RecordAgeExceeded', approximateInvokeCount: 5 },
    });
    expect(record).not.toHaveProperty('responseContext');
  });

  test('has a request of its own, counted once, where the records never reached the function', () => {
    const attempts = { failures: 0, refusals: 0, invocations: 0 };
    expect(failureRecord({ ...batch, attempts, condition: 'RecordAgeExceeded' })).toMatchObject({
      requestContext: { requestId: 'request-of-its-own', approximateInvokeCount: 1 },
    });
  });

  test('has no responseContext where the records were too large to be tried', () => {
    const attempts = { failures: 0, refusals: 0, invocations: 0 };
    const record = failureRecord({ ...batch, attempts, condition: 'RetryAttemptsExhausted' });
    expect(record).toMatchObject({
      requestContext: {
        requestId: 'request-of-its-own',
        condition: 'RetryAttemptsExhausted',
        approximateInvokeCount: 1,
      },
    });
    expect(record).not.toHaveProperty('responseContext');
  });

  test('names a single record as both ends', () => {
    expect(failureRecord({ ...batch, records: records.slice(0, 1) })).toMatchObject({
      KinesisBatchInfo: {
        startSequenceNumber: records[0]!.sequenceNumber,
        endSequenceNumber: records[0]!.sequenceNumber,
        batchSize: 1,
      },
    });
  });
});

test('its key is that of an S3 destination: mapping, shard, day, second, uuid', () => {
  expect(failureKey('mapping-1', batch, 'uuid-1')).toBe(
    'aws/lambda/mapping-1/shardId-000000000006/2018/12/17/2018-12-17T22.12.03-uuid-1',
  );
});

test('a batch without records is an error of the caller', () => {
  expect(() => failureRecord({ ...batch, records: [] })).toThrow(RangeError);
  expect(() => failureKey('mapping-1', { ...batch, records: [] }, 'uuid-1')).toThrow(RangeError);
});
