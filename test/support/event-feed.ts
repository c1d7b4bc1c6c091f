/** What `GET /events` has told since it was opened. */
export interface EventFeed {
  of<Data = Record<string, unknown>>(type: string): Data[];
  close(): Promise<void>;
}

export async function watchEvents(server: string): Promise<EventFeed> {
  const stop = new AbortController();
  const response = await fetch(`${server}/events`, { signal: stop.signal });
  const events: { readonly type: string; readonly data: unknown }[] = [];
  const reading = (async () => {
    let rest = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, type, data] = /^event: (.+)\ndata: (.+)$/.exec(block) ?? [];
        if (type !== undefined && data !== undefined) events.push({ type, data: JSON.parse(data) });
      }
    }
  })().catch(() => undefined); // Ended by `close`, or by the server.
  return {
    of: <Data>(type: string) => events.filter((event) => event.type === type).map(({ data }) => data as Data),
    close: async () => {
      stop.abort();
      await reading;
    },
  };
}
