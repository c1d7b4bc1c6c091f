/** Errors of the HTTP interface as problem details (RFC 9457). The one table from errors to status codes. */
import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { InvalidRequest, StoreUnavailable } from '../../core/errors.ts';

export interface Problem {
  readonly status: number;
  /** What is wrong with this request and what to do. */
  readonly detail: string;
  /** More members, for instance `field`. */
  readonly [member: string]: unknown;
}

export function sendProblem(reply: FastifyReply, { status, ...members }: Problem): FastifyReply {
  return reply
    .code(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, ...members }));
}

export function registerProblemDetails(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, _payload, done) => {
    // Fastify closes the connection behind some errors; HTTP/2 has no such header (RFC 9113, section 8.2.2).
    if (request.raw.httpVersionMajor === 2) reply.removeHeader('connection');
    done();
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const problem = problemOf(error);
    if (problem.status >= 500) request.log.error({ err: error }, 'request failed');
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, {
      status: 404,
      detail: `There is no ${request.method} ${request.url.split('?')[0] ?? ''} here; /docs lists what there is.`,
    }),
  );
}

function problemOf(error: FastifyError | InvalidRequest | StoreUnavailable): Problem {
  if (error instanceof InvalidRequest) return { status: 400, detail: error.message, field: error.field };
  if (error instanceof StoreUnavailable) return { status: 503, detail: `${error.message}; try again` };
  if (error.validation !== undefined) return { status: 400, detail: error.message };
  const status = error.statusCode ?? 500;
  if (status === 413) return { status, detail: 'The body is too large; send the readings in several requests.' };
  if (status === 415) {
    return { status, detail: 'This content type is not taken here; send application/json or application/x-ndjson.' };
  }
  // What went wrong inside is for the log, not for the caller.
  return { status, detail: status < 500 ? error.message : 'Something went wrong here; the log says what.' };
}
