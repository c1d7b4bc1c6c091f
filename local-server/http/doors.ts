/**
 * What every request passes before a route sees it, and every answer on its way out: only a known host, and web pages with
 * the rights that they have, get in.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isKnownHost } from './host-guard.ts';
import {
  type Asker,
  askerOf,
  corsHeaders,
  deedOf,
  isPreflight,
  mayDo,
  parseOrigin,
  preflightHeaders,
  type RequestHead,
} from './origins.ts';
import { type Refusal, refuse } from './refusal.ts';
import { encodingOf, isUnpacked, takenEncodings } from './unpacked-body.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Which page sent it, if any. */
    asker: Asker;
  }
}

export interface Doors {
  /** What the server listens on. */
  readonly host: string;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Full name of the function that answers queries. */
  readonly historyFunction: string;
}

export function guardDoors(app: FastifyInstance, { host, allowedHosts, allowedOrigins, historyFunction }: Doors): void {
  const names = new Set([host, ...allowedHosts].map((name) => name.toLowerCase()));
  const origins = new Set(allowedOrigins.flatMap((origin) => parseOrigin(origin) ?? []));

  app.decorateRequest('asker', 'foreign');
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onRequest', (request, reply, done) => {
    // Answers are not for other pages to embed, nor for browsers to guess what they are.
    void reply.header('x-content-type-options', 'nosniff').header('cross-origin-resource-policy', 'same-origin');
    const head = headOf(request);
    const asker = (request.asker = askerOf(head, origins));
    void reply.headers(corsHeaders(asker, head));
    const refusal =
      (closing ? serverCloses : undefined) ??
      refusalOf(head, names) ??
      refusalOfPage(head, asker, historyFunction) ??
      refusalOfEncoding(request);
    if (refusal !== undefined) void refuse(request, reply, refusal);
    else if (isPreflight(head)) void reply.headers(preflightHeaders(head)).code(200).send();
    else done();
  });

  app.addHook('onSend', ({ method, raw }, reply, payload, done) => {
    // Fastify closes the connection behind some errors; HTTP/2 has no such header (RFC 9113, section 8.2.2).
    if (raw.httpVersionMajor === 2) reply.removeHeader('connection');
    // Nobody reads the body of an answer to HEAD: a feed without an end would stay for ever.
    if (method === 'HEAD' && payload instanceof Readable) payload.destroy();
    done(null, payload);
  });
}

const serverCloses: Refusal = {
  status: 503,
  detail: 'The server is closing; send the request again when it is back.',
  awsType: 'ServiceUnavailable',
};

function refusalOf({ headers: { expect }, host, httpVersion }: RequestHead, names: ReadonlySet<string>) {
  if (expect !== undefined && !/^100-continue$/i.test(String(expect))) {
    return {
      status: 417,
      detail: `The server cannot do what Expect: ${String(expect)} asks for; it knows 100-continue.`,
      awsType: 'ExpectationFailed',
    };
  }
  if (host === '') {
    if (httpVersion === '1.0') return undefined;
    return { status: 400, detail: 'The Host header is missing; HTTP/1.1 requires it.', awsType: 'MissingHeader' };
  }
  if (isKnownHost(host, names)) return undefined;
  const name = host.replace(/:\d*$/, '');
  return {
    status: 421,
    detail: `This server is not reached as ${name}. If that is a name of this machine, start it with --allowed-hosts ${name}.`,
    awsType: 'MisdirectedRequest',
  };
}

/** Compressed bytes would be taken for what they are not. */
function refusalOfEncoding(request: FastifyRequest): Refusal | undefined {
  const encoding = encodingOf(request);
  if (encoding === undefined || isUnpacked(request, encoding)) return undefined;
  const takes = request.routeOptions.config.packedBodies === true ? `send ${takenEncodings}, or` : 'send';
  return {
    status: 415,
    detail: `Content-Encoding ${encoding} is not supported here; ${takes} the body without compression.`,
    awsType: 'UnsupportedMediaType',
  };
}

function refusalOfPage(head: RequestHead, asker: Asker, historyFunction: string): Refusal | undefined {
  // A preflight for a page that has some rights is answered: what it may not do is refused when it tries.
  if (isPreflight(head) ? asker !== 'foreign' : mayDo(asker, deedOf(head, historyFunction))) return undefined;
  const { origin } = head.headers;
  return {
    status: 403,
    detail:
      origin === undefined
        ? 'Pages of other sites may not load this.'
        : `Pages of origin ${String(origin)} may not do this. Start the server with --allow-origin ${String(origin)} to let them.`,
    awsType: 'AccessDeniedException',
  };
}

function headOf({ method, url, protocol, host, headers, raw }: FastifyRequest): RequestHead {
  return { method, url, scheme: protocol, host, headers, httpVersion: raw.httpVersion };
}
