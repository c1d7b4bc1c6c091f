import { describe, expect, test } from '@jest/globals';
import type { InvocationOutcome } from '../../../core/event-source-mapping/decision.ts';
import { type ShardCommand, ShardConsumer } from '../../../core/event-source-mapping/shard-consumer.ts';
import { type TumblingWindow, type WindowState, stateOf } from '../../../core/event-source-mapping/tumbling-window.ts';
import type { EventSourceMappingSettings } from '../../../core/pipeline.ts';
import type { ShardPage, StreamRecord } from '../../../core/ports.ts';
import { mappingSettings } from '../../support/mapping-settings.ts';
import { bytesOf, noon, sequenceNumber, streamRecord } from '../../support/record-factory.ts';

type Work = Extract<ShardCommand, { type: 'invoke' | 'give-up' }>;

const MINUTE = 60_000;
const start = { type: 'TRIM_HORIZON' } as const;
const failed: InvocationOutcome = { type: 'function-error' };
const answer = (payload: unknown): InvocationOutcome => ({ type: 'response', payload });
const state = (n: number) => answer({ state: { n } });

/** A record that arrived so many milliseconds after noon, and is the n-th of its shard. */
function at(millis: number, n: number, data: unknown = { n }): StreamRecord {
  return streamRecord({
    arrivedAt: noon + millis,
    sequenceNumber: sequenceNumber(n),
    data: data instanceof Uint8Array ? data : bytesOf(data),
  });
}

/** One consumer with windows of a minute; time is milliseconds after noon. */
class Shard {
  readonly consumer: ShardConsumer;

  constructor(changes: Partial<EventSourceMappingSettings> = {}, window?: TumblingWindow) {
    this.consumer = new ShardConsumer(mappingSettings({ tumblingWindowInSeconds: 60, ...changes }), start, window);
  }

  /** What is handed out after these records were read. */
  read(records: readonly StreamRecord[], millis: number, changes: Partial<ShardPage> = {}): Work[] {
    this.consumer.wake();
    const work = this.work(millis);
    const page = { next: start, trimmed: 0, endOfShard: false, millisBehindLatest: 0, records, ...changes };
    this.consumer.read(page, noon + millis);
    return [...work, ...this.work(millis)];
  }

  work(millis: number): Work[] {
    return this.consumer.next(noon + millis).filter((command) => command.type !== 'read');
  }

  answered(outcome: InvocationOutcome, millis: number): Work[] {
    this.consumer.invoked(0, outcome, noon + millis);
    return this.work(millis);
  }

  get open(): WindowState | undefined {
    return this.consumer.window?.state;
  }
}

const minute = (n: number) => ({ start: noon + n * MINUTE, end: noon + (n + 1) * MINUTE });
const places = ({ records }: Work) => records.map(({ sequenceNumber: number }) => Number(number.slice(2)));
const told = ({ window }: Work) => window;
const final = { isFinalInvokeForWindow: true, isWindowTerminatedEarly: false };
const early = { isFinalInvokeForWindow: false, isWindowTerminatedEarly: true };
const neither = { isFinalInvokeForWindow: false, isWindowTerminatedEarly: false };

