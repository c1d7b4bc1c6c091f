import { describe, expect, test } from '@jest/globals';
import { dollarsOf, methodOf2015, totalDollars } from '../../bench/support/method.ts';
import { prices } from '../../infra/cost/prices.ts';

describe('a million readings by the method of 2015', () => {
  const { calls } = methodOf2015();

  test('come to two functions, a hundred at a time', () => {
    expect(calls['Lambda invocation']).toBe(20_000);
  });

  test('take an object for every hundred', () => {
    expect(calls['S3 PutObject']).toBe(10_000);
  });

  test('take a write to the table and one to the metrics for every 25', () => {
    expect(calls['DynamoDB BatchWriteItem']).toBe(40_000);
    expect(calls['CloudWatch PutMetricData']).toBe(40_000);
  });
});

describe('the dollars of a method', () => {
  const method = methodOf2015();

  test('are its calls by their price', () => {
    expect(dollarsOf('S3 PutObject', method)).toBeCloseTo(10_000 * prices.s3Put.dollars);
    expect(dollarsOf('CloudWatch PutMetricData', method)).toBeCloseTo(40_000 * prices.metricRequest.dollars);
    expect(dollarsOf('Lambda invocation', method)).toBeCloseTo(20_000 * prices.lambdaRequest.dollars);
  });

  test('count writes to the table by the item, however few calls bring them', () => {
    const withFewerCalls = { ...method, calls: { ...method.calls, 'DynamoDB BatchWriteItem': 1 } };

    expect(dollarsOf('DynamoDB BatchWriteItem', withFewerCalls)).toBeCloseTo(1_000_000 * prices.dynamoDbWrite.dollars);
  });

  test('add up over all kinds of calls', () => {
    const each = Object.keys(method.calls) as (keyof typeof method.calls)[];

    expect(totalDollars(method)).toBeCloseTo(each.reduce((sum, call) => sum + dollarsOf(call, method), 0));
    expect(totalDollars({ ...method, calls: { ...method.calls, 'S3 PutObject': 0 } })).toBeCloseTo(
      totalDollars(method) - dollarsOf('S3 PutObject', method),
    );
  });
});
