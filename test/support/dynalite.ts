/**
 * dynalite, an emulator of DynamoDB in plain Node: `npm test` speaks the real protocol with nothing installed. State is in
 * memory.
 *
 * Where dynalite 4 is not DynamoDB, and what that means for a suite:
 * - It throttles nothing and leaves no item unprocessed: the fault proxy does both.
 * - It knows no TTL: items with an `ExpiresAt` of the past stay, as they do in DynamoDB for up to some days.
 */
import dynalite from 'dynalite';
import { CreateTableCommand, DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type EngineServer, listen } from './engine-server.ts';
import { eventually } from './eventually.ts';
import { batchWriteLimits } from './fault-proxy/dynamodb-rules.ts';

export function startDynalite(): Promise<EngineServer> {
  return listen(dynalite({ createTableMs: 0 }));
}

export const sensorDataLimits = batchWriteLimits(['SensorId', 'Timestamp']);

export async function createSensorDataTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'SensorId', AttributeType: 'S' },
        { AttributeName: 'Timestamp', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'SensorId', KeyType: 'HASH' },
        { AttributeName: 'Timestamp', KeyType: 'RANGE' },
      ],
    }),
  );
  await eventually(async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
    return Table?.TableStatus === 'ACTIVE';
  });
}
