/** What the AWS APIs have in common on HTTP. */
import { randomUUID } from 'node:crypto';
// For `schema.hide`, which keeps a route out of the OpenAPI document.
import type {} from '@fastify/swagger';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { answerError } from './aws-answer.ts';
import type { AwsCall } from './aws-call.ts';
import { recogniseAwsCall } from './aws-call.ts';
import { AwsError } from './aws-error.ts';

export interface Wire {
  /** The answer to a body over the route's `bodyLimit`. */
  readonly bodyTooLarge: AwsError;
  /** The answer where the fault is the server's, whose cause is logged and not told. */
  readonly internalFailure: AwsError;
}

/**
 * Sets one scope up for an AWS API: bodies of every content type reach the routes as bytes, each answer carries a
 * request id, and each error is written in the protocol of the call. Nothing outside the scope changes.
 */
export function speakAws(scope: FastifyInstance, wire: Wire): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  scope.addHook('onRequest', (_request, reply, done) => {
    void reply.header('x-amzn-RequestId', randomUUID());
    done();
  });

  scope.setErrorHandler((error: unknown, request, reply) => {
    const answer = toAwsError(error, wire);
    if (answer === wire.internalFailure) request.log.error({ err: error }, 'an AWS API call failed');
    // Fastify closes the connection behind a body that it does not take. The client is still sending then and would
    // see a broken pipe, which it retries, instead of this answer.
    if (answer === wire.bodyTooLarge) void reply.removeHeader('connection');
    return sendAwsError(reply, answer);
  });
}

/** Answers an AWS call with an error, in the protocol of the call. */
export function sendAwsError(reply: FastifyReply, error: AwsError, call: AwsCall = callOf(reply)): FastifyReply {
  const requestId = reply.getHeader('x-amzn-requestid');
  const answer = answerError(call, error, requestId === undefined ? undefined : String(requestId));
  if (error.retryAfterSeconds !== undefined) void reply.header('retry-after', String(error.retryAfterSeconds));
  return reply.code(answer.statusCode).headers(answer.headers).send(answer.body);
}

/** Requests reach the scopes of AWS as calls only (`constraint.ts`). */
export function callOf({ request }: FastifyReply): AwsCall {
  const call = recogniseAwsCall(request.raw);
  if (call === undefined) throw new Error('this request is no AWS call');
  return call;
}

function toAwsError(error: unknown, wire: Wire): AwsError {
  if (error instanceof AwsError) return error;
  const {
    code,
    statusCode = 500,
    message,
  } = error as Partial<Record<'code' | 'message', string>> & { statusCode?: number };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return wire.bodyTooLarge;
  // What else Fastify refuses by itself, for instance a body that is shorter than its content-length.
  if (statusCode < 500)
    return new AwsError('SerializationException', message ?? 'The request is malformed.', statusCode);
  return wire.internalFailure;
}
