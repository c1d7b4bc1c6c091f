import { expect, test } from '@jest/globals';
import { readyShards } from '../../../core/event-source-mapping/ready-shards.ts';
import type { Shard } from '../../../core/ports.ts';

function shard(shardId: string, ...parentShardIds: readonly string[]): Shard {
  return { shardId, parentShardIds, startingHashKey: '0', endingHashKey: '1', startingSequenceNumber: '0' };
}

/** The ids of those that may be read, given those that were read to their end. */
function ready(shards: readonly Shard[], ...finished: readonly string[]): string[] {
  return readyShards(shards, new Set(finished), new Set(finished)).map(({ shardId }) => shardId);
}

const split = [shard('parent'), shard('left', 'parent'), shard('right', 'parent'), shard('other')];
const merged = [shard('a'), shard('b'), shard('ab', 'a', 'b')];

test('shards without parents may be read at once, in the order listed', () => {
  expect(ready([shard('b'), shard('a')])).toEqual(['b', 'a']);
});

test('after a split the children wait until their parent is read to its end; others do not wait', () => {
  expect(ready(split)).toEqual(['parent', 'other']);
  expect(ready(split, 'parent')).toEqual(['left', 'right', 'other']);
});

test('after a merge the child waits for both parents', () => {
  expect(ready(merged, 'a')).toEqual(['b']);
  expect(ready(merged, 'a', 'b')).toEqual(['ab']);
});

test('a grandchild waits for the child in between', () => {
  const generations = [shard('1'), shard('2', '1'), shard('3', '2')];

  expect(ready(generations, '1')).toEqual(['2']);
  expect(ready(generations, '1', '2')).toEqual(['3']);
});

test('a parent that is not listed any more has expired, and nobody waits for it', () => {
  expect(ready([shard('child', 'expired')])).toEqual(['child']);
});

test('a parent that has expired while its consumer is not done is waited for', () => {
  const shards = [shard('child', 'expired')];
  expect(readyShards(shards, new Set(), new Set(['expired']))).toEqual([]);
  expect(readyShards(shards, new Set(['expired']), new Set(['expired']))).toEqual(shards);
});

test('what is read to its end is not read again', () => {
  expect(ready([shard('a'), shard('b')], 'a', 'b')).toEqual([]);
});
