import { describe, expect, test } from '@jest/globals';
import { recogniseAwsCall } from '../../../local-server/aws-api/aws-call.ts';

const signed = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=abc`;
const FORM = 'application/x-www-form-urlencoded; charset=utf-8';

describe('a call of an AWS client', () => {
  test.each([
    ['POST', '/', { 'x-amz-target': 'Kinesis_20131202.PutRecord' }, 'kinesis', 'PutRecord', 'json'],
    [
      'POST',
      '/',
      { 'x-amz-target': 'Kinesis_20131202.PutRecord', 'content-type': 'application/x-amz-cbor-1.1' },
      'kinesis',
      'PutRecord',
      'cbor',
    ],
    ['POST', '/', { 'x-amz-target': 'DynamoDB_20120810.Scan' }, 'dynamodb', 'Scan', 'json'],
    ['POST', '/', { 'x-amz-target': 'TrentService.Encrypt', authorization: signed('kms') }, 'kms', 'Encrypt', 'json'],
    ['POST', '/', { 'content-type': 'application/x-amz-json-1.1' }, 'an unknown service', undefined, 'json'],
    ['GET', '/2015-03-31/functions/', {}, 'lambda', undefined, 'rest-json'],
    ['POST', '/2014-11-13/functions/a/invoke-async/', {}, 'lambda', undefined, 'rest-json'],
    ['GET', '/2013-04-01/hostedzone', { authorization: signed('route53') }, 'route53', undefined, 'rest-xml'],
    ['POST', '/topics/a', { authorization: signed('iotdata') }, 'iotdata', undefined, 'rest-json'],
    ['POST', '/', { authorization: signed('sts'), 'content-type': FORM }, 'sts', undefined, 'query'],
    ['POST', '/', { 'content-type': FORM }, 'an unknown service', undefined, 'query'],
    ['GET', '/?Action=ListUsers&Version=2010-05-08', { authorization: signed('iam') }, 'iam', 'ListUsers', 'query'],
    ['POST', '/', { authorization: signed('ec2'), 'content-type': FORM }, 'ec2', undefined, 'ec2'],
    [
      'POST',
      '/service/GraniteServiceVersion20100801/operation/ListMetrics',
      { 'smithy-protocol': 'rpc-v2-cbor' },
      'monitoring',
      'ListMetrics',
      'rpc-v2-cbor',
    ],
    ['GET', '/', { authorization: signed('s3') }, 's3', undefined, 's3'],
    ['GET', '/archive', { authorization: signed('s3') }, 's3', undefined, 's3'],
    ['GET', '/b/k?X-Amz-Credential=A%2F20260101%2Fus-east-1%2Fs3%2Faws4_request', {}, 's3', undefined, 's3'],
    ['GET', '/b/k?AWSAccessKeyId=A&Signature=x&Expires=1', {}, 's3', undefined, 's3'],
    ['GET', '/', { authorization: 'AWS AKIDEXAMPLE:frJIUN8DYpKDtOLCwo==' }, 's3', undefined, 's3'],
    ['GET', '/b', { 'amz-sdk-invocation-id': 'a-b' }, 's3', undefined, 's3'],
    ['GET', '/b', { authorization: 'AWS4-HMAC-SHA256 nonsense' }, 'an unknown service', undefined, 'rest-json'],
  ])('%s %s %j', (method, url, headers, service, operation, protocol) => {
    expect(recogniseAwsCall({ method, url, headers })).toMatchObject({ service, operation, protocol });
  });
});

describe('no call of an AWS client', () => {
  test.each([
    ['GET', '/', {}],
    ['GET', '/?Tab=Action', {}],
    ['POST', '/readings', { 'content-type': 'application/json' }],
    ['POST', '/readings', { 'content-type': 'application/x-amz-json-1.1' }],
    ['POST', '/readings', { 'content-type': FORM }],
    ['GET', '/archive/2026-01-01/1.ndjson.gz', {}],
    ['GET', '/readings', { authorization: 'Bearer AWS4-secret' }],
    // A preflight of a browser names the headers that it will send.
    ['OPTIONS', '/', { 'access-control-request-headers': 'x-amz-target,authorization' }],
    ['OPTIONS', '/2015-03-31/functions/iot-IoTAPI/invocations', {}],
    // Signed for an API of one's own, which this server may stand for.
    ['POST', '/readings', { authorization: signed('execute-api') }],
    ['POST', '/readings', { authorization: signed('lambda') }],
  ])('%s %s %j', (method, url, headers) => {
    expect(recogniseAwsCall({ method, url, headers })).toBeUndefined();
  });
});
