import { describe, expect, test } from '@jest/globals';
import { fromKinesisEvent, toKinesisEvent } from '../../handlers/kinesis-records.ts';
import { noon, streamRecord } from '../support/record-factory.ts';
import { sampleEvent, sampleSource } from '../support/lambda-sample.ts';

describe('the sample event of Lambda', () => {
  test('is read: the shard from the event id, the arrival from seconds, the data from base64', () => {
    expect(fromKinesisEvent(sampleEvent)).toEqual([
      {
        shardId: 'shardId-000000000006',
        sequenceNumber: '49590338271490256608559692538361571095921575989136588898',
        partitionKey: '1',
        arrivedAt: Date.UTC(2018, 11, 17, 22, 10, 50, 987),
        data: Buffer.from('Hello, this is a test.'),
      },
      {
        shardId: 'shardId-000000000006',
        sequenceNumber: '49590338271490256608559692540925702759324208523137515618',
        partitionKey: '1',
        arrivedAt: Date.UTC(2018, 11, 17, 22, 11, 51, 166),
        data: Buffer.from('This is only a test.'),
      },
    ]);
  });

  test('is written again exactly as it was', () => {
    expect(toKinesisEvent(fromKinesisEvent(sampleEvent), sampleSource)).toEqual(sampleEvent);
  });
});

test('°C and Küche come through, in keys and data', () => {
  const record = streamRecord({ partitionKey: 'Küche', data: Buffer.from('22 °C') });
  const [seen] = fromKinesisEvent(toKinesisEvent([record], sampleSource));

  expect(seen).toEqual(record);
});

test('bytes that are part of a larger buffer are not mixed up with their neighbours', () => {
  const data = Buffer.from('before|payload|behind').subarray(7, 14);
  const [record] = toKinesisEvent([streamRecord({ data })], sampleSource).Records;

  expect(Buffer.from(record!.kinesis.data, 'base64').toString()).toBe('payload');
});

test('an arrival keeps its milliseconds, though a fraction of seconds cannot hold all of them exactly', () => {
  const arrivals = Array.from({ length: 1_000 }, (_, millis) => noon + millis);
  arrivals.push(4_304_320_171_721); // × 1,000 its seconds are 4,304,320,171,720.9995.
  const event = toKinesisEvent(
    arrivals.map((arrivedAt) => streamRecord({ arrivedAt })),
    sampleSource,
  );

  expect(fromKinesisEvent(event).map(({ arrivedAt }) => arrivedAt)).toEqual(arrivals);
});

test('no records are no records', () => {
  expect(fromKinesisEvent({ Records: [] })).toEqual([]);
  expect(toKinesisEvent([], sampleSource)).toEqual({ Records: [] });
});

test('an event is JSON and new each time: a function may do with it what it likes', () => {
  const records = [streamRecord({ partitionKey: 'Küche' }), streamRecord({ data: Buffer.from([0xff, 0]) })];
  const event = toKinesisEvent(records, sampleSource);
  const intact = JSON.stringify(event);

  expect(JSON.parse(intact)).toStrictEqual(event);
  for (const { kinesis } of event.Records) kinesis.data = 'changed';
  event.Records.length = 1;
  expect(JSON.stringify(toKinesisEvent(records, sampleSource))).toBe(intact);
});
