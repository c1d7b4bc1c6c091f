import { DynamodbTable } from '@cdktf/provider-aws/lib/dynamodb-table/index.js';
import { Construct } from 'constructs';
import type { Statement } from '../policy.ts';

/** Readings by sensor and time. Paid by use: it scales with the stream without a setting. */
export class SensorTable extends Construct {
  readonly name: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, { name }: { readonly name: string }) {
    super(scope, id);
    const table = new DynamodbTable(this, 'table', {
      name,
      billingMode: 'PAY_PER_REQUEST',
      hashKey: 'SensorId',
      rangeKey: 'Timestamp',
      attribute: [
        { name: 'SensorId', type: 'S' },
        { name: 'Timestamp', type: 'S' },
      ],
      pointInTimeRecovery: { enabled: true },
      // Items have the attribute only where readings expire.
      ttl: { attributeName: 'ExpiresAt', enabled: true },
    });
    this.name = table.name;
    this.arn = table.arn;
  }

  writeStatement(): Statement {
    return { Sid: 'StoreReadings', Action: ['dynamodb:BatchWriteItem'], Resource: [this.arn] };
  }

  queryStatement(): Statement {
    return { Sid: 'QueryReadings', Action: ['dynamodb:Query'], Resource: [this.arn] };
  }
}
