/**
 * The server's event stream, kept open. The browser connects again by itself after a lost connection. Where it gives up (an answer
 * that is no stream, as from a proxy), or nothing comes although the connection seems to be open, this does.
 */

/** What a page hears: the connection, and events as the server sent them. */
export type FeedMessage = { readonly state: 'live' | 'lost' } | { readonly type: string; readonly data: string };

const RECONNECT_MILLIS = 1_000;
/** The server says `alive` every five seconds. */
const SILENT_MILLIS = 15_000;

export class FeedConnection {
  readonly #types: readonly string[];
  readonly #tell: (message: FeedMessage) => void;
  #source: EventSource | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #lastEventId = '';

  constructor(types: readonly string[], tell: (message: FeedMessage) => void) {
    this.#types = types;
    this.#tell = tell;
  }

  open(): void {
    const after = this.#lastEventId === '' ? '' : `?lastEventId=${encodeURIComponent(this.#lastEventId)}`;
    const source = new EventSource(`/events${after}`);
    this.#source = source;
    this.#heard();
    source.addEventListener('open', () => {
      this.#heard();
      this.#tell({ state: 'live' });
    });
    source.addEventListener('error', () => {
      this.#tell({ state: 'lost' });
      if (source.readyState === EventSource.CLOSED) this.#openLater();
    });
    for (const type of [...this.#types, 'alive']) {
      source.addEventListener(type, ({ data, lastEventId }: MessageEvent<string>) => {
        this.#heard();
        this.#lastEventId = lastEventId;
        if (type !== 'alive') this.#tell({ type, data });
      });
    }
  }

  close(): void {
    clearTimeout(this.#silence);
    this.#source?.close();
    this.#source = undefined;
  }

  #heard(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#tell({ state: 'lost' });
      this.close();
      this.open();
    }, SILENT_MILLIS);
  }

  #openLater(): void {
    this.close();
    this.#silence = setTimeout(() => this.open(), RECONNECT_MILLIS);
  }
}
