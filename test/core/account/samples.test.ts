import { beforeEach, describe, expect, test } from '@jest/globals';
import { type Due, type Sample, Samples } from '../../../core/account/samples.ts';

interface Places extends Record<'archive' | 'store', object> {
  readonly archive: { readonly key: string };
  readonly store: { readonly table: string };
}

let now = 0;
beforeEach(() => {
  now = 0;
});

const sample = (n: number, bytes = 10): Sample => ({
  shardId: 's',
  sequenceNumber: String(n),
  partitionKey: `sensor-${n}`,
  data: new Uint8Array(bytes).fill(n),
});
const archive = { key: 'a' };
const store = { table: 't' };

function samplesOf(count: number, options: object = {}): Samples<Places> {
  const samples = new Samples<Places>({
    monotonic: () => now,
    maxSamples: 100,
    secondLookMillis: 1_000,
    patienceMillis: 60_000,
    ...options,
  });
  for (let n = 0; n < count; n += 1) samples.add(sample(n));
  return samples;
}

/** Samples that both consumers are done with. */
function placedSamples(count: number, options: object = {}): Samples<Places> {
  const samples = samplesOf(count, options);
  for (let n = 0; n < count; n += 1) {
    samples.placed('archive', sample(n), archive);
    samples.placed('store', sample(n), store);
  }
  return samples;
}
const numbersOf = (due: readonly Due<Places>[]) => due.map(({ sample: { sequenceNumber } }) => sequenceNumber);
const same = { archive: 'same', store: 'same' } as const;

describe('what is looked at', () => {
  test('is what both consumers are done with, a part at a time, with its places', () => {
    const samples = samplesOf(5);
    for (const n of [1, 2, 3, 4]) samples.placed('archive', sample(n), archive);
    for (const n of [0, 2, 3, 4]) samples.placed('store', sample(n), store);
    expect(numbersOf(samples.due(9))).toEqual(['2', '3', '4']);
    expect(samples.due(2)).toMatchObject([{ places: { archive, store } }, { places: { archive, store } }]);
  });

  test('is bounded in records and in bytes', () => {
    const samples = samplesOf(2, { maxSamples: 2 });
    expect(samples.add(sample(3))).toBe(false);
    const large = samplesOf(2, { maxBytes: 25 });
    expect(large.add(sample(3))).toBe(false);
    expect(large.add(sample(3, 5))).toBe(true);
  });

  test('makes room for others when it was found', () => {
    const samples = placedSamples(2, { maxSamples: 2, maxBytes: 20 });
    expect(samples.add(sample(3))).toBe(false);
    for (const due of samples.due(9)) samples.lookedAt(due.sample, same);
    expect(samples.looked).toBe(2);
    expect(samples.add(sample(3))).toBe(true);
    expect(samples.add(sample(4))).toBe(true);
  });

  test('makes room for others when the consumers do not come to it', () => {
    const samples = samplesOf(1, { maxSamples: 1 });
    now = 60_000;
    expect(samples.due(9)).toEqual([]);
    expect(samples.add(sample(1))).toBe(false);
    now = 60_001;
    expect(samples.due(9)).toEqual([]);
    expect(samples.add(sample(1))).toBe(true);
  });

  test('keeps its own bytes', () => {
    const samples = samplesOf(0);
    const sent = sample(7);
    samples.add(sent);
    sent.data.fill(0);
    samples.placed('archive', sent, archive);
    samples.placed('store', sent, store);
    expect(samples.due(1)[0]?.sample.data[0]).toBe(7);
  });

  test('leaves out a store that need not have it', () => {
    const samples = placedSamples(2);
    samples.placed('store', sample(0), null);
    samples.placed('store', sample(1), null);
    samples.placed('archive', sample(1), null);
    expect(samples.due(9)).toEqual([{ sample: sample(0), places: { archive } }]);
    samples.lookedAt(sample(0), { archive: 'same' });
    expect(samples.looked).toBe(1);
    expect(samples.due(9)).toEqual([]);
  });
});

describe('what is not found', () => {
  test('is told after a second look, and no longer when it is there after all', () => {
    const samples = placedSamples(1);
    samples.lookedAt(sample(0), { archive: 'missing', store: 'same' });
    expect(samples.misses()).toEqual([]);
    now = 999;
    expect(samples.due(9)).toEqual([]);
    now = 1_000;
    expect(numbersOf(samples.due(9))).toEqual(['0']);
    samples.lookedAt(sample(0), { archive: 'differs', store: 'same' });
    expect(samples.misses()).toEqual([
      { side: 'archive', finding: 'differs', shardId: 's', sequenceNumber: '0', partitionKey: 'sensor-0' },
    ]);
    now = 2_000;
    expect(numbersOf(samples.due(9))).toEqual(['0']);
    samples.lookedAt(sample(0), same);
    expect(samples.misses()).toEqual([]);
    expect(samples.looked).toBe(1);
    expect(samples.due(9)).toEqual([]);
  });

  test('is not counted as looked at where the store could not be asked', () => {
    const samples = placedSamples(1);
    samples.lookedAt(sample(0), { archive: 'same' });
    expect(samples.looked).toBe(0);
    now = 1_000;
    expect(numbersOf(samples.due(9))).toEqual(['0']);
    samples.lookedAt(sample(0), same);
    expect(samples.looked).toBe(1);
  });
});

test('samples are found among the records of a batch', () => {
  const samples = samplesOf(12);
  const batch = ['3', '9', '10', '12'].map((sequenceNumber) => ({ shardId: 's', sequenceNumber }));
  expect(samples.among(batch)).toEqual(batch.slice(0, 3));
  expect(samples.among(batch.map(({ sequenceNumber }) => ({ shardId: 'other', sequenceNumber })))).toEqual([]);
  expect(samples.among([])).toEqual([]);
});
