/** What an AWS client is told that has not proven that it knows the token: AWS's own error for its protocol. */
import type { AwsCall, AwsProtocol } from './aws-call.ts';
import { AwsError } from './aws-error.ts';
import type { Flaw } from './signature.ts';

/** `token`: a bearer token that is not the server's; `throttled`: too many wrong ones. */
export type AccessFlaw = Flaw | 'token' | 'throttled';

const ADVICE =
  'This server asks for its token: sign with the token as the secret access key (AWS_SECRET_ACCESS_KEY) and any access key id.';

/** @param message What is wrong, in AWS's words. */
export function accessError({ protocol }: AwsCall, flaw: AccessFlaw, message: string): AwsError {
  const [type, statusCode] = errors[dialects[protocol]][flaw];
  const isAboutTime = flaw === 'skewed' || flaw === 'expired';
  const sentence = message.trim().replace(/[^.]$/, '$&.');
  return new AwsError(type, isAboutTime || flaw === 'throttled' ? message : `${sentence} ${ADVICE}`, statusCode);
}

type Dialect = 'json' | 'rest' | 'query' | 'ec2' | 's3';

const dialects: Readonly<Record<AwsProtocol, Dialect>> = {
  json: 'json',
  cbor: 'json',
  'rpc-v2-cbor': 'json',
  'rest-json': 'rest',
  'rest-xml': 'query',
  query: 'query',
  ec2: 'ec2',
  s3: 's3',
};

type Answer = readonly [type: string, statusCode: number];

/** The names that all JSON services share, with the status of each kind of service. */
function common(status: 400 | 403): Record<AccessFlaw, Answer> {
  return {
    missing: ['MissingAuthenticationTokenException', status],
    unsupported: ['IncompleteSignatureException', status],
    incomplete: ['IncompleteSignatureException', status],
    skewed: ['InvalidSignatureException', status],
    expired: ['InvalidSignatureException', status],
    invalid: ['InvalidSignatureException', status],
    token: ['UnrecognizedClientException', status],
    throttled: ['ThrottlingException', 429],
  };
}

/**
 * JSON: recorded in dynalite and kinesalite (index.js). REST: Lambda's error names with 403. Query and EC2:
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and
 * https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html. S3:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
 */
const errors: Readonly<Record<Dialect, Readonly<Record<AccessFlaw, Answer>>>> = {
  json: common(400),
  rest: common(403),
  query: {
    missing: ['MissingAuthenticationToken', 403],
    unsupported: ['IncompleteSignature', 403],
    incomplete: ['IncompleteSignature', 403],
    skewed: ['SignatureDoesNotMatch', 403],
    expired: ['SignatureDoesNotMatch', 403],
    invalid: ['SignatureDoesNotMatch', 403],
    token: ['InvalidClientTokenId', 403],
    throttled: ['Throttling', 429],
  },
  ec2: {
    missing: ['AuthFailure', 401],
    unsupported: ['AuthFailure', 401],
    incomplete: ['AuthFailure', 401],
    skewed: ['RequestExpired', 400],
    expired: ['RequestExpired', 400],
    invalid: ['AuthFailure', 401],
    token: ['AuthFailure', 401],
    throttled: ['RequestLimitExceeded', 429],
  },
  s3: {
    missing: ['AccessDenied', 403],
    unsupported: ['InvalidRequest', 400],
    incomplete: ['AuthorizationHeaderMalformed', 400],
    skewed: ['RequestTimeTooSkewed', 403],
    expired: ['AccessDenied', 403],
    invalid: ['SignatureDoesNotMatch', 403],
    token: ['InvalidAccessKeyId', 403],
    throttled: ['SlowDown', 429],
  },
};
