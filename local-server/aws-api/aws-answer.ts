/** Writes an error the way the clients of a protocol read it. */
import { randomBytes, randomUUID } from 'node:crypto';
import XMLBuilder from 'fast-xml-builder';
import type { AwsCall, AwsProtocol } from './aws-call.ts';
import type { AwsError } from './aws-error.ts';
import { cborCodec, encodeJson } from './codec.ts';

export interface AwsAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const xml = new XMLBuilder({ ignoreAttributes: false });
/** Text that the Java SDKs take before they look into the body; the body has it whole. */
const MAX_HEADER_TEXT = 1_024;

export function encodeXml(root: object): Buffer {
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${xml.build(root)}`);
}

export function answerError(call: AwsCall, error: AwsError, requestId: string = randomUUID()): AwsAnswer {
  return {
    statusCode: error.statusCode,
    headers: { 'content-type': call.contentType, ...writers[call.protocol].headers(error, requestId) },
    body: writers[call.protocol].body(error, { requestId, call }),
  };
}

interface Circumstances {
  readonly requestId: string;
  readonly call: AwsCall;
}

interface ErrorWriter {
  headers(error: AwsError, requestId: string): Record<string, string>;
  body(error: AwsError, circumstances: Circumstances): Uint8Array;
}

function jsonHeaders({ type, message }: AwsError, requestId: string): Record<string, string> {
  return {
    'x-amzn-requestid': requestId,
    'x-amzn-errortype': type,
    'x-amzn-error-message': headerText(message),
  };
}

const xmlHeaders = (_error: AwsError, requestId: string) => ({ 'x-amzn-requestid': requestId });

/** Which each answer of S3 has, good or bad. */
export function s3Headers(requestId: string): Record<string, string> {
  return { 'x-amz-request-id': requestId, 'x-amz-id-2': randomBytes(48).toString('base64') };
}

/** Query's errors tell whose fault it was (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html). */
function queryError({ type, message, statusCode }: AwsError, { requestId }: Circumstances): Buffer {
  const fault = statusCode < 500 ? 'Sender' : 'Receiver';
  return encodeXml({
    ErrorResponse: { Error: { Type: fault, Code: type, Message: message }, RequestId: requestId },
  });
}

const writers: Readonly<Record<AwsProtocol, ErrorWriter>> = {
  json: { headers: jsonHeaders, body: ({ type, message }) => encodeJson({ __type: type, message }) },
  cbor: {
    headers: jsonHeaders,
    body: ({ type, message }, { call }) => cborCodec(call.contentType).encode({ __type: type, message }),
  },
  'rpc-v2-cbor': {
    headers: (error, requestId) => ({ ...jsonHeaders(error, requestId), 'smithy-protocol': 'rpc-v2-cbor' }),
    body: ({ type, message }, { call }) => cborCodec(call.contentType).encode({ __type: type, message }),
  },
  'rest-json': {
    headers: jsonHeaders,
    // Lambda spells its members with a capital letter; all other services do not.
    body: ({ statusCode, message }, { call }) =>
      encodeJson(
        call.service === 'lambda' ? { Type: statusCode < 500 ? 'User' : 'Service', Message: message } : { message },
      ),
  },
  query: { headers: xmlHeaders, body: queryError },
  'rest-xml': { headers: xmlHeaders, body: queryError },
  ec2: {
    headers: xmlHeaders,
    body: ({ type, message }, { requestId }) =>
      encodeXml({ Response: { Errors: { Error: { Code: type, Message: message } }, RequestID: requestId } }),
  },
  s3: {
    headers: (_error, requestId) => s3Headers(requestId),
    body: ({ type, message, details }, { requestId }) =>
      encodeXml({ Error: { Code: type, Message: message, ...details, RequestId: requestId } }),
  },
};

/** What may stand in a header: printable ASCII. */
function headerText(text: string): string {
  return text.slice(0, MAX_HEADER_TEXT).replace(/[^\x20-\x7e]/g, '?');
}
