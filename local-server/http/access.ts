/**
 * Who may use the server beyond its open routes: clients that show the token, sign AWS calls with it as the secret access
 * key, or are browsers that have logged in. It comes after `doors.ts`, which says what pages may do at all
 * (docs/adr/0012).
 */
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { accessError } from '../aws-api/access-error.ts';
import { type AwsCall, recogniseAwsCall } from '../aws-api/aws-call.ts';
import { sendAwsError } from '../aws-api/wire.ts';
import type { AccessToken } from './access-token.ts';
import { FailedAttempts } from './failed-attempts.ts';
import { sendProblem } from './problem-details.ts';
import { sessionOf, Sessions } from './sessions.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether the client has shown that it knows the token. True where there is none. */
    authenticated: boolean;
  }
  interface FastifyContextConfig {
    /** Everyone may use the route. It can look at `authenticated` to say less to strangers. */
    open?: boolean;
    /** Clients of InfluxDB use the route, which show the token in ways of their own. */
    influxClients?: boolean;
  }
}

export interface Access {
  readonly token: AccessToken | undefined;
  readonly sessions: Sessions;
  readonly attempts: FailedAttempts;
}

export async function guardAccess(
  app: FastifyInstance,
  token: AccessToken | undefined,
  log: Pick<FastifyBaseLogger, 'warn'>,
): Promise<Access> {
  const access = { token, sessions: new Sessions(), attempts: new FailedAttempts(log) };
  app.decorateRequest('authenticated', token === undefined);
  if (token === undefined) return access;

  const signatures = await signatureCheck(app, token, access.attempts);
  app.addHook('onRequest', async (request, reply) => {
    const call = recogniseAwsCall(request.raw);
    const bearer = bearerOf(request);
    const isOpen = request.routeOptions.config.open === true;
    if (bearer !== undefined) {
      const verdict = tryToken(bearer, request.ip, access);
      request.authenticated = verdict === 'right';
      return verdict === 'right' || isOpen ? undefined : refuseToken(reply, call, verdict);
    }
    // A cookie is for the server's own pages. Pages of other ports of this host send it too.
    if (request.asker === 'own' && access.sessions.has(sessionOf(request))) request.authenticated = true;
    if (request.authenticated || isOpen) return undefined;
    return call === undefined ? refuseToken(reply, undefined, 'missing') : signatures.begin(request, reply, call);
  });
  return access;
}

export type Verdict = 'right' | 'wrong' | { readonly waitSeconds: number };

/** Compares a token, and counts and slows down wrong ones. */
export function tryToken(text: string, address: string, { token, attempts }: Access): Verdict {
  if (token === undefined) return 'right';
  const waitSeconds = attempts.waitSeconds(address);
  // Devices of one address share its tries: a right token must not wait for those who have a wrong one. But where the
  // token can be guessed, an answer to each guess would find it.
  if (waitSeconds > 0 && token.isShort) return { waitSeconds };
  if (token.matches(text)) {
    attempts.succeeded(address);
    return 'right';
  }
  if (waitSeconds > 0) return { waitSeconds };
  attempts.failed(address);
  return 'wrong';
}

/**
 * RFC 6750, section 2.1. Clients of InfluxDB send it as `Token`, or as the password of any user (RFC 7617); of `Token` they have
 * `user:password` too. A password is for their routes only: browsers send one that they know without being asked.
 */
function bearerOf({ headers: { authorization = '' }, routeOptions }: FastifyRequest): string | undefined {
  const [, scheme = '', credentials = ''] = /^(Bearer|Token|Basic) +(\S+) *$/i.exec(authorization) ?? [];
  if (/^bearer$/i.test(scheme)) return credentials;
  if (scheme === '' || routeOptions.config.influxClients !== true) return undefined;
  const text = /^basic$/i.test(scheme) ? Buffer.from(credentials, 'base64').toString() : credentials;
  return text.slice(text.indexOf(':') + 1);
}

const HOW = 'Send it as Authorization: Bearer <token>. The server prints a token at its start if it was given none.';

export function refuseToken(
  reply: FastifyReply,
  call: AwsCall | undefined,
  verdict: Exclude<Verdict, 'right'> | 'missing',
): FastifyReply {
  if (typeof verdict === 'object') {
    const detail = `Too many wrong tokens came from this address. Try again in ${verdict.waitSeconds} s.`;
    void reply.header('retry-after', String(verdict.waitSeconds));
    return call === undefined
      ? sendProblem(reply, { status: 429, detail })
      : sendAwsError(reply, accessError(call, 'throttled', detail), call);
  }
  if (call !== undefined) {
    return sendAwsError(
      reply,
      accessError(call, 'token', 'The security token included in the request is invalid.'),
      call,
    );
  }
  const challenge = 'Bearer realm="IoT backend"';
  return verdict === 'missing'
    ? sendProblem(reply.header('www-authenticate', challenge), {
        status: 401,
        detail: `This server asks for its token. ${HOW}`,
      })
    : sendProblem(reply.header('www-authenticate', `${challenge}, error="invalid_token"`), {
        status: 401,
        detail: 'This is not the token of this server. A token that the server made is new at each start.',
      });
}

/** AWS calls that are signed with the token as the secret. The signature covers the body, so it is checked when that is there. */
async function signatureCheck(app: FastifyInstance, token: AccessToken, attempts: FailedAttempts) {
  // The signer takes its time to load, and most servers ask for no token.
  const { readSignature, SignatureFlaw, verifySignature } = await import('../aws-api/signature.ts');
  const pending = new WeakMap<FastifyRequest, { call: AwsCall; signature: ReturnType<typeof readSignature> }>();
  const refuse = (reply: FastifyReply, call: AwsCall, error: unknown) => {
    if (!(error instanceof SignatureFlaw)) throw error;
    return sendAwsError(reply, accessError(call, error.flaw, error.message), call);
  };

  app.addHook('preValidation', async (request, reply) => {
    const signed = pending.get(request);
    if (signed === undefined) return undefined;
    const waitSeconds = attempts.waitSeconds(request.ip);
    if (waitSeconds > 0 && token.isShort) return refuseToken(reply, signed.call, { waitSeconds });
    const { body } = request;
    try {
      await verifySignature(
        signed.signature,
        headOf(request),
        body instanceof Uint8Array ? body : undefined,
        token.reveal(),
      );
    } catch (error) {
      if (waitSeconds > 0) return refuseToken(reply, signed.call, { waitSeconds });
      attempts.failed(request.ip);
      return refuse(reply, signed.call, error);
    }
    attempts.succeeded(request.ip);
    request.authenticated = true;
    return undefined;
  });

  return {
    begin(request: FastifyRequest, reply: FastifyReply, call: AwsCall): FastifyReply | undefined {
      try {
        const signature = readSignature(headOf(request), Date.now());
        // S3 takes bodies that are not signed. No other service may be called with such a signature.
        if ((signature.service === 's3') !== (call.protocol === 's3')) {
          throw new SignatureFlaw(
            'invalid',
            `Credential should be scoped to the service that is called, not to '${signature.service}'.`,
          );
        }
        pending.set(request, { call, signature });
        return undefined;
      } catch (error) {
        return refuse(reply, call, error);
      }
    },
  };
}

function headOf({ method, url, host, headers }: FastifyRequest) {
  return { method, url, host, headers };
}
