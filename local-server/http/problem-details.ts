/** Errors of the HTTP interface as problem details (RFC 9457). The one table from errors to status codes. */
import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { InvalidRequest, ObjectTooLarge, StoreUnavailable } from '../../core/errors.ts';
import { KnownPaths } from './known-paths.ts';

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
  const paths = new KnownPaths(app);
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    // Half a request, and nobody to answer: no fault of the server, and nothing for its log.
    const { complete, destroyed } = request.raw;
    const problem =
      destroyed && !complete ? { status: 400, detail: 'The request ended before its end.' } : problemOf(error);
    if (problem.status >= 500) request.log.error({ err: error }, 'request failed');
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const methods = paths.methodsOf(path);
    if (methods.length > 0) {
      const allow = methods.join(', ');
      return sendProblem(reply.header('allow', allow), {
        status: 405,
        detail: `${path} does not take ${request.method}; it takes ${allow}.`,
      });
    }
    const without = path.replace(/\/+$/, '');
    return sendProblem(reply, {
      status: 404,
      detail:
        without !== path && paths.methodsOf(without).length > 0
          ? `There is no ${path} here, but ${without}: leave out the slash at the end.`
          : `There is no ${request.method} ${path} here; /docs lists what there is.`,
    });
  });
}

/** For Fastify's `frameworkErrors`: what it refuses before a request has a route, and so before any hook. */
export function sendFrameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const path = request.url.split('?', 1)[0] ?? '';
  void sendProblem(reply.header('x-content-type-options', 'nosniff'), {
    status: error.statusCode ?? 400,
    detail:
      error.code === 'FST_ERR_MAX_PARAM_LENGTH'
        ? 'A part of the path is too long.'
        : error.code === 'FST_ERR_BAD_URL'
          ? `The path ${path} is not valid: % must be followed by two hexadecimal digits, and the bytes must be UTF-8.`
          : error.message,
  });
}

function problemOf(error: FastifyError | InvalidRequest | StoreUnavailable): Problem {
  if (error instanceof InvalidRequest) return { status: 400, detail: error.message, field: error.field };
  if (error instanceof ObjectTooLarge) return { status: 501, detail: `${error.message}; read it from S3.` };
  if (error instanceof StoreUnavailable) return { status: 503, detail: `${error.message}; try again` };
  if (error.validation !== undefined) return { status: 400, detail: error.message };
  const status = error.statusCode ?? 500;
  if (status === 413) return { status, detail: 'The body is too large; send the readings in several requests.' };
  if (status === 415) {
    return {
      status,
      detail:
        'This content type is not taken here; send application/json, application/x-ndjson or application/senml+json.',
    };
  }
  // What went wrong inside is for the log, not for the caller.
  return { status, detail: status < 500 ? error.message : 'Something went wrong here; the log says what.' };
}
