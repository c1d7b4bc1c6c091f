import { beforeEach, describe, expect, test } from '@jest/globals';
import { jsonAnswer } from './fault-proxy/answer.ts';
import type { Call, Service } from './fault-proxy/call.ts';
import { createIamRule, type IamRule, type PolicyStatement } from './iam-rule.ts';

const account = { accountId: '123456789012', region: 'us-east-1' };
const forward = () => Promise.resolve(jsonAnswer({ done: true }));

function call(service: string, operation: string, { url = '/', body = {}, key = 'KEY' } = {}): Call {
  return {
    service: service as Service,
    operation,
    method: 'POST',
    url,
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260101/us-east-1/${service}/aws4_request` },
    body: Buffer.from(JSON.stringify(body)),
  };
}

describe('the rule of policies', () => {
  let rule: IamRule;

  beforeEach(() => {
    rule = createIamRule(account);
  });

  function allow(Action: string, Resource: string, rest: Partial<PolicyStatement> = {}): void {
    rule.statements.set('KEY', [{ Effect: 'Allow', Action: [Action], Resource: [Resource], ...rest }]);
  }
  const status = async (each: Call) => ((await rule.action(each, forward)) as { status: number }).status;

  test('lets through what a statement names', async () => {
    allow('kinesis:PutRecord', 'arn:aws:kinesis:us-east-1:123456789012:stream/a');
    expect(await status(call('kinesis', 'PutRecord', { body: { StreamName: 'a' } }))).toBe(200);
    expect(rule.refused).toEqual([]);
  });

  test('refuses other resources, other actions and other callers, and says which', async () => {
    allow('kinesis:PutRecord', 'arn:aws:kinesis:us-east-1:123456789012:stream/a');
    expect(await status(call('kinesis', 'PutRecord', { body: { StreamName: 'ab' } }))).toBe(400);
    expect(await status(call('kinesis', 'PutRecords', { body: { StreamName: 'a' } }))).toBe(400);
    expect(await status(call('kinesis', 'PutRecord', { body: { StreamName: 'a' }, key: 'OTHER' }))).toBe(400);
    expect(rule.refused[0]).toBe('kinesis:PutRecord on arn:aws:kinesis:us-east-1:123456789012:stream/ab');
  });

  test('takes a star for any part of a resource, and nothing else for a pattern', async () => {
    allow('s3:PutObject', 'arn:aws:s3:::bucket/a.b/*');
    expect(await status(call('s3', 'PutObject', { url: '/bucket/a.b/c/d?x-id=PutObject' }))).toBe(200);
    expect(await status(call('s3', 'PutObject', { url: '/bucket/axb/c' }))).toBe(403);
  });

  test('asks for every table of a batch', async () => {
    allow('dynamodb:BatchWriteItem', 'arn:aws:dynamodb:us-east-1:123456789012:table/a');
    expect(await status(call('dynamodb', 'BatchWriteItem', { body: { RequestItems: { a: [] } } }))).toBe(200);
    expect(await status(call('dynamodb', 'BatchWriteItem', { body: { RequestItems: { a: [], b: [] } } }))).toBe(400);
  });

  test('holds to conditions', async () => {
    allow('cloudwatch:PutMetricData', '*', { Condition: { StringEquals: { 'cloudwatch:namespace': 'Sensors' } } });
    expect(await status(call('monitoring', 'PutMetricData', { body: { Namespace: 'Sensors' } }))).toBe(200);
    expect(await status(call('monitoring', 'PutMetricData', { body: { Namespace: 'Other' } }))).toBe(400);
  });

  test('knows whose shards an iterator reads, and which function is invoked', async () => {
    allow('kinesis:GetRecords', 'arn:aws:kinesis:us-east-1:123456789012:stream/a');
    const ShardIterator = Buffer.from('a:shardId-000000000000:0').toString('base64');
    expect(await status(call('kinesis', 'GetRecords', { body: { ShardIterator } }))).toBe(200);
    allow('lambda:InvokeFunction', 'arn:aws:lambda:us-east-1:123456789012:function:f');
    expect(await status(call('lambda', 'Invoke', { url: '/2015-03-31/functions/f/invocations' }))).toBe(200);
    expect(await status(call('lambda', 'Invoke', { url: '/2015-03-31/functions/g/invocations' }))).toBe(403);
  });

  test('refuses services that it does not know', async () => {
    allow('sqs:SendMessage', '*');
    expect(await status(call('sqs', 'SendMessage'))).toBe(400);
  });

  test('is no silent yes to what it cannot evaluate', async () => {
    rule.statements.set('KEY', [{ Effect: 'Deny' as 'Allow', Action: ['kinesis:PutRecord'], Resource: ['*'] }]);
    await expect(async () =>
      rule.action(call('kinesis', 'PutRecord', { body: { StreamName: 'a' } }), forward),
    ).rejects.toThrow(/not evaluated/);
  });
});
