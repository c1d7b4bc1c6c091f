/** A stack on an emulator, made with the SDK as `infra/` makes it on AWS: stream, table, buckets. */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateStreamCommand, KinesisClient } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { StackNames } from '../../core/stack-names.ts';
import { createSensorDataTable } from './dynalite.ts';
import type { MotoClientOptions } from './moto.ts';

export async function createStack(names: StackNames, shards: number, options: MotoClientOptions): Promise<void> {
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  const dynamoDb = new DynamoDBClient(options);
  const kinesis = new KinesisClient({ ...options, requestHandler: new NodeHttpHandler() });
  await Promise.all([
    s3.send(new CreateBucketCommand({ Bucket: names.bucket })),
    s3.send(new CreateBucketCommand({ Bucket: names.undeliveredBucket })),
    kinesis.send(new CreateStreamCommand({ StreamName: names.stream, ShardCount: shards })),
    createSensorDataTable(dynamoDb, names.table),
  ]);
  for (const client of [s3, dynamoDb, kinesis]) client.destroy();
}
