import { describe, expect, test } from '@jest/globals';
import { pipeline } from '../../core/pipeline.ts';
import { type Block, readable, resources, synthesise } from '../support/synthesised.ts';

const stack = synthesise();
const account = '${data.aws_caller_identity.account.account_id}';

function byName(type: string, name: string): Record<string, Block> {
  return Object.fromEntries(resources(stack, type).map((block) => [block[name] as string, block]));
}

test('consists of these resources', () => {
  const counts = Object.fromEntries(
    Object.entries(stack.resource).map(([type, all]) => [type, Object.keys(all).length]),
  );
  expect(counts).toEqual({
    aws_cloudwatch_dashboard: 1,
    aws_cloudwatch_log_group: 3,
    aws_cloudwatch_log_metric_filter: 1,
    aws_cloudwatch_metric_alarm: 15,
    aws_dynamodb_table: 1,
    aws_iam_access_key: 1,
    aws_iam_role: 3,
    aws_iam_role_policy: 3,
    aws_iam_user: 1,
    aws_iam_user_policy: 1,
    aws_kinesis_stream: 1,
    aws_lambda_event_source_mapping: 2,
    aws_lambda_function: 3,
    aws_s3_bucket: 2,
    aws_s3_bucket_lifecycle_configuration: 2,
    aws_s3_bucket_policy: 2,
    aws_s3_bucket_public_access_block: 2,
    aws_s3_bucket_server_side_encryption_configuration: 2,
    aws_s3_bucket_versioning: 1,
  });
});

test('tags everything with the name of the stack', () => {
  expect(stack.provider.aws).toEqual([
    { region: 'us-east-1', default_tags: [{ tags: { Stack: 'iot', ManagedBy: 'cdktf' } }] },
  ]);
});

describe('the stream', () => {
  test('has the shards and the retention of the pipeline, and is encrypted', () => {
    expect(resources(stack, 'aws_kinesis_stream')).toEqual([
      expect.objectContaining({
        name: 'iot-SensorStream',
        shard_count: pipeline.stream.shards,
        retention_period: pipeline.stream.retentionInHours,
        stream_mode_details: { stream_mode: 'PROVISIONED' },
        encryption_type: 'KMS',
        kms_key_id: 'alias/aws/kinesis',
      }),
    ]);
  });

  test('has no number of shards on demand', () => {
    const [stream] = resources(synthesise({ IOT_CAPACITY: 'on-demand' }), 'aws_kinesis_stream');
    expect(stream).toMatchObject({ stream_mode_details: { stream_mode: 'ON_DEMAND' } });
    expect(stream).not.toHaveProperty('shard_count');
  });
});

describe('the buckets', () => {
  test('are named after stack and account, and keep what they hold', () => {
    expect(byName('aws_s3_bucket', 'bucket')).toEqual({
      [`iot-eventarchive-${account}`]: expect.objectContaining({ force_destroy: false }),
      [`iot-undelivered-${account}`]: expect.objectContaining({ force_destroy: false }),
    });
  });

  test('are emptied by a destroy where that is asked for', () => {
    const buckets = resources(synthesise({ IOT_DELETE_ARCHIVE: 'true' }), 'aws_s3_bucket');
    expect(buckets.map(({ force_destroy }) => force_destroy)).toEqual([true, true]);
  });

  test('are taken over where that is asked for', () => {
    const { import: imports = [] } = synthesise({ IOT_ADOPT_ARCHIVE: 'true' });
    expect(imports.map(({ id }) => id)).toEqual([`iot-eventarchive-${account}`, `iot-undelivered-${account}`]);
    expect(stack.import).toBeUndefined();
  });

  test('are closed to the public and encrypted', () => {
    for (const block of resources(stack, 'aws_s3_bucket_public_access_block')) {
      expect(block).toMatchObject({
        block_public_acls: true,
        block_public_policy: true,
        ignore_public_acls: true,
        restrict_public_buckets: true,
      });
    }
    for (const block of resources(stack, 'aws_s3_bucket_server_side_encryption_configuration')) {
      expect(block.rule).toEqual([{ apply_server_side_encryption_by_default: { sse_algorithm: 'AES256' } }]);
    }
  });

  const rules = (settings: Record<string, string>) =>
    resources(synthesise(settings), 'aws_s3_bucket_lifecycle_configuration').map(({ rule }) => rule);
  const unfinished = {
    id: 'unfinished-uploads',
    status: 'Enabled',
    filter: [{ prefix: '' }],
    abort_incomplete_multipart_upload: [{ days_after_initiation: 7 }],
  };
  const cold = {
    id: 'cold',
    status: 'Enabled',
    filter: [{ prefix: '' }],
    transition: [{ days: 90, storage_class: 'GLACIER_IR' }],
    noncurrent_version_expiration: [{ noncurrent_days: 30 }],
  };

  test('delete nothing but unfinished uploads and what was overwritten', () => {
    expect(rules({})).toEqual([[unfinished, cold], [unfinished]]);
  });

  test('delete of the archive what is older than asked for', () => {
    const expire = { id: 'expire', status: 'Enabled', filter: [{ prefix: '' }], expiration: [{ days: 400 }] };
    expect(rules({ IOT_ARCHIVE_DAYS: '400' })).toEqual([[unfinished, cold, expire], [unfinished]]);
  });

  test('have no policy about TLS at an emulator that has none', () => {
    const policies = (endpoint: string) => resources(synthesise({ IOT_ENDPOINT: endpoint }), 'aws_s3_bucket_policy');
    expect(policies('http://127.0.0.1:5000')).toHaveLength(0);
    expect(policies('https://127.0.0.1:5000')).toHaveLength(2);
  });

  test('keep versions of the archive', () => {
    expect(resources(stack, 'aws_s3_bucket_versioning')).toEqual([
      expect.objectContaining({
        bucket: expect.stringContaining('aws_s3_bucket.archive_bucket'),
        versioning_configuration: { status: 'Enabled' },
      }),
    ]);
  });
});

