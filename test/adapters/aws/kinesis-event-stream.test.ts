/** What the stream makes of an unreliable Kinesis: kinesalite behind the fault proxy, in virtual time. */
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KinesisEventStream } from '../../../adapters/aws/kinesis-event-stream.ts';
import { Backoff } from '../../../adapters/aws/backoff.ts';
import { OrderedPut } from '../../../adapters/aws/ordered-put.ts';
import { KinesisShardReader } from '../../../adapters/aws/kinesis-shard-reader.ts';
import type { PutOutcome, StreamEvent, StreamRecord } from '../../../core/ports.ts';
import { compareSequenceNumbers } from '../../../core/sequence-number.ts';
import { range, uniqueName } from '../../contracts/harness.ts';
import { useEngineBehindProxy } from '../../support/engine-behind-proxy.ts';
import {
  calls,
  chosenBy,
  cutAfter,
  cutBefore,
  hangAfter,
  hangBefore,
  internalFailure,
  inTurn,
  refuse,
  throttle,
} from '../../support/fault-proxy/actions.ts';
import { jsonOf } from '../../support/fault-proxy/answer.ts';
import type { Action } from '../../support/fault-proxy/fault-proxy.ts';
import { failRecords, kinesisLimits } from '../../support/fault-proxy/kinesis-rules.ts';
import { FixedClock } from '../../support/fixed-clock.ts';
import { createStream, startKinesalite } from '../../support/kinesalite.ts';
import { streamEvent } from '../../support/record-factory.ts';
import { Tape } from '../../support/tape.ts';

const streamName = 'events';
const putRecords = calls('kinesis', 'PutRecords');

const engine = useEngineBehindProxy({
  start: startKinesalite,
  limits: kinesisLimits,
  createClient: (options) => new KinesisClient(options),
  prepare: (client) => createStream(client, streamName, 2),
});

/** A stream whose pauses pass at once, and the clock that they move. */
function setUp(options: { client?: KinesisClient; leastCallMillis?: number } = {}): {
  clock: FixedClock;
  stream: KinesisEventStream;
} {
  const clock = new FixedClock();
  const stream = new KinesisEventStream({
    client: engine().client,
    streamName,
    monotonic: () => clock.now(),
    random: () => 0.5,
    sleep: async (millis) => clock.advance(millis),
    ...options,
  });
  return { clock, stream };
}

/** What the stream holds under the keys, in the order of the shards. */
async function recordsOf(keys: readonly string[]): Promise<readonly StreamRecord[]> {
  const reader = new KinesisShardReader({ client: engine().client, streamName });
  const shards = await reader.listShards();
  const pages = await Promise.all(shards.map(({ shardId }) => reader.read(shardId, { type: 'TRIM_HORIZON' }, 10_000)));
  return pages.flatMap(({ records }) => records).filter(({ partitionKey }) => keys.includes(partitionKey));
}

function textOf({ data }: Pick<StreamEvent, 'data'>): string {
  return Buffer.from(data).toString();
}

function textsOf(events: readonly StreamEvent[], key: string): string[] {
  return events.filter(({ partitionKey }) => partitionKey === key).map(textOf);
}

/** Events of some keys, each with a text of its own, as fast-check chose the keys. */
function eventsOf(choices: readonly number[]): { keys: readonly string[]; events: readonly StreamEvent[] } {
  const keys = range(5).map(() => uniqueName('device'));
  return { keys, events: choices.map((key, index) => streamEvent(keys[key]!, `${index}`)) };
}

const choices = fc.array(fc.nat(4), { minLength: 1, maxLength: 40 });
const tapes = fc.array(fc.nat(1_000), { maxLength: 60 });

/** Faults that say what happened, so that nothing need come twice. */
function answered(tape: Tape): Action[] {
  return [throttle, internalFailure, cutBefore, failRecords(() => tape.choose(2) === 1)];
}

/** Faults after which the caller cannot know. */
const unanswered: readonly Action[] = [cutAfter, hangBefore, hangAfter];

