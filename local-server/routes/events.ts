/**
 * `GET /events`: what happens, as server-sent events: what went into the stores (stored, archived, quarantined, metrics),
 * what the consumers do (pipeline, invocation, gave-up), the lab (fleet, scoreboard, faults, clock), and missed.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { EventHub } from '../watch/event-hub.ts';

export function eventsRoute(hub: EventHub): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/events',
      { schema: { summary: 'What happens, as it happens', tags: ['pipeline'], produces: ['text/event-stream'] } },
      (_request, reply) => {
        const feed = hub.subscribe();
        reply.raw.once('close', () => feed.destroy());
        return reply.header('cache-control', 'no-store').type('text/event-stream; charset=utf-8').send(feed);
      },
    );
    // Feeds have no end of their own: without this, closing the server would wait for the watchers.
    app.addHook('preClose', async () => hub.close());
  };
}
