/** SDK clients that make each request ready to be sent, count it and take it for answered. */
import { gunzipSync } from 'node:zlib';
import { CloudWatchClient, type PutMetricDataCommandInput } from '@aws-sdk/client-cloudwatch';
import { type BatchWriteItemCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { clientOptions } from '../../adapters/aws/client-options.ts';
import type { Call, CallCounter } from './counted-calls.ts';

const behindEverything = { step: 'deserialize', priority: 'high', name: 'countInstead' } as const;

/** Stands where a client has written, compressed and signed a request, and would send it. */
function countInstead(counter: CallCounter, call: Call, itemsOf: (input: object) => number) {
  return () =>
    ({ input, request }: { readonly input: object; readonly request: unknown }) => {
      const { body, headers } = request as { body: Uint8Array; headers: Readonly<Record<string, string>> };
      if (headers.authorization === undefined || headers['content-length'] !== String(body.byteLength)) {
        counter.refuse(`${call} was not ready to be sent`);
      }
      // What S3 is sent as gzip is the object itself.
      const isCompressed = call !== 'S3 PutObject' && headers['content-encoding'] === 'gzip';
      counter.add(call, itemsOf(input), body, isCompressed ? gunzipSync(body) : body);
      return Promise.resolve({ response: undefined, output: { $metadata: {}, UnprocessedItems: {} } });
    };
}

function settings() {
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
  return { ...clientOptions({ region: 'us-east-1' }), credentials };
}

export function countingDynamoDb(counter: CallCounter): DynamoDBClient {
  const client = new DynamoDBClient(settings());
  const itemsOf = (input: object) =>
    Object.values((input as BatchWriteItemCommandInput).RequestItems ?? {}).flat().length;
  client.middlewareStack.add(countInstead(counter, 'DynamoDB BatchWriteItem', itemsOf), behindEverything);
  return client;
}

export function countingCloudWatch(counter: CallCounter): CloudWatchClient {
  const client = new CloudWatchClient(settings());
  const itemsOf = (input: object) => (input as PutMetricDataCommandInput).MetricData?.length ?? 0;
  client.middlewareStack.add(countInstead(counter, 'CloudWatch PutMetricData', itemsOf), behindEverything);
  return client;
}

export function countingS3(counter: CallCounter): S3Client {
  const client = new S3Client(settings());
  client.middlewareStack.add(
    countInstead(counter, 'S3 PutObject', () => 1),
    behindEverything,
  );
  return client;
}
