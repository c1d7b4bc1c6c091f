/** One call as it passes the proxy: what it asks of which service, and the bytes it brings. */
import type { IncomingHttpHeaders } from 'node:http';

export type Service = 'kinesis' | 'dynamodb' | 'cloudwatch' | 's3';

export interface Call {
  readonly service: Service;
  /** As the service names it, for instance `PutRecords`. */
  readonly operation: string;
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The services that name the operation in `X-Amz-Target: <prefix>.<operation>`. */
const targets: Readonly<Record<string, Service>> = {
  Kinesis_20131202: 'kinesis',
  DynamoDB_20120810: 'dynamodb',
  GraniteServiceVersion20100801: 'cloudwatch',
};

/** S3 has no target header: method, key and query tell its operations apart. Those the project has no use for are absent. */
const s3Operations: Readonly<Record<string, string>> = {
  'PUT object': 'PutObject',
  'GET object': 'GetObject',
  'HEAD object': 'HeadObject',
  'DELETE object': 'DeleteObject',
  'PUT bucket': 'CreateBucket',
  'GET bucket': 'ListObjectsV2',
  'HEAD bucket': 'HeadBucket',
  'DELETE bucket': 'DeleteBucket',
  'POST bucket': 'DeleteObjects',
};

export function identify(request: Pick<Call, 'method' | 'url' | 'headers'>): Pick<Call, 'service' | 'operation'> {
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    const [prefix = '', operation = ''] = target.split('.');
    const service = targets[prefix];
    if (service === undefined) throw new Error(`the fault proxy does not know the service of ${target}`);
    return { service, operation };
  }
  const [path = ''] = request.url.split('?');
  // Path style: /bucket or /bucket/key.
  const what = /^\/[^/]+\/./.test(path) ? 'object' : 'bucket';
  const asked = `${request.method} ${what}`;
  return { service: 's3', operation: s3Operations[asked] ?? asked };
}
