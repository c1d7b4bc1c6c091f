/** `GET /events`: what happens in the server, as server-sent events. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { sendProblem } from '../http/problem-details.ts';
import { readEventFilter } from '../watch/event-filter.ts';
import { type EventHub, LOG_BYTES } from '../watch/event-hub.ts';
import { eventTypes, feedEventTypes } from '../watch/event-types.ts';

const RETRY_AFTER_SECONDS = 10;

const oneOrMore = (description: string) =>
  Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())], { description }));

const EventsQuery = Type.Object({
  types: oneOrMore('Only events of these types, separated by commas. May be repeated.'),
  sensor: oneOrMore(
    'Only what is about this sensor: of `stored` its readings, of `quarantined` the records with this partition key. Other types are sent only if `types` names them. May be repeated.',
  ),
  lastEventId: Type.Optional(
    Type.String({ description: 'As the header Last-Event-ID, for clients that cannot set it. The header wins.' }),
  ),
});
const EventsHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({ description: 'Id of the last event that the client has: the feed goes on after it.' }),
  ),
});

const list = (types: Readonly<Record<string, string>>) =>
  Object.entries(types)
    .map(([type, meaning]) => `* \`${type}\`: ${meaning}`)
    .join('\n');

const description = `A feed of server-sent events. The data of each event is JSON.

${list(eventTypes)}

These types tell of the feed itself. Every watcher gets them:

${list(feedEventTypes)}

Each event has an id. A client that connects again with the last id that it has (\`Last-Event-ID\`, which browsers send by
themselves) gets everything that happened in between. The server keeps ${LOG_BYTES / 1_048_576} MiB of events, and keeps them
until a minute after the last watcher has gone. Where that is not enough, the event \`missed\` says so.`;

export function eventsRoute(hub: EventHub): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/events',
      {
        schema: {
          summary: 'What happens, as it happens',
          description,
          tags: ['pipeline'],
          querystring: EventsQuery,
          headers: EventsHeaders,
          response: {
            200: { description: 'The feed.', content: { 'text/event-stream': { schema: Type.String() } } },
            503: {
              description: 'There are too many watchers (--max-watchers).',
              content: { 'application/problem+json': { schema: Type.Any() } },
            },
          },
        },
      },
      (request, reply) => {
        const { lastEventId, types, sensor } = request.query;
        const filter = readEventFilter({ types, sensor });
        // Proxies must pass on each event at once, and as it is.
        reply.header('cache-control', 'no-store, no-transform').header('x-accel-buffering', 'no');
        if (request.method === 'HEAD') return reply.type('text/event-stream; charset=utf-8').send();
        if (hub.full) {
          return sendProblem(reply.header('retry-after', String(RETRY_AFTER_SECONDS)), {
            status: 503,
            detail: `${hub.maxWatchers} clients watch already, and there may be no more. Close one of them, or start the server with a larger --max-watchers.`,
          });
        }
        const feed = hub.subscribe({ filter, lastEventId: request.headers['last-event-id'] ?? lastEventId });
        reply.raw.once('close', () => feed.destroy());
        return reply.type('text/event-stream; charset=utf-8').send(feed);
      },
    );
    // Feeds have no end of their own: without this, closing the server would wait for the watchers.
    app.addHook('preClose', async () => hub.close());
  };
}