describe('whatever fails', () => {
  test('each event is taken once and in the order of its key where every failure is told', async () => {
    await fc.assert(
      fc.asyncProperty(choices, tapes, async (chosen, choicesOfFate) => {
        const { keys, events } = eventsOf(chosen);
        const tape = new Tape(choicesOfFate);
        engine().proxy.rules = [chosenBy(tape, putRecords, answered(tape))];
        const { stream } = setUp();
        const outcomes = await stream.put(events, { remainingMillis: () => Infinity });

        const records = await recordsOf(keys);
        for (const key of keys) expect(textsOf(records, key)).toEqual(textsOf(events, key));
        const byNumber = new Map(records.map((record) => [record.sequenceNumber, record]));
        expect(outcomes.map((outcome) => textOf(byNumber.get(numberOf(outcome))!))).toEqual(events.map(textOf));
      }),
      { numRuns: 25 },
    );
  });

  test('nothing is lost or overtaken where answers are lost, and a repeat follows what it repeats', async () => {
    await fc.assert(
      fc.asyncProperty(choices, tapes, async (chosen, choicesOfFate) => {
        const { keys, events } = eventsOf(chosen);
        const tape = new Tape(choicesOfFate.slice(0, 12));
        engine().proxy.rules = [chosenBy(tape, putRecords, [...unanswered, ...answered(tape)])];
        const { stream } = setUp({ client: engine().hasty });
        const outcomes = await stream.put(events, { remainingMillis: () => Infinity });

        expect(outcomes.every(({ taken }) => taken)).toBe(true);
        const records = await recordsOf(keys);
        for (const key of keys) {
          const texts = textsOf(records, key).filter((text, at, all) => text !== all[at - 1]);
          expect(texts).toEqual(textsOf(events, key));
        }
      }),
      { numRuns: 15 },
    );
  });

  test('the time that is left is heeded: what was taken of a key is its beginning, and the rest is answered with a reason', async () => {
    await fc.assert(
      fc.asyncProperty(choices, tapes, fc.nat(1_000), async (chosen, choicesOfFate, millis) => {
        const { keys, events } = eventsOf(chosen);
        const tape = new Tape(choicesOfFate);
        engine().proxy.rules = [chosenBy(tape, putRecords, answered(tape))];
        const { clock, stream } = setUp();
        const deadline = clock.now() + millis;
        const outcomes = await stream.put(events, { remainingMillis: () => deadline - clock.now() });

        expect(clock.now()).toBeLessThanOrEqual(deadline);
        expect(outcomes).toHaveLength(events.length);
        const records = await recordsOf(keys);
        for (const key of keys) {
          const ofKey = outcomes.filter((_, index) => events[index]!.partitionKey === key);
          const taken = ofKey.filter((outcome) => outcome.taken);
          expect(ofKey.slice(0, taken.length)).toEqual(taken);
          // On a slow machine the last request may be cut off when its work was done.
          const texts = textsOf(records, key).filter((text, at, all) => text !== all[at - 1]);
          expect(texts).toEqual(textsOf(events, key).slice(0, Math.max(texts.length, taken.length)));
          const numbers = taken.map(numberOf);
          expect(numbers).toEqual(numbers.toSorted(compareSequenceNumbers));
        }
        for (const outcome of outcomes) if (!outcome.taken) expect(outcome.code).toMatch(/./);
      }),
      { numRuns: 25 },
    );
  });
});

describe('a failure', () => {
  test('of one key does not hold back the others', async () => {
    const [stuck, free] = [uniqueName('stuck'), uniqueName('free')];
    engine().proxy.rules = [
      { matches: putRecords, action: failRecords(({ partitionKey }) => partitionKey === stuck, 'InternalFailure') },
    ];
    const { stream } = setUp();
    const outcomes = await stream.put(range(6).map((index) => streamEvent(index % 2 === 0 ? stuck : free, index)));
    expect(outcomes.map((outcome) => (outcome.taken ? 'taken' : outcome.code))).toEqual(
      range(3).flatMap(() => ['InternalFailure', 'taken']),
    );
    // The first of the stuck key was tried again and again, those behind it never.
    const sent = engine().proxy.calls.flatMap(
      (call) => (jsonOf(call) as { Records: { PartitionKey: string; Data: string }[] }).Records,
    );
    const stuckTexts = sent
      .filter(({ PartitionKey }) => PartitionKey === stuck)
      .map(({ Data }) => Buffer.from(Data, 'base64').toString());
    expect(stuckTexts.length).toBeGreaterThan(1);
    expect(new Set(stuckTexts)).toEqual(new Set(['0']));
  });

  test('that lasts is given up after the patience where the caller sets no limit', async () => {
    engine().proxy.rules = [{ matches: putRecords, action: throttle }];
    const { clock, stream } = setUp();
    const start = clock.now();
    const outcomes = await stream.put([streamEvent(uniqueName('patience'))]);
    expect(outcomes).toMatchObject([{ taken: false, code: 'ProvisionedThroughputExceededException' }]);
    expect(clock.now() - start).toBeGreaterThan(9_000);
    expect(clock.now() - start).toBeLessThanOrEqual(10_000);
  });

  test('that no retry mends is answered at once', async () => {
    engine().proxy.rules = [{ matches: putRecords, action: refuse('ValidationException') }];
    const { stream } = setUp();
    const outcomes = await stream.put([streamEvent(uniqueName('invalid'))]);
    expect(outcomes).toMatchObject([{ taken: false, code: 'ValidationException' }]);
    expect(engine().proxy.calls).toHaveLength(1);
  });

  test.each(['AccessDeniedException', 'ResourceNotFoundException', 'KMSThrottlingException'])(
    'that someone may mend is retried: %s',
    async (name) => {
      engine().proxy.rules = [inTurn(putRecords, [refuse(name), refuse(name)])];
      const { stream } = setUp();
      expect(await stream.put([streamEvent(uniqueName('mended'))])).toMatchObject([{ taken: true }]);
      expect(engine().proxy.calls).toHaveLength(3);
    },
  );

  test('of every connection is retried and then told', async () => {
    engine().proxy.rules = [{ matches: putRecords, action: cutBefore }];
    const { stream } = setUp();
    const [outcome] = await stream.put([streamEvent(uniqueName('cut'))]);
    expect(outcome).toMatchObject({ taken: false, message: expect.stringContaining('socket hang up') });
    expect(engine().proxy.calls.length).toBeGreaterThan(1);
  });
});

