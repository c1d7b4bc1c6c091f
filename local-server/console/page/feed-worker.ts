/**
 * A shared worker: one event stream for all tabs of a browser. A browser opens at most six connections to a server, and a stream of its
 * own in each tab would block the seventh tab and every request of it.
 */
import { FeedConnection, type FeedMessage } from './feed-connection.ts';
import { eventTypes } from './live-events.ts';

const ports = new Set<MessagePort>();
let state: 'live' | 'lost' | undefined;

const connection = new FeedConnection(eventTypes, (message) => {
  if ('state' in message) state = message.state;
  for (const port of ports) port.postMessage(message);
});

addEventListener('connect', (event) => {
  const [port] = (event as MessageEvent).ports;
  if (port === undefined) return;
  ports.add(port);
  // The one message of a page: it goes.
  port.addEventListener('message', () => {
    ports.delete(port);
    if (ports.size > 0) return;
    connection.close();
    state = undefined;
  });
  port.start();
  if (ports.size === 1) connection.open();
  else if (state !== undefined) port.postMessage({ state } satisfies FeedMessage);
});