test('the table is by sensor and time, paid by use, restorable, and expires by ExpiresAt', () => {
  expect(resources(stack, 'aws_dynamodb_table')).toEqual([
    expect.objectContaining({
      name: 'iot-SensorData',
      billing_mode: 'PAY_PER_REQUEST',
      hash_key: 'SensorId',
      range_key: 'Timestamp',
      attribute: [
        { name: 'SensorId', type: 'S' },
        { name: 'Timestamp', type: 'S' },
      ],
      point_in_time_recovery: { enabled: true },
      ttl: { attribute_name: 'ExpiresAt', enabled: true },
    }),
  ]);
});

describe('the functions', () => {
  const always = { LOG_LEVEL: 'info', NODE_OPTIONS: '--enable-source-maps' };
  const table = '${aws_dynamodb_table.sensor-data_table_83A58A2B.name}';
  const cases = [
    ['iot-IoTS3EventProcessor', pipeline.archiveEvents, { ARCHIVE_BUCKET: '<aws_s3_bucket.archive_bucket.bucket>' }],
    [
      'iot-IoTDDBEventProcessor',
      pipeline.storeReadings,
      { TABLE_NAME: readable(table), UNDELIVERED_BUCKET: '<aws_s3_bucket.undelivered_bucket.bucket>' },
    ],
    ['iot-IoTAPI', pipeline.sensorHistory, { TABLE_NAME: readable(table) }],
  ] as const;

  const names = cases.map(([name]) => name);

  test.each(cases)('%s runs as the pipeline says', (name, settings, environment) => {
    const lambda = byName('aws_lambda_function', 'function_name')[name]!;
    expect(lambda).toMatchObject({
      runtime: 'nodejs22.x',
      architectures: ['arm64'],
      handler: 'index.handler',
      memory_size: settings.memoryInMiB,
      timeout: settings.timeoutInSeconds,
      logging_config: { log_format: 'JSON' },
    });
    const { variables } = lambda.environment as { variables: Record<string, string> };
    const seen = Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, readable(value)]));
    expect(seen).toEqual({ ...environment, ...always });
  });

  test.each(names)('%s logs into a group of its own that is kept for a time', (name) => {
    expect(byName('aws_cloudwatch_log_group', 'name')).toHaveProperty([`/aws/lambda/${name}`, 'retention_in_days'], 30);
  });

  test.each(names)('%s has a role of its own', (name) => {
    expect(byName('aws_iam_role', 'name')).toHaveProperty(name);
  });

  test('are told what is set', () => {
    const set = synthesise({ IOT_TTL_DAYS: '90', IOT_LOG_LEVEL: 'debug', IOT_ENDPOINT: 'http://127.0.0.1:5000' });
    const variables = resources(set, 'aws_lambda_function').map(({ environment }) => environment);
    expect(variables).toHaveLength(3);
    for (const each of variables) {
      expect(each).toMatchObject({ variables: { LOG_LEVEL: 'debug', AWS_ENDPOINT_URL: 'http://127.0.0.1:5000' } });
    }
    expect(variables.filter((each) => JSON.stringify(each).includes('"TTL_DAYS":"90"'))).toHaveLength(1);
  });
});

