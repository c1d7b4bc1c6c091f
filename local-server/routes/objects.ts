/** Objects to browse: the archive under `/archive`, what event source mappings gave up under `/failures`. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { EventArchive } from '../../core/ports.ts';
import { unpacked } from '../http/unpacked.ts';
import { sendProblem } from '../http/problem-details.ts';
import { ListQuery, ObjectParams, ObjectsReply } from '../schemas.ts';

export interface ObjectsRouteOptions {
  readonly path: '/archive' | '/failures';
  readonly archive: EventArchive;
  readonly contentType: string;
  /** What is listed where nobody asks for a prefix; everything if not given. */
  readonly defaultPrefix?: string;
  /** The objects are gzip: they are unpacked for clients that do not take gzip. */
  readonly gzip?: boolean;
}

export function objectsRoute({
  path,
  archive,
  contentType,
  defaultPrefix,
  gzip = false,
}: ObjectsRouteOptions): FastifyPluginAsyncTypebox {
  const tags = [path.slice(1)];
  return async (app) => {
    app.get(
      path,
      { schema: { summary: 'Keys in order', tags, querystring: ListQuery, response: { 200: ObjectsReply } } },
      async ({ query: { limit = 100, prefix = defaultPrefix, after } }) => {
        const { objects, more } = await archive.list({
          limit,
          ...(prefix !== undefined && { prefix }),
          ...(after !== undefined && { after }),
        });
        return { objects: [...objects], more };
      },
    );

    app.get(
      `${path}/*`,
      { schema: { summary: 'One object', tags, params: ObjectParams, produces: [contentType] } },
      async ({ params, headers, log }, reply) => {
        const key = params['*'];
        const body = await archive.get(key);
        if (body === undefined) {
          return sendProblem(reply, {
            status: 404,
            detail: `There is no object ${key}; GET ${path} lists what there is.`,
          });
        }
        reply.type(contentType);
        if (!gzip) return reply.send(body);
        reply.header('vary', 'accept-encoding');
        if (/\bgzip\b/.test(headers['accept-encoding'] ?? ''))
          return reply.header('content-encoding', 'gzip').send(body);
        const unpacking = await unpacked(body).catch((error: unknown) => error as Error);
        if (!(unpacking instanceof Error)) {
          // It has begun by then: the client sees that the answer ends early.
          unpacking.once('error', (error) => log.error({ err: error, key }, 'an object could not be unpacked'));
          return reply.send(unpacking);
        }
        const detail = `${key} cannot be unpacked (${unpacking.message}). With Accept-Encoding: gzip you get its bytes as they are stored.`;
        return sendProblem(reply, { status: 500, detail });
      },
    );
  };
}
