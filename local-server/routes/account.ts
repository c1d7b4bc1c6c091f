/** `GET /account`: what became of every record that the server accepted or its consumers read. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { AccountState } from '../account/account-state.ts';
import { AccountReply } from '../schemas.ts';

export function accountRoute(state: AccountState): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/account',
      {
        schema: {
          summary: 'What became of every record since the server started, and whether one is lost',
          tags: ['pipeline'],
          response: { 200: AccountReply },
        },
      },
      () => state.read(),
    );
  };
}
