/** `GET /scoreboard`: what became of everything that the current fleet has sent, or the last one. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Scoreboard } from '../scoreboard/scoreboard.ts';
import { ScoreReply } from '../lab/schemas.ts';

export function scoreboardRoute(scoreboard: Scoreboard): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/scoreboard',
      {
        schema: {
          summary: 'What the stores hold of the current fleet run, or of the last one',
          tags: ['lab'],
          response: { 200: ScoreReply },
        },
      },
      () => scoreboard.read(),
    );
  };
}
