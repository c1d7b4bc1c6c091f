/** Binds every port to the stack's services on AWS. */
import { ContainerModule } from 'inversify';
import type { StackNames } from '../../core/stack-names.ts';
import { Ports } from '../tokens.ts';
import { cloudWatchClient } from './cloudwatch-client.ts';
import { CloudWatchMetrics } from './cloudwatch-metrics.ts';
import { dynamoDbClient } from './dynamodb-client.ts';
import { DynamoDbSensorData } from './dynamodb-sensor-data.ts';
import { kinesisClient } from './kinesis-client.ts';
import { KinesisEventStream } from './kinesis-event-stream.ts';
import { at, type ServiceSettings } from './endpoints.ts';
import { KinesisShardReader } from './kinesis-shard-reader.ts';
import { s3Client } from './s3-client.ts';
import { S3EventArchive } from './s3-event-archive.ts';
import { ServiceClock } from './service-clock.ts';
import { S3Quarantine } from './s3-quarantine.ts';

export interface AwsModuleOptions {
  /** How long the table keeps a reading; for ever unless given. */
  readonly ttlDays?: number;
}

export function awsModule(
  names: StackNames,
  settings: ServiceSettings,
  { ttlDays }: AwsModuleOptions = {},
): ContainerModule {
  return new ContainerModule(({ bind }) => {
    const kinesis = kinesisClient(at('kinesis', settings));
    const serviceClock = new ServiceClock(Date.now());
    serviceClock.follow(kinesis);
    const s3 = s3Client(at('s3', settings));
    const { stream: streamName, bucket, undeliveredBucket, table: tableName } = names;
    bind(Ports.eventStream).toDynamicValue(() => new KinesisEventStream({ client: kinesis, streamName }));
    bind(Ports.shardReader).toDynamicValue(() => new KinesisShardReader({ client: kinesis, streamName }));
    bind(ServiceClock).toConstantValue(serviceClock);
    bind(Ports.eventArchive).toDynamicValue(() => new S3EventArchive({ client: s3, bucket }));
    bind(Ports.failureArchive).toDynamicValue(
      () => new S3EventArchive({ client: s3, bucket: undeliveredBucket, store: 'failures' }),
    );
    bind(Ports.sensorDataTable).toResolvedValue(
      (clock) =>
        new DynamoDbSensorData({
          client: dynamoDbClient(at('dynamoDb', settings)),
          tableName,
          clock,
          ...(ttlDays !== undefined && { ttlDays }),
        }),
      [Ports.clock],
    );
    bind(Ports.metrics).toResolvedValue(
      (clock) => new CloudWatchMetrics({ client: cloudWatchClient(at('cloudWatch', settings)), clock }),
      [Ports.clock],
    );
    bind(Ports.quarantine).toDynamicValue(() => new S3Quarantine({ client: s3, bucket: undeliveredBucket }));
  });
}
