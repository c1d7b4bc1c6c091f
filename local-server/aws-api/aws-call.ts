/** Tells a call of an AWS client from every other request, by what the client sends before the body. */
import type { IncomingHttpHeaders } from 'node:http';

/** How a service writes its requests and its errors (https://smithy.io/2.0/aws/protocols/index.html). */
export type AwsProtocol = 'json' | 'cbor' | 'rest-json' | 'rpc-v2-cbor' | 'query' | 'ec2' | 'rest-xml' | 's3';

export interface AwsCall {
  /** As the signature names it (`kinesis`, `monitoring`), or the target's prefix where nothing is signed. */
  readonly service: string;
  /** Not known where it can only be told from method and path, or stands in the body. */
  readonly operation: string | undefined;
  readonly protocol: AwsProtocol;
  /** Of the answer. */
  readonly contentType: string;
}

export interface RequestHead {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** Prefixes of `X-Amz-Target`, without the version. A target that is not listed has the name that was signed. */
const servicesByTarget: ReadonlyMap<string, string> = new Map([
  ['Kinesis', 'kinesis'],
  ['DynamoDB', 'dynamodb'],
  ['DynamoDBStreams', 'dynamodb'],
  ['GraniteServiceVersion20100801', 'monitoring'],
  ['Logs', 'logs'],
  ['Firehose', 'firehose'],
  ['AmazonSQS', 'sqs'],
  ['AWSEvents', 'events'],
]);

const restXmlServices = new Set(['cloudfront', 'route53']);
/** Services whose signed requests may be for an API of one's own: a function URL, an API behind a gateway. */
const passThrough = new Set(['execute-api', 'lambda']);

const rootPath = /^\/(?:\?|$)/;
/** API versions in paths of Lambda, for instance `/2015-03-31/functions/`. */
const lambdaPath = /^\/20\d\d-\d\d-\d\d\//;
const rpcPath = /^\/service\/([^/?]+)\/operation\/([^/?]+)/;
const signature = /^AWS4-[A-Z0-9-]+ (?:.*[, ])?Credential=[^/,]*\/[^/,]*\/(?:[^/,]*\/)?([^/,]+)\/aws4_request/;
const credentialOfQuery = /[?&]X-Amz-Credential=([^&]*)/i;

const UNKNOWN = 'an unknown service';
const JSON_TYPES = ['application/x-amz-json-1.0', 'application/x-amz-json-1.1', 'application/json'];
const CBOR_TYPE = 'application/x-amz-cbor-1.1';

/** @returns `undefined` for what is no call of an AWS client. */
export function recogniseAwsCall({ method = '', url = '/', headers }: RequestHead): AwsCall | undefined {
  // Browsers ask with OPTIONS before a call; no AWS API has operations with this method.
  if (method === 'OPTIONS') return undefined;
  const target = headers['x-amz-target'];
  const signedFor = signedService(url, headers.authorization);
  const mediaType = mediaTypeOf(headers);
  const isJsonRoot = rootPath.test(url) && mediaType.startsWith('application/x-amz-');
  if (typeof target === 'string' || isJsonRoot) return targetCall(String(target ?? ''), signedFor, mediaType);
  if (headers['smithy-protocol'] === 'rpc-v2-cbor') return rpcCall(url, signedFor);
  if (lambdaPath.test(url)) return restCall(signedFor ?? 'lambda');
  if (isQuery(method, url, headers, signedFor)) return queryCall(url, signedFor);
  if (signedFor !== undefined) return passThrough.has(signedFor) ? undefined : restCall(signedFor);
  // The SDKs number the attempts of a call, also of one that they do not sign (`--no-sign-request`).
  if (isSignedTheOldWay(url, headers) || headers['amz-sdk-invocation-id'] !== undefined) return restCall('s3');
  return undefined;
}

function targetCall(target: string, signedFor: string | undefined, mediaType: string): AwsCall {
  const dot = target.lastIndexOf('.');
  const prefix = target.slice(0, Math.max(dot, 0));
  const service = servicesByTarget.get(prefix.replace(/_\d+$/, '')) ?? signedFor ?? (prefix || UNKNOWN);
  const operation = target.slice(dot + 1) || undefined;
  if (mediaType === CBOR_TYPE) return { service, operation, protocol: 'cbor', contentType: CBOR_TYPE };
  const contentType = JSON_TYPES.find((known) => known === mediaType) ?? 'application/x-amz-json-1.1';
  return { service, operation, protocol: 'json', contentType };
}

function rpcCall(url: string, signedFor: string | undefined): AwsCall {
  const [, target = UNKNOWN, operation] = rpcPath.exec(url) ?? [];
  const service = servicesByTarget.get(target) ?? signedFor ?? target;
  return { service, operation, protocol: 'rpc-v2-cbor', contentType: 'application/cbor' };
}

function restCall(service: string): AwsCall {
  if (service === 's3') return { service, operation: undefined, protocol: 's3', contentType: 'application/xml' };
  if (restXmlServices.has(service)) {
    return { service, operation: undefined, protocol: 'rest-xml', contentType: 'text/xml' };
  }
  return { service, operation: undefined, protocol: 'rest-json', contentType: 'application/json' };
}

function queryCall(url: string, signedFor: string | undefined): AwsCall {
  const operation = new URLSearchParams(queryOf(url)).get('Action') ?? undefined;
  const protocol = signedFor === 'ec2' ? 'ec2' : 'query';
  return { service: signedFor ?? UNKNOWN, operation, protocol, contentType: 'text/xml' };
}

/** The Query protocol: `Action=` in a form, or in the address. */
function isQuery(method: string, url: string, headers: IncomingHttpHeaders, signedFor: string | undefined): boolean {
  if (signedFor === 's3' || !rootPath.test(url)) return false;
  const form = method === 'POST' && mediaTypeOf(headers) === 'application/x-www-form-urlencoded';
  return form || /[?&]Action=/.test(url);
}

function signedService(url: string, authorization: string | undefined): string | undefined {
  const [, service] = signature.exec(authorization ?? '') ?? [];
  if (service !== undefined) return service;
  const [, credential] = credentialOfQuery.exec(url) ?? [];
  // Key, date, region, service, `aws4_request`; percent-encoded, slashes too.
  return credential?.split(/\/|%2F/i).at(-2) ?? (authorization?.startsWith('AWS4-') === true ? UNKNOWN : undefined);
}

/** Signature version 2, which only S3 had with these. */
function isSignedTheOldWay(url: string, { authorization = '' }: IncomingHttpHeaders): boolean {
  return /^AWS \S+:\S+$/.test(authorization) || /[?&]AWSAccessKeyId=/.test(url);
}

/** The content type without its parameters, in lower case; empty where there is none. */
export function mediaTypeOf(headers: IncomingHttpHeaders): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function queryOf(url: string): string {
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}