describe('state', () => {
  test('begins empty, and each response is what the next invocation gets', () => {
    const shard = new Shard({ batchSize: 2 });
    const [first] = shard.read([at(1_000, 1), at(2_000, 2), at(3_000, 3)], 4_000);
    expect(places(first!)).toEqual([1, 2]);
    expect(told(first!)).toEqual({ ...minute(0), state: {}, ...neither });

    const [second] = shard.answered(state(2), 4_000);
    expect(places(second!)).toEqual([3]);
    expect(told(second!)).toEqual({ ...minute(0), state: { n: 2 }, ...neither });
    expect(shard.open).toEqual({ n: 2 });
  });

  test.each([
    ['nothing', null],
    ['an object without it', {}],
    ['null for it', { state: null }],
    ['a text for it', { state: 'n' }],
    ['a list for it', { state: [1] }],
    ['one that no event can hold', { state: { text: 'x'.repeat(6 * 1_048_576) } }],
  ])('a response with %s is a failure: the retry gets the state from before', (_name, payload) => {
    const shard = new Shard({ batchSize: 1 });
    shard.read([at(0, 1), at(1, 2)], 1);
    shard.answered(state(1), 1);
    expect(shard.answered(answer(payload), 1)).toEqual([]);

    const [retry] = shard.work(1_000);
    expect(places(retry!)).toEqual([2]);
    expect(told(retry!)?.state).toEqual({ n: 1 });
    expect(retry!.attempts.failures).toBe(1);
    expect(stateOf(payload)).toBeUndefined();
  });

  test('of a partial response holds what is done; of one that names the first record it is not taken', () => {
    const shard = new Shard({ reportBatchItemFailures: true });
    shard.read([at(0, 1), at(1, 2), at(2, 3)], 2);
    const reporting = (n: number, count: number) =>
      answer({ state: { n: count }, batchItemFailures: [{ itemIdentifier: sequenceNumber(n) }] });

    shard.answered(reporting(2, 1), 2);
    const [rest] = shard.work(1_000);
    expect([places(rest!), told(rest!)?.state]).toEqual([[2, 3], { n: 1 }]);
    shard.answered(reporting(2, 99), 1_000);
    const [again] = shard.work(10_000);
    expect([places(again!), told(again!)?.state]).toEqual([[2, 3], { n: 1 }]);
  });

  test('of a partial response that has none: the whole batch is tried again', () => {
    const shard = new Shard({ reportBatchItemFailures: true });
    shard.read([at(0, 1), at(1, 2)], 2);
    shard.answered(answer({ batchItemFailures: [{ itemIdentifier: sequenceNumber(2) }] }), 2);
    expect(places(shard.work(1_000)[0]!)).toEqual([1, 2]);
  });

  test('goes through the halves of a bisected batch, and past records that are given up', () => {
    const shard = new Shard({ bisectBatchOnFunctionError: true, maximumRetryAttempts: 0 });
    shard.read([at(0, 1), at(1, 2)], 2);
    const [left] = shard.answered(failed, 2);
    expect([places(left!), told(left!)?.state]).toEqual([[1], {}]);
    const [right] = shard.answered(state(1), 2);
    expect([places(right!), told(right!)?.state]).toEqual([[2], { n: 1 }]);
    const [givenUp] = shard.answered(failed, 2);
    expect(givenUp).toMatchObject({ type: 'give-up', window: { state: { n: 1 } } });
    shard.consumer.givenUp(0, true, noon + 2);
    expect(shard.open).toEqual({ n: 1 });
  });
});

