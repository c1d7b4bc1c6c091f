/** Every policy of the stack, word for word: whoever widens one has to widen it here too. */
import { expect, test } from '@jest/globals';
import { readable, resources, synthesise } from '../support/synthesised.ts';

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Action: string | readonly string[];
  readonly Resource?: readonly string[];
  readonly Condition?: unknown;
}

const stack = synthesise();

function statements(policy: unknown): readonly Statement[] {
  return (JSON.parse(readable(policy as string)) as { Statement: readonly Statement[] }).Statement;
}

function policies(type: string, owner: string): Record<string, readonly Statement[]> {
  return Object.fromEntries(
    resources(stack, type).map((block) => [readable(block[owner] as string), statements(block.policy)]),
  );
}

const stream = '<aws_kinesis_stream.stream.arn>';
const archive = '<aws_s3_bucket.archive_bucket.arn>';
const undelivered = '<aws_s3_bucket.undelivered_bucket.arn>';
const table = '<aws_dynamodb_table.sensor-data_table.arn>';

const allow = (Sid: string, Action: readonly string[], ...Resource: readonly string[]) => ({
  Sid,
  Action,
  Resource,
  Effect: 'Allow',
});
const ofThisAccount = {
  Condition: { StringEquals: { 's3:ResourceAccount': '<data.aws_caller_identity.account.account_id>' } },
};
const consume = [
  allow(
    'ReadStream',
    [
      'kinesis:DescribeStream',
      'kinesis:DescribeStreamSummary',
      'kinesis:GetRecords',
      'kinesis:GetShardIterator',
      'kinesis:ListShards',
    ],
    stream,
  ),
  // The whole bucket: CreateEventSourceMapping is refused for a prefix of it.
  { ...allow('KeepFailures', ['s3:PutObject'], `${undelivered}/*`), ...ofThisAccount },
  { ...allow('FindFailures', ['s3:ListBucket'], undelivered), ...ofThisAccount },
];
const log = (group: string) =>
  allow('WriteLog', ['logs:CreateLogStream', 'logs:PutLogEvents'], `<aws_cloudwatch_log_group.${group}.arn>:*`);

test('the functions may do this and nothing else', () => {
  expect(policies('aws_iam_role_policy', 'role')).toEqual({
    '<aws_iam_role.archive-events_function_role.name>': [
      ...consume,
      allow('Archive', ['s3:GetObject', 's3:PutObject'], `${archive}/*`),
      log('archive-events_function_log'),
    ],
    '<aws_iam_role.store-readings_function_role.name>': [
      ...consume,
      allow('StoreReadings', ['dynamodb:BatchWriteItem'], table),
      allow('Quarantine', ['s3:GetObject', 's3:PutObject'], `${undelivered}/quarantine/*`),
      {
        ...allow('PublishMetrics', ['cloudwatch:PutMetricData'], '*'),
        Condition: { StringEquals: { 'cloudwatch:namespace': 'Sensors' } },
      },
      log('store-readings_function_log'),
    ],
    '<aws_iam_role.sensor-history_role.name>': [
      allow('QueryReadings', ['dynamodb:Query'], table),
      log('sensor-history_log'),
    ],
  });
});

test('the client user may put into this stream and invoke this function, and nothing else', () => {
  expect(policies('aws_iam_user_policy', 'user')).toEqual({
    '<aws_iam_user.client_user.name>': [
      allow('PutRecords', ['kinesis:PutRecord', 'kinesis:PutRecords'], stream),
      allow('Query', ['lambda:InvokeFunction'], '<aws_lambda_function.sensor-history_function.arn>'),
    ],
  });
});

test('the buckets refuse plain HTTP and grant nothing', () => {
  const tlsOnly = (bucket: string) => [
    {
      Sid: 'TlsOnly',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: [bucket, `${bucket}/*`],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  ];
  expect(policies('aws_s3_bucket_policy', 'bucket')).toEqual({
    '<aws_s3_bucket.archive_bucket.bucket>': tlsOnly(archive),
    '<aws_s3_bucket.undelivered_bucket.bucket>': tlsOnly(undelivered),
  });
});

test('only Lambda may take the roles', () => {
  const roles = resources(stack, 'aws_iam_role');
  expect(roles).toHaveLength(3);
  for (const { assume_role_policy } of roles) {
    expect(statements(assume_role_policy)).toEqual([
      { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ]);
  }
});

test('permissions are given in no other way', () => {
  const granting =
    /^aws_(?:iam_|lambda_permission|lambda_function_url|s3_bucket_policy|s3_bucket_acl|kinesis_resource)/;
  expect(
    Object.keys(stack.resource)
      .filter((type) => granting.test(type))
      .sort(),
  ).toEqual([
    'aws_iam_access_key',
    'aws_iam_role',
    'aws_iam_role_policy',
    'aws_iam_user',
    'aws_iam_user_policy',
    'aws_s3_bucket_policy',
  ]);
  expect(JSON.stringify(stack)).not.toMatch(/managed_policy_arns|inline_policy|permissions_boundary/);
});
