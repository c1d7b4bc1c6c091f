import { describe, expect, test } from '@jest/globals';
import { dispatch } from '../../../local-server/simulator/dispatch.ts';

interface Item {
  readonly key: string;
  readonly n: number;
}

async function* items(count: number, keys: number, onTaken?: (n: number) => void): AsyncGenerator<Item> {
  for (let n = 0; n < count; n++) {
    onTaken?.(n);
    yield { key: `sensor-${n % keys}`, n };
  }
}

function dispatching(
  source: AsyncIterable<Item>,
  send: (items: readonly Item[]) => Promise<void>,
  { stop = new AbortController(), lanes = 3, capacity = 5 } = {},
) {
  return dispatch(source, { lanes, capacity, keyOf: ({ key }) => key, send, stop });
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('dispatching', () => {
  test('sends everything once, every key in order, however the requests overtake each other', async () => {
    const sent = new Map<string, number[]>();
    let calls = 0;
    await dispatching(items(1_000, 7), async (batch) => {
      for (let turns = calls++ % 5; turns > 0; turns--) await turn();
      for (const { key, n } of batch) sent.set(key, [...(sent.get(key) ?? []), n]);
    });
    expect([...sent.values()].flat()).toHaveLength(1_000);
    for (const numbers of sent.values()) expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  test('has at most one request per lane under way', async () => {
    let underWay = 0;
    let most = 0;
    await dispatching(items(500, 50), async () => {
      most = Math.max(most, ++underWay);
      await turn();
      underWay--;
    });
    expect(most).toBe(3);
  });

  test('lets the source wait while a lane is full', async () => {
    let taken = 0;
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const done = dispatching(
      items(100, 1, () => taken++),
      () => gate,
    );
    for (let turns = 0; turns < 50; turns++) await turn();
    // What is under way and what waits: at most the capacity of each.
    expect(taken).toBeLessThanOrEqual(10);
    open();
    await done;
    expect(taken).toBe(100);
  });

  test('drops what waits when it is stopped, and waits for what is under way', async () => {
    const stop = new AbortController();
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const finished: number[] = [];
    const done = dispatching(
      items(100, 1),
      async (batch) => {
        await gate;
        finished.push(...batch.map(({ n }) => n));
      },
      { stop },
    );
    for (let turns = 0; turns < 50; turns++) await turn();
    stop.abort();
    open();
    await done;
    expect(finished.length).toBeGreaterThan(0);
    expect(finished.length).toBeLessThanOrEqual(5);
  });

  test('ends with the error of a lane, and stops the others', async () => {
    const stop = new AbortController();
    const failing = dispatching(
      items(Infinity, 9),
      async (batch) => {
        await turn();
        if (batch.some(({ n }) => n > 50)) throw new Error('gone');
      },
      { stop },
    );
    await expect(failing).rejects.toThrow('gone');
    expect(stop.signal.aborted).toBe(true);
  });

  test('ends with the error of the source', async () => {
    async function* broken(): AsyncGenerator<Item> {
      yield { key: 'a', n: 0 };
      throw new Error('no such file');
    }
    await expect(dispatching(broken(), () => Promise.resolve())).rejects.toThrow('no such file');
  });
});
