/** What is said to an AWS client that asks for what this server does not have: that it does not, and what to use. */
import type { StackNames } from '../../core/stack-names.ts';
import type { AwsCall, RequestHead } from './aws-call.ts';
import { AwsError } from './aws-error.ts';

const ENDPOINT_ADVICE =
  'If the call was meant for AWS: unset AWS_ENDPOINT_URL, which sends the calls of every service here, and set ' +
  'AWS_ENDPOINT_URL_KINESIS, AWS_ENDPOINT_URL_LAMBDA and AWS_ENDPOINT_URL_S3 instead.';

/** Names that people know services by, where the signature has another. */
const knownAs: ReadonlyMap<string, string> = new Map([
  ['kinesis', 'Kinesis'],
  ['lambda', 'Lambda'],
  ['s3', 'S3'],
  ['dynamodb', 'DynamoDB'],
  ['monitoring', 'CloudWatch'],
  ['logs', 'CloudWatch Logs'],
  ['sts', 'STS'],
  ['iam', 'IAM'],
  ['cloudformation', 'CloudFormation'],
  ['iotdata', 'AWS IoT'],
  ['sqs', 'SQS'],
  ['firehose', 'Firehose'],
]);

/** @param offered Names of operations that the service does have here. */
export function refuse(
  call: AwsCall,
  request: RequestHead,
  { names, offered = [] }: { readonly names: StackNames; readonly offered?: readonly string[] },
): AwsError {
  const service = knownAs.get(call.service) ?? call.service;
  const asked = call.operation ?? `${request.method ?? ''} ${(request.url ?? '').split('?', 1)[0] ?? ''}`;
  const sentences = [
    `${asked.slice(0, MAX_ECHO)} of ${service} is not offered here.`,
    ...(offered.length > 0 ? [`${service} has ${offered.join(', ')} here.`] : []),
    ...(insteadOf(call, names) ?? []),
    ...(offered.length > 0 ? [] : [ENDPOINT_ADVICE]),
  ];
  const { type, statusCode } = errorOf(call);
  return new AwsError(type, sentences.join(' '), statusCode);
}

const MAX_ECHO = 256;

function insteadOf({ service }: AwsCall, names: StackNames): readonly string[] | undefined {
  switch (service) {
    case 'dynamodb':
      return [`Read the history of a sensor with GET /sensors/{sensorId}/readings, or invoke ${names.sensorHistory}.`];
    case 'monitoring':
      return ['Read the metric of a sensor with GET /metrics/sensors/{sensorId}.'];
    case 'logs':
      return [
        'The server logs to its terminal (--log-level info). `aws lambda invoke --log-type Tail` shows the log of an invocation.',
      ];
    case 'iotdata':
    case 'firehose':
    case 'sqs':
      return [`Put readings into the stream ${names.stream} with PutRecord of Kinesis, or with POST /readings.`];
    case 'sts':
    case 'iam':
      return ['There is no account here: any credentials are taken, and signatures are not checked.'];
    case 'cloudformation':
      return ['There is nothing to create here: the stack exists as soon as the server runs.'];
    default:
      return undefined;
  }
}

/** The type that the service itself has for an operation that it does not know. No SDK retries it. */
function errorOf({ protocol }: AwsCall): { readonly type: string; readonly statusCode: number } {
  switch (protocol) {
    case 'query':
    case 'ec2':
      return { type: 'InvalidAction', statusCode: 400 };
    case 'rest-json':
    case 'rest-xml':
      return { type: 'UnknownOperationException', statusCode: 404 };
    case 's3':
      // S3's own answer is 501, which SDKs retry.
      return { type: 'NotImplemented', statusCode: 400 };
    case 'json':
    case 'cbor':
    case 'rpc-v2-cbor':
      return { type: 'UnknownOperationException', statusCode: 400 };
  }
}
