import { describe, expect, test } from '@jest/globals';
import {
  type BatchTree,
  isOpen,
  MAX_TREES,
  type Piece,
  withGivenUp,
  withInvocation,
  withPipeline,
} from '../../local-server/console/page/bisection.ts';
import type { Decision } from '../../core/event-source-mapping/decision.ts';
import type { InvocationEvent, PipelineState } from '../../local-server/console/page/wire.ts';

const attempts = { failures: 1, refusals: 0, invocations: 1 };
const lane = { mapping: 'store', shardId: 'shard-0', lane: 0 };
const bisect = (leftCount: number): Decision => ({ type: 'bisect', done: 0, leftCount, attempts });
const retry = (done: number): Decision => ({ type: 'retry', done, attempts, delayMillis: 200 });
const advance = (done: number): Decision => ({ type: 'advance', done });

const invocation = (first: string, records: number, decision: Decision): InvocationEvent => ({
  ...{ ...lane, at: 0, durationMillis: 1 },
  ...{ firstSequenceNumber: first, records, decision },
});

const after = (...events: readonly InvocationEvent[]) =>
  events.reduce<readonly BatchTree[]>((trees, event) => withInvocation(trees, event), []);

/** `8(4:done 4(2:done 2:waiting))` */
function draw({ records, state, halves }: Piece): string {
  return halves.length > 0 ? `${records}(${halves.map(draw).join(' ')})` : `${records}:${state.type}`;
}

const drawn = (trees: readonly BatchTree[]) => trees.map(({ root }) => draw(root));

describe('the tree of a failing batch', () => {
  test('does not begin with a batch that succeeds', () => {
    expect(after(invocation('1', 8, advance(8)))).toEqual([]);
  });

  test('has two halves where it was bisected, the left one next', () => {
    const events = [invocation('1', 8, bisect(4)), invocation('1', 4, advance(4)), invocation('5', 4, bisect(2))];
    expect(drawn(after(...events))).toEqual(['8(4:done 4(2:waiting 2:waiting))']);
  });

  test('takes pieces in front of a reported one for done, as not every success is told', () => {
    const events = [invocation('1', 8, bisect(4)), invocation('5', 4, retry(0))];
    expect(drawn(after(...events))).toEqual(['8(4:done 4:retrying)']);
  });

  test('is split where the front of a batch was done', () => {
    expect(drawn(after(invocation('1', 8, retry(3))))).toEqual(['8(3:done 5:retrying)']);
  });

  test('ends when the lane has gone on to another batch, and another tree begins', () => {
    const trees = after(invocation('1', 8, retry(0)), invocation('20', 6, retry(0)));
    expect(drawn(trees)).toEqual(['6:retrying', '8:done']);
    expect(trees.map(({ root }) => isOpen(root))).toEqual([true, false]);
  });

  test('says under which key the failure destination has what was given up', () => {
    const failing = after(invocation('1', 2, bisect(1)), invocation('1', 1, retry(0)));
    const gaveUp = { ...lane, key: 'k', condition: 'RecordAgeExceeded', records: 1, firstSequenceNumber: '1' } as const;
    const [tree] = withGivenUp(failing, gaveUp);
    expect(tree?.root.halves[0]?.state).toEqual({ type: 'given-up', condition: 'RecordAgeExceeded', key: 'k' });
    expect(draw(tree!.root)).toBe('2(1:given-up 1:waiting)');
  });

  test('loses from its front what expires, and goes on with the rest', () => {
    const gaveUp = { ...lane, key: 'k', condition: 'RecordAgeExceeded', records: 3, firstSequenceNumber: '1' } as const;
    expect(drawn(withGivenUp(after(invocation('1', 8, retry(0))), gaveUp))).toEqual(['8(3:given-up 5:waiting)']);
  });

  test('is settled when the lane has no open batch any more', () => {
    const state = (pieces: readonly object[]) =>
      ({
        mappings: [{ name: 'store', shards: [{ shardId: 'shard-0', lanes: [{ waiting: 0, inFlight: 0, pieces }] }] }],
      }) as unknown as PipelineState;
    const trees = after(invocation('1', 8, bisect(4)));
    expect(withPipeline(trees, state([{ count: 4 }, { count: 4 }]))).toBe(trees);
    expect(drawn(withPipeline(trees, state([])))).toEqual(['8(4:done 4:done)']);
  });

  test('is forgotten when enough others came after it', () => {
    const events = Array.from({ length: MAX_TREES + 3 }, (_, n) => invocation(String(n * 100), n + 2, retry(0)));
    expect(after(...events)).toHaveLength(MAX_TREES);
    expect(new Set(after(...events).map(({ id }) => id)).size).toBe(MAX_TREES);
  });
});
