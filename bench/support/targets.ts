/** Where readings are put: this server, and what people would use instead. */
import type { Target } from './http-load.ts';
import type { Format } from './readings.ts';

const contentTypes = { NDJSON: 'application/x-ndjson', JSON: 'application/json' } as const;

/** `POST /readings` of this server, or of a bare one. */
export function readingsTarget(url: string, format: keyof typeof contentTypes): Target {
  return { url: `${url}/readings`, headers: { 'content-type': contentTypes[format] }, status: 202 };
}

/** A call of Kinesis. Emulators want a signature to be there and do not check it. */
export function kinesisTarget(url: string, operation: 'PutRecords' | 'CreateStream'): Target {
  const scope = 'Credential=test/20260101/us-east-1/kinesis/aws4_request';
  return {
    url: `${url}/`,
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `Kinesis_20131202.${operation}`,
      'x-amz-date': '20260101T000000Z',
      authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host;x-amz-date, Signature=00`,
    },
    status: 200,
  };
}

export function targetOf(url: string, format: Format): Target {
  return format === 'PutRecords' ? kinesisTarget(url, 'PutRecords') : readingsTarget(url, format);
}
