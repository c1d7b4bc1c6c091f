/** What `GET /events` has told since it was opened. */
import { EventReader } from './server-sent-events.ts';

export interface EventFeed {
  of<Data = Record<string, unknown>>(type: string): Data[];
  readonly lastEventId: string;
  close(): Promise<void>;
}

export async function watchEvents(
  server: string,
  query = '',
  headers: Record<string, string> = {},
): Promise<EventFeed> {
  const stop = new AbortController();
  const response = await fetch(`${server}/events${query}`, { signal: stop.signal, headers });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  const reader = new EventReader();
  const events: { readonly type: string; readonly data: unknown }[] = [];
  const reading = (async () => {
    for await (const chunk of response.body!) events.push(...reader.read(chunk as Uint8Array));
  })().catch(() => undefined); // Ended by `close`, or by the server.
  return {
    of: <Data>(type: string) => events.filter((event) => event.type === type).map(({ data }) => data as Data),
    get lastEventId() {
      return reader.lastEventId;
    },
    close: async () => {
      stop.abort();
      await reading;
    },
  };
}
