/** A way to bring readings from the stream to where they are kept: the calls and the dollars that it takes. */
import { prices } from '../../infra/cost/prices.ts';
import { type ByCall, type Call, calls } from './counted-calls.ts';

export const MILLION = 1_000_000;

/** What a million readings take by a method. */
export interface Method {
  readonly name: string;
  readonly calls: ByCall<number>;
}

/**
 * Two functions that get 100 records a batch. One writes an object for each batch; the other makes a BatchWriteItem and a
 * PutMetricData for every 25 records of it.
 */
export function methodOf2015(): Method {
  const batches = MILLION / 100;
  const parts = batches * (100 / 25);
  return {
    name: '2015',
    calls: {
      'DynamoDB BatchWriteItem': parts,
      'CloudWatch PutMetricData': parts,
      'S3 PutObject': batches,
      'Lambda invocation': 2 * batches,
    },
  };
}

/** Writes are priced by the item, whatever call brings them: each of these is below the 1 KB that one is counted by. */
export function dollarsOf(call: Call, { calls }: Method): number {
  switch (call) {
    case 'DynamoDB BatchWriteItem':
      return MILLION * prices.dynamoDbWrite.dollars;
    case 'CloudWatch PutMetricData':
      return calls[call] * prices.metricRequest.dollars;
    case 'S3 PutObject':
      return calls[call] * prices.s3Put.dollars;
    case 'Lambda invocation':
      return calls[call] * prices.lambdaRequest.dollars;
  }
}

export function totalDollars(method: Method): number {
  return calls.reduce((total, call) => total + dollarsOf(call, method), 0);
}
