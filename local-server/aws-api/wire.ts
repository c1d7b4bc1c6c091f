/** What the JSON protocols of Kinesis and Lambda have in common on HTTP/1.1. */
import { randomUUID } from 'node:crypto';
// For `schema.hide`, which keeps a route out of the OpenAPI document.
import type {} from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { AwsError } from './aws-error.ts';

export interface Wire {
  /** Media type of errors, exactly as AWS sends it: without a charset. */
  readonly contentType: string;
  /** The answer to a body over the route's `bodyLimit`. */
  readonly bodyTooLarge: AwsError;
  /** The answer where the fault is the server's, whose cause is logged and not told. */
  readonly internalFailure: AwsError;
  /** The body of an error. */
  encodeError(error: AwsError): unknown;
}

/**
 * Sets one scope up for an AWS API: bodies of every content type reach the routes as bytes, each answer carries a
 * request id, and each error has the shape that the clients of that API read. Nothing outside the scope changes.
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
    return reply
      .code(answer.statusCode)
      .header('x-amzn-errortype', answer.type)
      .type(wire.contentType)
      .send(encodeJson(wire.encodeError(answer)));
  });
}

/** The JSON of a body; `undefined` for none. @throws SyntaxError or TypeError where it is no JSON or no UTF-8. */
export function decodeJson(body: unknown): unknown {
  if (!(body instanceof Uint8Array) || body.length === 0) return undefined;
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
}

/** As bytes, because Fastify adds a charset to the content type of JSON that is a string. */
export function encodeJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
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