describe('a window', () => {
  test('never shares a batch with another, and is closed by an invocation without records', () => {
    const shard = new Shard();
    const [first] = shard.read([at(59_998, 1), at(59_999, 2), at(60_000, 3)], MINUTE);
    expect(places(first!)).toEqual([1, 2]);

    const [closing] = shard.answered(state(2), MINUTE);
    expect(closing).toMatchObject({ type: 'invoke', records: [] });
    expect(told(closing!)).toEqual({ ...minute(0), state: { n: 2 }, ...final });

    // AWS's own example returns the answer of DynamoDB here, which has no state.
    const [next] = shard.answered(answer({}), MINUTE);
    expect([places(next!), told(next!)]).toEqual([[3], { ...minute(1), state: {}, ...neither }]);
    expect(shard.consumer.window).toEqual(minute(0));
  });

  test('goes out without waiting for the batching window when a later record was read', () => {
    const shard = new Shard({ maximumBatchingWindowInSeconds: 300 });
    expect(shard.read([at(30_000, 1)], 30_000)).toEqual([]);
    expect(shard.read([at(60_000, 2)], 60_000).map(places)).toEqual([[1]]);
  });

  test('is over two minutes after its last record, when the tip was read since its end', () => {
    const shard = new Shard();
    shard.read([at(1_000, 1)], 1_000);
    shard.answered(state(1), 1_000);
    expect(shard.read([], 61_000)).toEqual([]);
    expect(shard.read([], 120_999)).toEqual([]);
    expect(shard.read([], 121_000, { millisBehindLatest: 5 })).toEqual([]);
    expect(shard.read([], 121_000).map(told)).toEqual([{ ...minute(0), state: { n: 1 }, ...final }]);
  });

  test('is not over before its end, however long nothing comes', () => {
    const shard = new Shard({ tumblingWindowInSeconds: 900 });
    shard.read([at(0, 1)], 0);
    shard.answered(state(1), 0);
    expect(shard.read([], 899_999)).toEqual([]);
    expect(shard.read([], 900_000)).toHaveLength(1);
  });

  test('takes in records that are read late, while a backlog is worked off', () => {
    const shard = new Shard();
    shard.read([at(0, 1)], 10 * MINUTE, { millisBehindLatest: 1 });
    shard.answered(state(1), 10 * MINUTE);
    expect(shard.read([at(59_000, 2)], 20 * MINUTE).map(told)).toEqual([{ ...minute(0), state: { n: 1 }, ...neither }]);
  });

  test('is over when the shard ends, and the shard is not finished before', () => {
    const shard = new Shard();
    shard.read([at(0, 1)], 0, { endOfShard: true });
    const [closing] = shard.answered(state(1), 0);
    expect(told(closing!)).toMatchObject({ state: { n: 1 }, ...final });
    expect(shard.consumer.finished).toBe(false);
    shard.answered(answer(null), 0);
    expect(shard.consumer.finished).toBe(true);
  });

  test.each([
    ['filtered out', { filterCriteria: { filters: [{ pattern: '{"data":{"n":[7]}}' }] } }, 0],
    ['given up', { maximumRetryAttempts: 0 }, 1],
  ])('of which every record is %s has no final invocation', (_name, changes, invocations) => {
    const shard = new Shard(changes);
    const work = shard.read([at(0, 1)], 0);
    expect(work).toHaveLength(invocations);
    if (invocations > 0) {
      shard.answered(failed, 0);
      shard.consumer.givenUp(0, true, noon);
    }
    expect(shard.read([], 10 * MINUTE)).toEqual([]);
    expect(shard.consumer.window).toBeUndefined();
  });

  test('is closed by a later record that no filter lets through', () => {
    const shard = new Shard({ filterCriteria: { filters: [{ pattern: '{"data":{"n":[1]}}' }] } });
    shard.read([at(0, 1)], 0);
    shard.answered(state(1), 0);
    expect(shard.read([at(60_000, 2)], 60_000).map(told)).toMatchObject([final]);
  });

  test('takes in a record that is late; after the window was closed it counts to the next one', () => {
    const shard = new Shard();
    shard.read([at(70_000, 1), at(50_000, 2)], 70_000);
    shard.answered(state(2), 70_000);
    expect(shard.consumer.window).toEqual({ ...minute(1), state: { n: 2 } });
    expect(shard.read([at(120_000, 3)], 120_000).map(told)).toMatchObject([final]);
    shard.answered(answer(null), 120_000);
    shard.answered(failed, 120_000);

    const restarted = new Shard({}, minute(1));
    expect(restarted.read([at(110_000, 9)], 130_000).map(told)).toEqual([{ ...minute(2), state: {}, ...neither }]);
  });

  test('is the rest of a restart: the state goes on, and the wait for records begins again', () => {
    const shard = new Shard({}, { ...minute(0), state: { n: 5 } });
    expect(shard.read([], 100 * MINUTE)).toEqual([]);
    expect(shard.read([at(10, 6)], 100 * MINUTE + 1).map(told)).toEqual([
      { ...minute(0), state: { n: 5 }, ...neither },
    ]);
    shard.answered(state(6), 100 * MINUTE + 1);
    expect(shard.read([], 102 * MINUTE + 1).map(told)).toMatchObject([{ state: { n: 6 }, ...final }]);
  });
});

describe('a final invocation that fails', () => {
  test.each([
    ['throws', failed, {}],
    ['is throttled', { type: 'not-invoked' } as const, {}],
    ['reports a failure', answer({ batchItemFailures: [{ itemIdentifier: 'x' }] }), { reportBatchItemFailures: true }],
  ])('because it %s is tried again without limit, and the next window waits', (_name, outcome, changes) => {
    const shard = new Shard({ maximumRetryAttempts: 0, ...changes });
    shard.read([at(0, 1), at(60_000, 2)], 60_000);
    shard.answered(state(1), 60_000);
    let now = 60_000;
    for (let tries = 0; tries < 20; tries += 1) {
      expect(shard.answered(outcome, now)).toEqual([]);
      now += 30_000;
      expect(shard.work(now).map(told)).toMatchObject([{ ...minute(0), state: { n: 1 }, ...final }]);
    }
    expect(shard.answered(answer(null), now).map(places)).toEqual([[2]]);
  });

  test('does not keep records behind it from being given up by age', () => {
    const shard = new Shard({ maximumRecordAgeInSeconds: 60 });
    shard.read([at(0, 1), at(60_000, 2)], 60_000);
    shard.answered(state(1), 60_000);
    shard.answered(failed, 120_000);
    expect(shard.work(120_200).map(told)).toMatchObject([final]);
    const [work] = shard.answered(failed, 120_201);
    expect(work).toMatchObject({ type: 'give-up', condition: 'RecordAgeExceeded', window: minute(1) });
    shard.consumer.givenUp(0, true, noon + 120_202);
    expect(shard.open).toEqual({ n: 1 });
  });
});

