/** The stack: what there is, and how its parts are put together. */
import { join } from 'node:path';
import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity/index.js';
import { S3Backend, TerraformOutput, TerraformStack } from 'cdktf';
import type { Construct } from 'constructs';
import { pipeline } from '../core/pipeline.ts';
import { stackNames } from '../core/stack-names.ts';
import { createAwsProvider } from './aws-provider.ts';
import type { DeploymentConfig } from './config.ts';
import { Alarms } from './constructs/alarms.ts';
import { Archive } from './constructs/archive.ts';
import { ClientUser } from './constructs/client-user.ts';
import { Dashboard } from './constructs/dashboard.ts';
import { LambdaFunction } from './constructs/lambda-function.ts';
import { QuarantineMetric } from './constructs/quarantine-metric.ts';
import { SensorTable } from './constructs/sensor-table.ts';
import { StreamProcessor } from './constructs/stream-processor.ts';
import { Stream } from './constructs/stream.ts';
import { Undelivered } from './constructs/undelivered.ts';
import { watchedMetrics } from './metrics.ts';
import type { Statement } from './policy.ts';

export interface IotStackOptions {
  readonly config: DeploymentConfig;
  /** Folder of the built functions, one folder each. */
  readonly bundles: string;
}

/** PutMetricData has no resource to name; the namespace is the one limit that IAM knows for it. */
const publishMetrics: Statement = {
  Sid: 'PublishMetrics',
  Action: ['cloudwatch:PutMetricData'],
  Resource: ['*'],
  Condition: { StringEquals: { 'cloudwatch:namespace': 'Sensors' } },
};

export class IotStack extends TerraformStack {
  constructor(scope: Construct, { config, bundles }: IotStackOptions) {
    super(scope, config.stack);
    keepState(this, config);
    createAwsProvider(this, config);
    // Asked when Terraform runs, so that synthesising needs no account.
    const { accountId } = new DataAwsCallerIdentity(this, 'account');
    const names = stackNames(config.stack, accountId);

    const stream = new Stream(this, 'stream', { name: names.stream, config });
    const archive = new Archive(this, 'archive', { name: names.bucket, config });
    const undelivered = new Undelivered(this, 'undelivered', { name: names.undeliveredBucket, accountId, config });
    const table = new SensorTable(this, 'sensor-data', { name: names.table });

    const archiveEvents = new StreamProcessor(this, 'archive-events', {
      config,
      name: names.archiveEvents,
      bundle: join(bundles, 'archive-events'),
      settings: pipeline.archiveEvents,
      environment: { ARCHIVE_BUCKET: archive.bucket.name },
      statements: [archive.putStatement()],
      stream,
      undelivered,
    });
    const storeReadings = new StreamProcessor(this, 'store-readings', {
      config,
      name: names.storeReadings,
      bundle: join(bundles, 'store-readings'),
      settings: pipeline.storeReadings,
      environment: {
        TABLE_NAME: table.name,
        UNDELIVERED_BUCKET: undelivered.bucket.name,
        ...(config.ttlDays !== undefined && { TTL_DAYS: String(config.ttlDays) }),
      },
      statements: [table.writeStatement(), undelivered.quarantineStatement(), publishMetrics],
      stream,
      undelivered,
    });
    const sensorHistory = new LambdaFunction(this, 'sensor-history', {
      config,
      name: names.sensorHistory,
      bundle: join(bundles, 'sensor-history'),
      settings: pipeline.sensorHistory,
      environment: { TABLE_NAME: table.name },
      statements: [table.queryStatement()],
    });

    new QuarantineMetric(this, 'quarantine', { stack: config.stack, storeReadings: storeReadings.function });
    const metrics = watchedMetrics(config.stack, names, {
      archiveEvents: archiveEvents.mappingId,
      storeReadings: storeReadings.mappingId,
    });
    const alarms = new Alarms(this, 'alarms', { stack: config.stack, metrics, email: config.alarmEmail });
    new Dashboard(this, 'dashboard', {
      stack: config.stack,
      region: config.region,
      streamName: names.stream,
      metrics,
      alarmArns: alarms.arns,
    });

    output(this, {
      stack: config.stack,
      region: config.region,
      account_id: accountId,
      stream_name: stream.name,
      stream_arn: stream.arn,
      archive_bucket: archive.bucket.name,
      undelivered_bucket: undelivered.bucket.name,
      table_name: table.name,
      archive_function: archiveEvents.function.name,
      store_function: storeReadings.function.name,
      query_function: sensorHistory.name,
      query_function_arn: sensorHistory.arn,
    });
    if (config.clientUser) {
      const client = new ClientUser(this, 'client', { name: `${config.stack}-client`, stream, query: sensorHistory });
      output(this, { client_access_key_id: client.accessKeyId });
      output(this, { client_secret_access_key: client.secretAccessKey }, { sensitive: true });
    }
  }
}

/** Without a bucket cdktf keeps the state in `terraform.<stack>.tfstate`, where it is run. */
function keepState(stack: TerraformStack, { stateBucket, stack: name, region, endpoint }: DeploymentConfig): void {
  if (stateBucket === undefined) return;
  new S3Backend(stack, {
    bucket: stateBucket,
    key: `${name}/terraform.tfstate`,
    region,
    // The state holds the client's secret.
    encrypt: true,
    ...(endpoint !== undefined && {
      endpoints: { s3: endpoint, sts: endpoint, iam: endpoint },
      usePathStyle: true,
      skipMetadataApiCheck: true,
      skipCredentialsValidation: true,
    }),
  });
  // Two deployments at once would undo each other. Terraform locks with a file in the bucket from 1.10 on, which cdktf
  // has no name for yet.
  stack.addOverride('terraform.backend.s3.use_lockfile', true);
}

function output(
  stack: TerraformStack,
  values: Readonly<Record<string, string>>,
  options: { readonly sensitive?: boolean } = {},
): void {
  for (const [name, value] of Object.entries(values)) {
    new TerraformOutput(stack, name, { value, ...options });
  }
}
