/** `<stack>-IoTAPI` as Lambda starts it. */
import { dynamoDbClient } from '../../adapters/aws/dynamodb-client.ts';
import { DynamoDbSensorData } from '../../adapters/aws/dynamodb-sensor-data.ts';
import { SystemClock } from '../../adapters/node/system-clock.ts';
import { SensorHistory } from '../../core/sensor-history.ts';
import { sensorHistoryConfig } from '../config.ts';
import { createSensorHistoryHandler } from '../sensor-history.ts';

const { tableName, ...settings } = sensorHistoryConfig(process.env);

const clock = new SystemClock();
const table = new DynamoDbSensorData({ client: dynamoDbClient(settings), tableName, clock });

export const handler = createSensorHistoryHandler(new SensorHistory(table, clock));
