/** What happens in the server, as it happens. */
import type { LiveEvents } from './live-events.ts';
import { followFeed } from './shared-feed.ts';
import { Store } from './store.ts';

export interface Connection {
  readonly state: 'connecting' | 'live' | 'lost';
  /** Grows with every connection: whoever shows what the server holds asks for it again. */
  readonly epoch: number;
}

type Type = keyof LiveEvents;

export class Live {
  readonly connection = new Store<Connection>({ state: 'connecting', epoch: 0 });
  readonly #listeners = new Map<Type, Set<(data: never) => void>>();

  connect(): void {
    followFeed((message) => {
      if ('type' in message) this.#tell(message.type as Type, JSON.parse(message.data));
      else this.#is(message.state, message.state === 'live' ? 1 : 0);
    });
  }

  on<T extends Type>(type: T, listener: (data: LiveEvents[T]) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  #is(state: Connection['state'], step: number): void {
    const { state: before, epoch } = this.connection.value;
    if (before !== state || step > 0) this.connection.set({ state, epoch: epoch + step });
  }

  #tell(type: Type, data: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(data as never);
  }
}
