/** `<stack>-IoTDDBEventProcessor` as Lambda starts it. */
import { cloudWatchClient } from '../../adapters/aws/cloudwatch-client.ts';
import { CloudWatchMetrics } from '../../adapters/aws/cloudwatch-metrics.ts';
import { dynamoDbClient } from '../../adapters/aws/dynamodb-client.ts';
import { DynamoDbSensorData } from '../../adapters/aws/dynamodb-sensor-data.ts';
import { s3Client } from '../../adapters/aws/s3-client.ts';
import { S3Quarantine } from '../../adapters/aws/s3-quarantine.ts';
import { NodeCompression } from '../../adapters/node/node-compression.ts';
import { SystemClock } from '../../adapters/node/system-clock.ts';
import { StoreReadings } from '../../core/store-readings.ts';
import { storeReadingsConfig } from '../config.ts';
import { createLogger } from '../create-logger.ts';
import { createStoreReadingsHandler } from '../store-readings.ts';

const { tableName, undeliveredBucket, ttlDays, logLevel, ...settings } = storeReadingsConfig(process.env);
const clock = new SystemClock();
const table = new DynamoDbSensorData({
  client: dynamoDbClient(settings),
  tableName,
  clock,
  ...(ttlDays !== undefined && { ttlDays }),
});
const metrics = new CloudWatchMetrics({ client: cloudWatchClient(settings), clock });
const quarantine = new S3Quarantine({ client: s3Client(settings), bucket: undeliveredBucket });

export const handler = createStoreReadingsHandler(
  new StoreReadings(table, metrics, quarantine, clock, new NodeCompression()),
  clock,
  createLogger(logLevel),
);
