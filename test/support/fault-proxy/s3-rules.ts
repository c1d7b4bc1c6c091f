/** What S3 answers in XML, and the documented limits of the calls that the project makes to it. */
import type { Answer } from './answer.ts';
import type { Action, LimitCheck, Violation } from './fault-proxy.ts';

const MAX_KEY_BYTES = 1_024;
const MAX_KEYS = 1_000;

export function s3Answer(content: string, status = 200): Answer {
  return {
    status,
    headers: { 'content-type': 'application/xml', 'x-amz-request-id': 'fault-proxy' },
    body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${content}`),
  };
}

/** The call is refused; the service does nothing. */
export function s3Error(status: number, code: string): Action {
  return async () =>
    s3Answer(`<Error><Code>${code}</Code><Message>${code} by the fault proxy.</Message></Error>`, status);
}

/** S3 User Guide, "HTTP 5xx errors": a prefix that is asked too often. */
export const slowDown = s3Error(503, 'SlowDown');
export const s3InternalError = s3Error(500, 'InternalError');
/** API Reference, PutObject: another request on the same key is under way. */
export const conditionalRequestConflict = s3Error(409, 'ConditionalRequestConflict');

/** The body begins and never ends. */
export const stallInBody: Action = async (_call, forward) => {
  const answer = await forward();
  const { length } = answer.body;
  return {
    ...answer,
    headers: { ...answer.headers, 'content-length': length },
    body: answer.body.subarray(0, length / 2),
  };
};

/** S3 User Guide, "Naming Amazon S3 objects": the bytes of a key. */
export const s3KeyLimits: LimitCheck = ({ service, url }) => {
  if (service !== 's3') return undefined;
  const [path = ''] = url.split('?');
  const bytes = Buffer.byteLength(decodeURIComponent(path.split('/').slice(2).join('/')));
  return bytes > MAX_KEY_BYTES ? refusal('KeyTooLongError', `a key of ${bytes} bytes`) : undefined;
};

/** API Reference, ListObjectsV2: a page has at most 1,000 keys, so asking for more is asking in vain. */
export const listObjectsLimits: LimitCheck = ({ service, operation, url }) => {
  if (service !== 's3' || operation !== 'ListObjectsV2') return undefined;
  const maxKeys = Number(new URL(url, 'http://s3').searchParams.get('max-keys') ?? MAX_KEYS);
  return maxKeys < 1 || maxKeys > MAX_KEYS ? refusal('InvalidArgument', `a page of ${maxKeys} keys`) : undefined;
};

function refusal(code: string, problem: string): Violation {
  return { problem, answer: s3Answer(`<Error><Code>${code}</Code><Message>${problem}</Message></Error>`, 400) };
}
