/**
 * Several requests in flight, and still every device in order: a device belongs to one lane, and a lane has one request
 * under way at a time. What cannot be sent yet waits in a short queue per lane; when one is full the source waits, so
 * memory is bounded however slow the server is.
 */
export interface DispatchOptions<Item> {
  readonly lanes: number;
  /** Most items that wait in a lane, and that are handed to `send` at once. */
  readonly capacity: number;
  /** Items of the same key keep their order. */
  readonly keyOf: (item: Item) => string;
  /** Never called with nothing; a rejection ends the dispatch. */
  readonly send: (items: readonly Item[]) => Promise<void>;
  /** When it aborts, what waits is dropped and what is under way is waited for. Aborted here when a lane fails. */
  readonly stop: AbortController;
}

/** Resolves when everything is sent, or stopped. @throws the first error of the source or of `send`. */
export async function dispatch<Item>(source: AsyncIterable<Item>, options: DispatchOptions<Item>): Promise<void> {
  const { lanes, capacity, keyOf, send, stop } = options;
  const queues = Array.from({ length: lanes }, () => new LaneQueue<Item>(capacity));
  const discard = () => queues.forEach((queue) => queue.discard());
  stop.signal.addEventListener('abort', discard);

  const feed = async () => {
    for await (const item of source) {
      if (stop.signal.aborted) break;
      const queue = queues[laneOf(keyOf(item), lanes)];
      if (queue?.push(item) === false) await queue.room();
    }
    queues.forEach((queue) => queue.close());
  };
  const drain = async (queue: LaneQueue<Item>) => {
    for (let items = await queue.take(); items.length > 0; items = await queue.take()) await send(items);
  };
  const failures: unknown[] = [];
  const work = [feed(), ...queues.map(drain)].map((task) =>
    task.catch((error: unknown) => {
      failures.push(error);
      stop.abort();
    }),
  );
  await Promise.all(work);
  stop.signal.removeEventListener('abort', discard);
  if (failures.length > 0) throw failures[0];
}

/** Consecutive names (`sensor-1`, `sensor-2`, …) fall on consecutive lanes. */
function laneOf(key: string, lanes: number): number {
  let hash = 0;
  for (let index = 0; index < key.length; index++) hash = (Math.imul(hash, 31) + key.charCodeAt(index)) >>> 0;
  return hash % lanes;
}

/** One that puts, one that takes. */
class LaneQueue<Item> {
  readonly #capacity: number;
  #items: Item[] = [];
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Whether there is room for more after this one. */
  push(item: Item): boolean {
    if (this.#closed) return true;
    this.#items.push(item);
    this.#changed();
    return this.#items.length < this.#capacity;
  }

  async room(): Promise<void> {
    while (!this.#closed && this.#items.length >= this.#capacity) await this.#change();
  }

  /** Everything that waits, at least one; nothing once the queue is closed and empty. */
  async take(): Promise<readonly Item[]> {
    while (!this.#closed && this.#items.length === 0) await this.#change();
    const taken = this.#items;
    this.#items = [];
    this.#changed();
    return taken;
  }

  close(): void {
    this.#closed = true;
    this.#changed();
  }

  discard(): void {
    this.#items = [];
    this.close();
  }

  /** Never both wait: one waits for a full queue to empty, the other for an empty one to fill. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #changed(): void {
    this.#wake();
  }
}