test.each([
  ['archive-events', pipeline.archiveEvents.mapping],
  ['store-readings', pipeline.storeReadings.mapping],
] as const)('the mapping of %s is that of the pipeline', (consumer, settings) => {
  const mapping = resources(stack, 'aws_lambda_event_source_mapping').find(({ function_name }) =>
    (function_name as string).includes(consumer),
  )!;
  expect(mapping).toMatchObject({
    batch_size: settings.batchSize,
    maximum_batching_window_in_seconds: settings.maximumBatchingWindowInSeconds,
    parallelization_factor: settings.parallelizationFactor,
    starting_position: settings.startingPosition,
    maximum_retry_attempts: settings.maximumRetryAttempts,
    maximum_record_age_in_seconds: settings.maximumRecordAgeInSeconds,
    bisect_batch_on_function_error: settings.bisectBatchOnFunctionError,
    function_response_types: ['ReportBatchItemFailures'],
    metrics_config: { metrics: ['EventCount'] },
  });
  expect(readable(mapping.event_source_arn as string)).toBe('<aws_kinesis_stream.stream.arn>');
  expect(readable(JSON.stringify(mapping.destination_config))).toBe(
    '{"on_failure":{"destination_arn":"<aws_s3_bucket.undelivered_bucket.arn>"}}',
  );
});

describe('the safety net', () => {
  const alarm = (name: string) => byName('aws_cloudwatch_metric_alarm', 'alarm_name')[name];

  test('alarms about consumers, functions, table and quarantine', () => {
    const names = resources(stack, 'aws_cloudwatch_metric_alarm').map(({ alarm_name }) => alarm_name as string);
    expect(names.sort()).toEqual([
      'iot-IoTAPI-errors',
      'iot-IoTAPI-throttles',
      'iot-IoTDDBEventProcessor-dropped',
      'iot-IoTDDBEventProcessor-errors',
      'iot-IoTDDBEventProcessor-gave-up',
      'iot-IoTDDBEventProcessor-iterator-age',
      'iot-IoTDDBEventProcessor-throttles',
      'iot-IoTS3EventProcessor-dropped',
      'iot-IoTS3EventProcessor-errors',
      'iot-IoTS3EventProcessor-gave-up',
      'iot-IoTS3EventProcessor-iterator-age',
      'iot-IoTS3EventProcessor-throttles',
      'iot-quarantined',
      'iot-read-throttles',
      'iot-write-throttles',
    ]);
  });

  test.each([
    ['iot-IoTAPI-errors', 'AWS/Lambda', 'Errors', { FunctionName: 'iot-IoTAPI' }],
    ['iot-IoTS3EventProcessor-throttles', 'AWS/Lambda', 'Throttles', { FunctionName: 'iot-IoTS3EventProcessor' }],
    ['iot-IoTS3EventProcessor-iterator-age', 'AWS/Lambda', 'IteratorAge', { FunctionName: 'iot-IoTS3EventProcessor' }],
    ['iot-write-throttles', 'AWS/DynamoDB', 'WriteThrottleEvents', { TableName: 'iot-SensorData' }],
    ['iot-quarantined', 'IoT/iot', 'QuarantinedRecords', {}],
  ])('%s watches the metric that AWS reports', (name, namespace, metric, dimensions) => {
    expect(alarm(name)).toMatchObject({
      namespace,
      metric_name: metric,
      comparison_operator: 'GreaterThanThreshold',
      treat_missing_data: 'notBreaching',
    });
    expect(alarm(name)?.dimensions ?? {}).toEqual(dimensions);
  });

  test('alarms long before a consumer gives records up', () => {
    for (const { name, mapping } of [pipeline.archiveEvents, pipeline.storeReadings]) {
      const { threshold } = alarm(`iot-${name}-iterator-age`)!;
      expect(threshold as number).toBeLessThan((mapping.maximumRecordAgeInSeconds * 1_000) / 10);
    }
  });

  test('counts in the log of the table writer what was refused', () => {
    const [filter] = resources(stack, 'aws_cloudwatch_log_metric_filter');
    expect(filter).toMatchObject({
      pattern: '{ $.quarantined > 0 }',
      metric_transformation: { name: 'QuarantinedRecords', namespace: 'IoT/iot', value: '$.quarantined' },
    });
    expect(filter?.log_group_name).toContain('store-readings_function_log');
  });

  test('tells nobody unless asked to', () => {
    for (const { alarm_actions } of resources(stack, 'aws_cloudwatch_metric_alarm')) expect(alarm_actions).toEqual([]);
  });

  test('tells by e-mail of every alarm, and of its end', () => {
    const told = synthesise({ IOT_ALARM_EMAIL: 'ops@example.org' });
    expect(resources(told, 'aws_sns_topic')).toEqual([expect.objectContaining({ name: 'iot-alarms' })]);
    expect(resources(told, 'aws_sns_topic_subscription')).toEqual([
      expect.objectContaining({ protocol: 'email', endpoint: 'ops@example.org' }),
    ]);
    for (const { alarm_actions, ok_actions } of resources(told, 'aws_cloudwatch_metric_alarm')) {
      expect(alarm_actions).toEqual([expect.stringContaining('aws_sns_topic.')]);
      expect(ok_actions).toEqual(alarm_actions);
    }
  });

  test('shows every metric that has an alarm on the dashboard', () => {
    const [dashboard] = resources(stack, 'aws_cloudwatch_dashboard');
    expect(dashboard?.dashboard_name).toBe('iot');
    const { widgets } = JSON.parse(dashboard?.dashboard_body as string) as {
      widgets: { properties: { title: string; alarms?: string[] } }[];
    };
    expect(widgets[0]?.properties.alarms).toHaveLength(15);
    const metrics = new Set(resources(stack, 'aws_cloudwatch_metric_alarm').map(({ metric_name }) => metric_name));
    expect(new Set(widgets.slice(1).map(({ properties }) => properties.title))).toEqual(
      new Set([...metrics, 'IncomingRecords', 'WriteProvisionedThroughputExceeded']),
    );
  });
});