describe('a state of more than 1 MB', () => {
  const large = { state: { text: 'x'.repeat(1_048_577) } };

  test('ends the window early: one invocation with it, and the window goes on with an empty one', () => {
    const shard = new Shard({ batchSize: 1 });
    shard.read([at(0, 1), at(1, 2)], 1);
    const [closing] = shard.answered(answer(large), 1);
    expect(closing).toMatchObject({ records: [], window: { ...minute(0), ...large, ...early } });
    expect(shard.answered(answer(null), 1)).toEqual([]); // Without a state it failed.
    shard.work(1_000);
    const [next] = shard.answered(state(0), 1_000);
    expect([places(next!), told(next!)]).toEqual([[2], { ...minute(0), state: {}, ...neither }]);
    shard.answered(state(1), 1_000);
    expect(shard.read([at(60_000, 3)], 60_000).map(told)).toEqual([{ ...minute(0), state: { n: 1 }, ...final }]);
  });

  test('is not what 1 MB is', () => {
    const shard = new Shard();
    shard.read([at(0, 1)], 1);
    const text = 'x'.repeat(1_048_576 - '{"text":""}'.length);
    expect(shard.answered(answer({ state: { text } }), 1)).toEqual([]);
  });
});

describe('the 6 MB of an event', () => {
  const bytes = (base64: number) => new Uint8Array((base64 / 4) * 3);
  const state1MB = answer({ state: { text: 'x'.repeat(1_000_000) } });

  test('hold the state too: batches get smaller', () => {
    const shard = new Shard({ batchSize: 1 });
    const records = Array.from({ length: 12 }, (_, n) => at(n + 1, n + 2, bytes(1_000_000)));
    shard.read([at(0, 1)], 20);
    expect(shard.answered(state1MB, 20)).toEqual([]);
    const wide = new Shard({ batchSize: 100 }, shard.consumer.window);
    const [batch] = wide.read(records, 20);
    expect(batch!.records).toHaveLength(5);
    expect(new Shard({ batchSize: 100 }).read(records, 20)[0]!.records).toHaveLength(6);
  });

  test('hold the rest of a batch beside a state that has grown', () => {
    const shard = new Shard({ reportBatchItemFailures: true });
    const [batch] = shard.read(
      [at(0, 1), ...Array.from({ length: 6 }, (_, n) => at(n + 1, n + 2, bytes(1_000_000)))],
      20,
    );
    expect(batch!.records).toHaveLength(7);
    const partial = {
      state: { text: 'x'.repeat(1_000_000) },
      batchItemFailures: [{ itemIdentifier: sequenceNumber(2) }],
    };
    shard.answered(answer(partial), 20);
    expect(places(shard.work(1_000)[0]!)).toEqual([2, 3, 4, 5, 6]);
    expect(places(shard.answered(state(6), 1_000)[0]!)).toEqual([7]);
  });

  test('hold a large record after the window was ended early, and no record that is larger than an event', () => {
    const shard = new Shard({ batchSize: 1 });
    shard.read([at(0, 1), at(1, 2, bytes(6_000_000)), at(2, 3, bytes(6_400_000))], 20);
    expect(shard.answered(state1MB, 20).map(told)).toMatchObject([early]);
    expect(shard.answered(state(0), 20).map(places)).toEqual([[2]]);
    expect(shard.answered(state(1), 20)).toMatchObject([{ type: 'give-up', condition: 'RetryAttemptsExhausted' }]);
  });
});