describe('requests', () => {
  test('hold up to 500 events, one per key', async () => {
    const { stream } = setUp();
    await stream.put(range(1_200).map((index) => streamEvent(`${uniqueName('many')}-${index}`)));
    expect(sizesOfRequests()).toEqual([500, 500, 200]);
  });

  test('hold at most 5 MiB of data and keys', async () => {
    const { stream } = setUp();
    const data = new Uint8Array(1_000_000);
    const outcomes = await stream.put(range(12).map(() => ({ partitionKey: uniqueName('large'), data })));
    expect(outcomes.every(({ taken }) => taken)).toBe(true);
    expect(sizesOfRequests()).toEqual([5, 5, 2]);
  });

  test('take a record of exactly 1 MiB, and none that is larger', async () => {
    const { stream } = setUp();
    const partitionKey = uniqueName('ü');
    const data = new Uint8Array(1_048_576 - Buffer.byteLength(partitionKey));
    const outcomes = await stream.put([
      { partitionKey, data },
      { partitionKey, data: new Uint8Array(data.length + 1) },
    ]);
    expect(outcomes).toMatchObject([{ taken: true }, { taken: false, code: 'ValidationException' }]);
    expect(sizesOfRequests()).toEqual([1]);
  });

  test('hold a single record where it is larger than their usual limit, if the stream takes such records', async () => {
    // Without the engine, which takes no such record.
    const sizes: number[] = [];
    const put = new OrderedPut({
      events: [streamEvent('small'), { partitionKey: 'large', data: new Uint8Array(6 * 1_048_576) }],
      send: async (events) => {
        sizes.push(events.length);
        return events.map(() => ({ outcome: { taken: true, shardId: 's', sequenceNumber: '1' }, retry: false }));
      },
      backoff: new Backoff(),
      remaining: undefined,
      patienceMillis: 1_000,
      maxRecordBytes: 10 * 1_048_576,
    });
    expect((await put.run()).map(({ taken }) => taken)).toEqual([true, true]);
    expect(sizes).toEqual([1, 1]);
  });

  test('are not made for what no stream can take', async () => {
    const { stream } = setUp();
    const impossible = [streamEvent(''), streamEvent('x'.repeat(257)), streamEvent('\uD800')];
    for (const outcome of await stream.put(impossible)) {
      expect(outcome).toMatchObject({ taken: false, code: 'ValidationException' });
    }
    expect(engine().proxy.calls).toEqual([]);
  });

  test('are made once for every event where no time is left', async () => {
    // The engine may take longer than the 100 ms that a last request has otherwise.
    const { stream } = setUp({ leastCallMillis: 10_000 });
    const [a, b] = [uniqueName('a'), uniqueName('b')];
    engine().proxy.rules = [
      { matches: putRecords, action: failRecords(({ partitionKey }) => partitionKey === b, 'InternalFailure') },
    ];
    const late = await stream.put(
      [a, b, a, a].map((key) => streamEvent(key)),
      { remainingMillis: () => 0 },
    );
    expect(late.map(({ taken }) => taken)).toEqual([true, false, true, true]);
    expect(sizesOfRequests()).toEqual([2, 1, 1]);
  });
});

function sizesOfRequests(): number[] {
  return engine()
    .proxy.calls.map((call) => (jsonOf(call) as { Records: unknown[] }).Records.length)
    .sort((a, b) => b - a);
}

function numberOf(outcome: PutOutcome): string {
  if (!outcome.taken) throw new Error(`not taken: ${outcome.code} ${outcome.message}`);
  return outcome.sequenceNumber;
}
