/** Refuses a request before any route sees it, in the shape that its client reads: problem details, or AWS's errors. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './problem-details.ts';

export interface Refusal {
  readonly status: number;
  readonly detail: string;
  /** The error's name on AWS. */
  readonly awsType: string;
}

/** Whether the client speaks one of AWS's protocols. */
export function isAwsCall({ headers, url }: FastifyRequest): boolean {
  return (
    headers['x-amz-target'] !== undefined ||
    headers.authorization?.startsWith('AWS4-') === true ||
    /^\/20\d\d-\d\d-\d\d\//.test(url) ||
    /[?&]X-Amz-Algorithm=/.test(url)
  );
}

export function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, detail, awsType }: Refusal,
): FastifyReply {
  if (!isAwsCall(request)) return sendProblem(reply, { status, detail });
  // `message` for Kinesis, `Message` for Lambda; the header for clients that ask in CBOR.
  return reply
    .code(status)
    .header('x-amzn-errortype', awsType)
    .header('x-amzn-errormessage', detail)
    .type(request.headers['x-amz-target'] === undefined ? 'application/json' : 'application/x-amz-json-1.1')
    .send(Buffer.from(JSON.stringify({ __type: awsType, message: detail, Message: detail })));
}
