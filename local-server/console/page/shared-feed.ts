/** The event stream of this page: through the worker that all tabs share, or its own where the browser has no such workers. */
import { FeedConnection, type FeedMessage } from './feed-connection.ts';
import { eventTypes } from './live-events.ts';

export function followFeed(tell: (message: FeedMessage) => void): void {
  if (typeof SharedWorker === 'undefined') {
    new FeedConnection(eventTypes, tell).open();
    return;
  }
  let worker = join(tell);
  // A page that is put aside, for the back button or to save power, would let messages pile up.
  const leave = () => worker.port.postMessage('bye');
  const comeBack = () => {
    tell({ state: 'lost' });
    worker = join(tell);
  };
  addEventListener('pagehide', leave);
  addEventListener('pageshow', ({ persisted }) => persisted && comeBack());
  document.addEventListener('freeze', leave);
  document.addEventListener('resume', comeBack);
}

function join(tell: (message: FeedMessage) => void): SharedWorker {
  const worker = new SharedWorker('/console-feed.js', { type: 'module', name: 'feed' });
  worker.port.addEventListener('message', ({ data }: MessageEvent<FeedMessage>) => tell(data));
  worker.port.start();
  return worker;
}
