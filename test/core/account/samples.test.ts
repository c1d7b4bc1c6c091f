import { beforeEach, describe, expect, test } from '@jest/globals';
import { type Sample, Samples } from '../../../core/account/samples.ts';

let now = 0;
beforeEach(() => {
  now = 0;
});

const monotonic = () => now;
const sample = (n: number, bytes = 10): Sample => ({
  shardId: 's',
  sequenceNumber: String(n),
  partitionKey: `sensor-${n}`,
  data: new Uint8Array(bytes).fill(n),
});
const all = () => true;

function samplesOf(count: number, options: object = {}): Samples {
  const samples = new Samples({ monotonic, secondLookMillis: 1_000, ...options });
  for (let n = 0; n < count; n += 1) samples.add(sample(n));
  return samples;
}
const numbersOf = (due: readonly { readonly sample: Sample }[]) =>
  due.map(({ sample: { sequenceNumber } }) => sequenceNumber);

describe('what is looked at', () => {
  test('is what both consumers are done with, a part at a time', () => {
    const samples = samplesOf(5);
    expect(numbersOf(samples.due(2, ({ sequenceNumber }) => Number(sequenceNumber) > 1))).toEqual(['2', '3']);
  });

  test('is bounded in records and in bytes', () => {
    const samples = samplesOf(3, { maxSamples: 2 });
    expect(samples.waiting).toBe(2);
    const large = samplesOf(0, { maxBytes: 25 });
    for (let n = 0; n < 5; n += 1) large.add(sample(n));
    expect(large.waiting).toBe(2);
  });

  test('makes room for others when it was found', () => {
    const samples = samplesOf(2, { maxSamples: 2 });
    expect(samples.hasRoom).toBe(false);
    for (const due of samples.due(9, all)) samples.lookedAt(due.sample, { archive: 'same', store: 'same' });
    expect(samples).toMatchObject({ hasRoom: true, looked: 2, waiting: 0 });
  });

  test('keeps its own bytes', () => {
    const samples = samplesOf(0);
    const sent = sample(7);
    samples.add(sent);
    sent.data.fill(0);
    expect(samples.due(1, all)[0]?.sample.data[0]).toBe(7);
  });

  test('leaves out a store that need not have it', () => {
    const samples = samplesOf(2);
    samples.expectNot('store', 's', '0');
    samples.expectNot('store', 's', '1');
    samples.expectNot('archive', 's', '1');
    expect(samples.due(9, all)).toMatchObject([{ sample: { sequenceNumber: '0' }, sides: ['archive'] }]);
  });
});

describe('what is not found', () => {
  test('is told after a second look, and no longer when it is there after all', () => {
    const samples = samplesOf(1);
    samples.lookedAt(sample(0), { archive: 'missing', store: 'same' });
    expect(samples.misses()).toEqual([]);
    now = 999;
    expect(samples.due(9, all)).toEqual([]);
    now = 1_000;
    expect(numbersOf(samples.due(9, all))).toEqual(['0']);
    samples.lookedAt(sample(0), { archive: 'differs', store: 'same' });
    expect(samples.misses()).toEqual([
      { side: 'archive', finding: 'differs', shardId: 's', sequenceNumber: '0', partitionKey: 'sensor-0' },
    ]);
    now = 2_000;
    expect(numbersOf(samples.due(9, all))).toEqual(['0']);
    samples.lookedAt(sample(0), { archive: 'same', store: 'same' });
    expect(samples.misses()).toEqual([]);
    expect(samples.looked).toBe(1);
  });

  test('is not counted as looked at where the store could not be asked', () => {
    const samples = samplesOf(1);
    samples.lookedAt(sample(0), { archive: 'same' });
    expect(samples).toMatchObject({ looked: 0, waiting: 1 });
    now = 1_000;
    expect(numbersOf(samples.due(9, all))).toEqual(['0']);
  });
});

describe('what was found', () => {
  test('is looked at again after a while, and may be gone by then', () => {
    const samples = samplesOf(1, { againMillis: 5_000 });
    samples.lookedAt(sample(0), { archive: 'same', store: 'same' });
    now = 4_999;
    expect(samples.due(9, all)).toEqual([]);
    for (const at of [5_000, 6_000]) {
      now = at;
      expect(numbersOf(samples.due(9, all))).toEqual(['0']);
      samples.lookedAt(sample(0), { archive: 'missing', store: 'same' });
    }
    expect(samples.misses()).toMatchObject([{ side: 'archive', finding: 'missing' }]);
  });

  test('takes at most half of the room', () => {
    const samples = samplesOf(10, { maxSamples: 10, againMillis: 1 });
    for (const due of samples.due(99, all)) samples.lookedAt(due.sample, { archive: 'same', store: 'same' });
    now = 5;
    expect(numbersOf(samples.due(99, all))).toEqual(['5', '6', '7', '8', '9']);
  });
});
