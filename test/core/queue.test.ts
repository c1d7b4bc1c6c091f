import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Queue } from '../../core/queue.ts';

function queueOf(...items: readonly number[]): Queue<number> {
  const queue = new Queue<number>();
  for (const item of items) queue.push(item);
  return queue;
}

describe('a queue', () => {
  test('is empty at first', () => {
    const queue = new Queue<number>();

    expect(queue.length).toBe(0);
    expect(queue.peek()).toBeUndefined();
    expect(queue.front(3)).toEqual([]);
  });

  test('shows its front without taking it', () => {
    const queue = queueOf(1, 2, 3);

    expect(queue.peek()).toBe(1);
    expect(queue.front(2)).toEqual([1, 2]);
    expect(queue.length).toBe(3);
  });

  test('gives what came first first', () => {
    const queue = queueOf(1, 2, 3);
    queue.drop(2);
    queue.push(4);

    expect(queue.front(10)).toEqual([3, 4]);
  });

  test('can be dropped from beyond its end, and used again', () => {
    const queue = queueOf(1, 2);
    queue.drop(5);
    expect(queue.length).toBe(0);

    queue.push(3);
    expect(queue.front(10)).toEqual([3]);
  });
});

test('it does what a plain array would do', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ drop: fc.integer({ min: 0, max: 60 }) }),
    ),
  );
  fc.assert(
    fc.property(steps, (all) => {
      const queue = new Queue<number>();
      let expected: number[] = [];
      let next = 0;
      for (const step of all) {
        if ('drop' in step) {
          queue.drop(step.drop);
          expected = expected.slice(step.drop);
        } else {
          for (const end = next + step.push; next < end; next += 1) {
            queue.push(next);
            expected.push(next);
          }
        }
        expect(queue.length).toBe(expected.length);
        expect(queue.peek()).toBe(expected[0]);
        expect(queue.front(7)).toEqual(expected.slice(0, 7));
      }
    }),
  );
});

test('it holds on to nothing that was dropped, so that a record of the stream can be forgotten', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const queue = new Queue<object>();
  const references = Array.from({ length: 100 }, () => {
    const item = {};
    queue.push(item);
    return new WeakRef(item);
  });

  queue.drop(60);
  // A WeakRef keeps its target until the end of the turn.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();

  expect(references.map((reference) => reference.deref() !== undefined)).toEqual(
    references.map((_, index) => index >= 60),
  );
  expect(queue.length).toBe(40);
});