describe('the client user', () => {
  test('has a secret that Terraform does not show', () => {
    expect(stack.output.client_secret_access_key).toMatchObject({ sensitive: true });
    const shown = Object.entries(stack.output).filter(([, { sensitive }]) => sensitive !== true);
    expect(JSON.stringify(shown)).not.toContain('secret');
  });

  test('is left out where that is asked for', () => {
    const without = synthesise({ IOT_CLIENT_USER: 'false' });
    expect(Object.keys(without.resource).filter((type) => /user|access_key/.test(type))).toEqual([]);
    expect(Object.keys(without.output).filter((name) => name.startsWith('client'))).toEqual([]);
  });
});

describe('the state', () => {
  test('is a local file', () => {
    expect(stack.terraform.backend).toEqual({ local: { path: expect.stringMatching(/terraform\.iot\.tfstate$/) } });
  });

  test('is kept in a bucket, encrypted and locked, where one is named', () => {
    expect(synthesise({ IOT_STATE_BUCKET: 'state-of-things' }).terraform.backend).toEqual({
      s3: {
        bucket: 'state-of-things',
        key: 'iot/terraform.tfstate',
        region: 'us-east-1',
        encrypt: true,
        use_lockfile: true,
      },
    });
  });
});

test('speaks to an emulator in all it does, where one is set', () => {
  const set = synthesise({ IOT_ENDPOINT: 'http://127.0.0.1:5000', IOT_STATE_BUCKET: 'state' });
  const [provider] = set.provider.aws ?? [];
  const [endpoints] = provider?.endpoints as [Record<string, string>];
  expect(new Set(Object.values(endpoints))).toEqual(new Set(['http://127.0.0.1:5000']));
  expect(Object.keys(endpoints).sort().join(' ')).toBe(
    'cloudwatch dynamodb iam kinesis lambda logs resourcegroupstaggingapi s3 sns sts',
  );
  expect(provider).toMatchObject({ s3_use_path_style: true, skip_credentials_validation: true });
  expect(set.terraform.backend.s3).toMatchObject({ endpoints: { s3: 'http://127.0.0.1:5000' }, use_path_style: true });
});
