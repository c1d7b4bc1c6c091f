/**
 * `/session`: a browser logs in with the token and gets a cookie; other clients send the token with each request. Pages of
 * other origins reach none of it but `GET` (http/origins.ts), so nobody is logged in or out by a page.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Access, refuseToken, tryToken } from '../http/access.ts';
import { sessionCookie, sessionOf } from '../http/sessions.ts';
import { LogIn, SessionReply } from '../schemas.ts';

const MAX_BODY_BYTES = 4_096;

export function sessionRoute(access: Access): FastifyPluginAsyncTypebox {
  const { token, sessions } = access;
  const tags = ['session'];
  const config = { open: true };
  return async (app) => {
    app.addHook('onRequest', async (_request, reply) => {
      void reply.header('cache-control', 'no-store');
    });
    app.get(
      '/session',
      {
        config,
        schema: { summary: 'Whether the server asks for a token, and has it', tags, response: { 200: SessionReply } },
      },
      ({ authenticated }) => ({ tokenRequired: token !== undefined, authenticated }),
    );
    app.post(
      '/session',
      {
        config,
        bodyLimit: MAX_BODY_BYTES,
        schema: { summary: 'Log a browser in, with a cookie', tags, body: LogIn, response: { 200: SessionReply } },
      },
      async (request, reply) => {
        const verdict = tryToken(request.body.token.trim(), request.ip, access);
        if (verdict !== 'right') return refuseToken(reply, undefined, verdict);
        if (token !== undefined) void reply.header('set-cookie', sessionCookie(request, sessions.begin()));
        return { tokenRequired: token !== undefined, authenticated: true };
      },
    );
    app.delete('/session', { config, schema: { summary: 'Log a browser out', tags } }, async (request, reply) => {
      sessions.end(sessionOf(request));
      return reply.code(204).header('set-cookie', sessionCookie(request, undefined)).send();
    });
  };
}
