/** What people see who ask this server for what it does not have: a sentence, in every protocol. */
import AWS from 'aws-sdk';
import { decode } from 'cborg';
import { XMLParser } from 'fast-xml-parser';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import {
  type BotoCall,
  callBoto3,
  type ClientHome,
  clientHome,
  describeWithBoto3,
  runCli,
} from '../../support/aws-clients.ts';
import { describeWithEngine } from '../../support/engines.ts';
import { frontDoor } from './front-door.ts';

/** Each call starts a Python interpreter, which takes its time on a busy machine. */
const PATIENCE = 120_000;
const ADVICE = /set AWS_ENDPOINT_URL_KINESIS, AWS_ENDPOINT_URL_LAMBDA and AWS_ENDPOINT_URL_S3 instead/;

let app: FastifyInstance;
let address: string;
let home: ClientHome;

beforeAll(async () => {
  app = await frontDoor();
  address = await app.listen({ host: '127.0.0.1', port: 0 });
  home = await clientHome(address);
});
afterAll(async () => {
  await app.close();
  await home.remove();
});

describeWithEngine('aws', 'the AWS CLI says why', (executable) => {
  test.each([
    ['dynamodb scan --table-name iot-SensorData', 'UnknownOperationException', /GET \/sensors\/\{sensorId\}\/readings/],
    ['s3api get-bucket-acl --bucket any', 'NotImplemented', /S3 has ListBuckets, .* here/],
    [
      'lambda list-layers',
      'UnknownOperationException',
      /Lambda has Invoke, ListFunctions, .*UpdateEventSourceMapping here/,
    ],
    ['lambda delete-event-source-mapping --uuid u', 'UnknownOperationException', /Lambda has Invoke, .* here/],
    ['cloudwatch list-metrics', 'UnknownOperationException', /GET \/metrics\/sensors/],
    ['logs describe-log-groups', 'UnknownOperationException', /logs to its terminal/],
    ['sts get-caller-identity', 'InvalidAction', ADVICE],
    ['iam list-users', 'InvalidAction', ADVICE],
    ['cloudformation list-stacks', 'InvalidAction', /the stack exists as soon as the server runs/],
    ['ec2 describe-regions', 'InvalidAction', ADVICE],
    ['iot-data publish --topic a', 'UnknownOperationException', /PutRecord of Kinesis/],
    ['lambda create-alias --function-name a --name b --function-version 1', 'UnknownOperationException', /Lambda has /],
    ['kinesis delete-stream --stream-name iot-SensorStream', 'UnknownOperationException', /Kinesis has PutRecord/],
    ['route53 list-hosted-zones', 'UnknownOperationException', ADVICE],
  ])(
    '%s',
    async (line, type, sentence) => {
      const { code, stderr } = await runCli(executable, home, line.split(' '));
      expect(code).not.toBe(0);
      expect(stderr).toContain(`An error occurred (${type}) when calling the `);
      expect(stderr).toMatch(/operation: \S+.* of .+ is not offered here\./);
      expect(stderr).toMatch(sentence);
    },
    PATIENCE,
  );
});

describeWithBoto3('boto3 says why', (python) => {
  test(
    'in every protocol',
    async () => {
      const calls: readonly BotoCall[] = [
        ['lambda', 'invoke_async', { FunctionName: 'iot-IoTAPI', InvokeArgs: '{}' }],
        ['lambda', 'invoke_with_response_stream', { FunctionName: 'iot-IoTAPI' }],
        ['lambda', 'delete_function', { FunctionName: 'iot-IoTAPI' }],
        ['dynamodb', 'query', { TableName: 'iot-SensorData', KeyConditionExpression: 'SensorId = x' }],
        ['cloudwatch', 'list_metrics', {}],
        ['sts', 'get_caller_identity', {}],
        [
          'sts',
          'assume_role_with_web_identity',
          { RoleArn: 'a'.repeat(20), RoleSessionName: 'ab', WebIdentityToken: 'abcd' },
        ],
        ['ec2', 'describe_regions', {}],
        ['sqs', 'list_queues', {}],
        ['sns', 'list_topics', {}],
        ['iot-data', 'publish', { topic: 'a' }],
        ['apigateway', 'get_rest_apis', {}],
        ['firehose', 'list_delivery_streams', {}],
        ['secretsmanager', 'list_secrets', {}],
        ['cloudfront', 'list_distributions', {}],
        ['efs', 'describe_file_systems', {}],
        ['s3', 'get_bucket_policy', { Bucket: 'iot-eventarchive-000000000000' }],
        ['s3', 'get_object_tagging', { Bucket: 'iot-eventarchive-000000000000', Key: 'a' }],
      ];
      const results = await callBoto3(python, home, calls);
      for (const [index, { error }] of results.entries()) {
        expect([calls[index]?.slice(0, 2), error?.Message]).toEqual([
          calls[index]?.slice(0, 2),
          expect.stringMatching(/ is not offered here\. /),
        ]);
        expect(error?.Code).toMatch(/^(UnknownOperationException|InvalidAction|NotImplemented)$/);
      }
    },
    PATIENCE,
  );
});

describe('aws-sdk 2 says why', () => {
  const options = () =>
    Object.assign(new AWS.Config(), {
      endpoint: address,
      region: 'us-east-1',
      accessKeyId: 'any',
      secretAccessKey: 'any',
      maxRetries: 0,
      s3ForcePathStyle: true,
    });

  test.each([
    ['UnknownOperationException', () => new AWS.Lambda(options()).listLayers().promise()],
    ['UnknownOperationException', () => new AWS.DynamoDB(options()).listTables().promise()],
    ['NotImplemented', () => new AWS.S3(options()).getBucketAcl({ Bucket: 'any' }).promise()],
    ['InvalidAction', () => new AWS.CloudWatch(options()).listMetrics().promise()],
    ['InvalidAction', () => new AWS.STS(options()).getCallerIdentity().promise()],
    ['UnknownOperationException', () => new AWS.Kinesis(options()).deleteStream({ StreamName: 'a' }).promise()],
  ])('%s', async (code, call) => {
    await expect(call()).rejects.toMatchObject({ code, message: expect.stringMatching(/ is not offered here\. /) });
  });
});

describe('without a client', () => {
  const send = (path: string, init: RequestInit) => fetch(`${address}${path}`, init);

  test('Smithy RPC v2 CBOR is answered in CBOR', async () => {
    const response = await send('/service/GraniteServiceVersion20100801/operation/ListMetrics', {
      method: 'POST',
      headers: { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' },
      body: Uint8Array.of(0xa0),
    });
    expect(response.status).toBe(400);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/cbor',
      'smithy-protocol': 'rpc-v2-cbor',
    });
    expect(decode(new Uint8Array(await response.arrayBuffer()))).toEqual({
      __type: 'UnknownOperationException',
      message: expect.stringMatching(/^ListMetrics of CloudWatch is not offered here/),
    });
  });

  test('what the client sent is escaped in XML', async () => {
    const response = await send('/?Action=%3C%26%22', { method: 'POST' });
    const text = await response.text();
    expect(response.headers.get('content-type')).toBe('text/xml');
    expect(new XMLParser().parse(text)).toMatchObject({
      ErrorResponse: { Error: { Code: 'InvalidAction', Message: expect.stringMatching(/^<&" of an unknown service/) } },
    });
  });

  test('a browser without an AWS client gets the page', async () => {
    expect(await (await send('/', {})).text()).toBe('the console');
    const unsigned = await send('/', { headers: { 'amz-sdk-invocation-id': 'a' } });
    expect(unsigned.headers.get('content-type')).toBe('application/xml');
  });
});
