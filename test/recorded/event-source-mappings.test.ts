/** Replays what was recorded on AWS: on the core's decisions under virtual time, and on the loop that the server runs. */
import { describe, expect, test } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MemoryEventArchive } from '../../adapters/memory/memory-event-archive.ts';
import { MemoryEventStream } from '../../adapters/memory/memory-event-stream.ts';
import { neverSet } from '../../core/never-set.ts';
import type { InvocationOutcome } from '../../core/event-source-mapping/decision.ts';
import { failureRecord } from '../../core/event-source-mapping/failure-record.ts';
import { type ShardCommand, ShardConsumer } from '../../core/event-source-mapping/shard-consumer.ts';
import type { EventSourceMappingSettings } from '../../core/pipeline.ts';
import { fromKinesisEvent, toKinesisEvent } from '../../handlers/kinesis-records.ts';
import { MemoryCheckpoints } from '../../local-server/delivery/checkpoints.ts';
import { EventSourceMapping } from '../../local-server/delivery/event-source-mapping.ts';
import { createLambdaFunction } from '../../local-server/delivery/lambda-runtime.ts';
import { FixedClock } from '../support/fixed-clock.ts';
import { mappingSettings } from '../support/mapping-settings.ts';
import { bytesOf } from '../support/record-factory.ts';
import { type RecordedFunction, type RecordedMapping, recordedMappings } from './event-source-mappings.ts';

const source = { streamArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s', region: 'us-east-1', roleArn: 'arn:r' };
const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:f';
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** How long a recording lasts at most. */
const END_MILLIS = 120_000;
const STEP_MILLIS = 100;

interface Invocation {
  readonly at: number;
  readonly sequenceNumbers: readonly string[];
  readonly requestId: string;
}

interface FailureRecord {
  readonly requestContext: {
    requestId: string;
    functionArn: string;
    condition: string;
    approximateInvokeCount: number;
  };
  readonly responseContext?: { statusCode: number; executedVersion: string; functionError: string | null };
  readonly timestamp: string;
  readonly KinesisBatchInfo: { batchSize: number; startSequenceNumber: string; endSequenceNumber: string };
  readonly payload: string;
}

/** A stream of one shard, its clock, and what came of it. */
class World {
  readonly clock = new FixedClock();
  readonly stream = new MemoryEventStream({ clock: this.clock, shards: 1 });
  readonly invocations: Invocation[] = [];
  readonly failures: FailureRecord[] = [];
  readonly arrivals: number[] = [];
  readonly #sequenceNumbers: string[] = [];
  readonly #recording: RecordedMapping;
  readonly #startedAt: number;
  #nextPut = 0;

  constructor(recording: RecordedMapping) {
    this.#recording = recording;
    this.#startedAt = this.clock.now() - Math.min(0, ...recording.puts.map(({ at }) => at));
  }

  /** What the function does with a batch. */
  async answer(records: readonly string[]): Promise<unknown> {
    const { function: what } = this.#recording;
    if ('throws' in what) throw new Error('as recorded');
    if ('takesMillis' in what) {
      const end = this.clock.now() + what.takesMillis;
      while (this.clock.now() < end) await nextTurn();
      return null;
    }
    return responseOf(what, records, this.#sequenceNumbers);
  }

  /** Puts what is due and moves the clock; calls `begun` and `disable` when the mapping is started and disabled. */
  async pass(begun: () => Promise<void>, disable: () => void): Promise<void> {
    let [started, disabled] = [false, false];
    const { disabledAt = Infinity } = this.#recording;
    const end = this.#startedAt + END_MILLIS;
    while (this.clock.now() <= end) {
      const at = this.clock.now() - this.#startedAt;
      for (let put = this.#due(at); put !== undefined; put = this.#due(at)) {
        const events = put.keys.map((partitionKey) => ({ partitionKey, data: bytesOf(put.data ?? { n: 1 }) }));
        for (const outcome of await this.stream.put(events)) {
          if (outcome.taken) this.#sequenceNumbers.push(outcome.sequenceNumber);
          this.arrivals.push(this.clock.now());
        }
      }
      if (!started && at >= 0) {
        started = true;
        await begun();
      }
      if (!disabled && at >= disabledAt) {
        disabled = true;
        disable();
      }
      // Whatever can go on at this time goes on.
      for (let turn = 0; turn < 6; turn += 1) await nextTurn();
      this.clock.advance(STEP_MILLIS);
    }
  }

  check(): void {
    const { expected } = this.#recording;
    const place = (sequenceNumber: string) => this.#sequenceNumbers.indexOf(sequenceNumber);
    const batches = this.invocations.map(({ sequenceNumbers }) => sequenceNumbers.map(place));
    const deliveries = this.#sequenceNumbers.map((_, index) => batches.filter((batch) => batch.includes(index)).length);
    if (expected.batches !== undefined) expect(batches).toEqual(expected.batches);
    if (expected.deliveries !== undefined) expect(deliveries).toEqual(expected.deliveries);
    if (expected.millisBetweenInvocations !== undefined) {
      const [first, second] = this.invocations;
      expect(second!.at - first!.at).toBeGreaterThanOrEqual(expected.millisBetweenInvocations);
    }

    const failures = this.failures.map(({ requestContext, responseContext, KinesisBatchInfo: batch }) => ({
      condition: requestContext.condition,
      approximateInvokeCount: requestContext.approximateInvokeCount,
      batchSize: batch.batchSize,
      ends: [place(batch.startSequenceNumber), place(batch.endSequenceNumber)],
      responseContext,
    }));
    expect(failures).toEqual(
      expected.failures.map((failure) => ({
        approximateInvokeCount: deliveries[failure.ends[0]],
        ...failure,
        responseContext: failure.responseContext && { ...failure.responseContext, executedVersion: '$LATEST' },
      })),
    );
    for (const failure of this.failures) this.#checkRequest(failure);
    if (expected.givenUpWithinMillis !== undefined) {
      const [{ timestamp }] = this.failures as [FailureRecord];
      expect(Date.parse(timestamp) - this.arrivals[0]!).toBeLessThanOrEqual(expected.givenUpWithinMillis);
    }
  }

  /** The request is the last one of these records, or one of its own where they never reached the function. */
  #checkRequest({ requestContext: { requestId }, KinesisBatchInfo: batch, payload }: FailureRecord): void {
    const theirs = this.invocations.filter(({ sequenceNumbers }) =>
      sequenceNumbers.includes(batch.startSequenceNumber),
    );
    if (theirs.length > 0) expect(requestId).toBe(theirs.at(-1)?.requestId);
    else {
      expect(requestId).toMatch(uuid);
      expect(this.invocations.map((invocation) => invocation.requestId)).not.toContain(requestId);
    }
    expect((JSON.parse(payload) as { Records: unknown[] }).Records).toHaveLength(batch.batchSize);
  }

  #due(at: number) {
    const put = this.#recording.puts[this.#nextPut];
    if (put === undefined || put.at > at) return undefined;
    this.#nextPut += 1;
    return put;
  }
}

function responseOf(
  what: Extract<RecordedFunction, { returns: unknown } | { reports: unknown } | { reportsRecord: number }>,
  batch: readonly string[],
  all: readonly string[],
): unknown {
  if ('returns' in what) return what.returns;
  if ('reports' in what) return what.reports;
  const reported = all[what.reportsRecord] ?? '';
  return { batchItemFailures: batch.includes(reported) ? [{ itemIdentifier: reported }] : [] };
}

/** Carries out what the state machine decides, one command after the other, without timer or function. */
class DecisionLoop {
  readonly #world: World;
  readonly #consumer: ShardConsumer;

  constructor(world: World, settings: EventSourceMappingSettings) {
    this.#world = world;
    this.#consumer = new ShardConsumer(settings, { type: 'TRIM_HORIZON' });
  }

  next(): void {
    for (const command of this.#consumer.next(this.#world.clock.now())) void this.#carryOut(command);
  }

  async #carryOut(command: ShardCommand): Promise<void> {
    const { stream, clock, failures, invocations } = this.#world;
    switch (command.type) {
      case 'read': {
        const page = await stream.read('shardId-000000000000', command.position, command.limit);
        this.#consumer.read(page, clock.now());
        return;
      }
      case 'invoke': {
        const sequenceNumbers = command.records.map(({ sequenceNumber }) => sequenceNumber);
        const requestId = `request-${invocations.length}`;
        invocations.push({ at: clock.now(), sequenceNumbers, requestId });
        const outcome = await this.#world.answer(sequenceNumbers).then(
          (payload): InvocationOutcome => ({ type: 'response', payload, requestId }),
          (): InvocationOutcome => ({ type: 'function-error', requestId }),
        );
        this.#consumer.invoked(command.lane, outcome, clock.now());
        return;
      }
      case 'give-up': {
        const { records, condition, attempts } = command;
        const payload = JSON.stringify(toKinesisEvent(records, source));
        const ownRequestId = '00000000-0000-4000-8000-000000000000';
        const batch = { records, condition, attempts, functionArn, payload, ownRequestId, givenUpAt: clock.now() };
        failures.push(failureRecord({ ...batch, streamArn: source.streamArn }) as FailureRecord);
        this.#consumer.givenUp(command.lane, true, clock.now());
      }
    }
  }
}

describe.each(recordedMappings)('$name', (recording) => {
  const settings = mappingSettings(recording.settings);

  test('the decisions', async () => {
    const world = new World(recording);
    let loop: DecisionLoop | undefined;
    const passing = world.pass(
      async () => {
        loop = new DecisionLoop(world, settings);
      },
      () => {
        loop = undefined;
      },
    );
    const passed = new AbortController();
    void passing.finally(() => {
      passed.abort();
    });
    while (!passed.signal.aborted) {
      loop?.next();
      await nextTurn();
    }
    await passing;
    world.check();
  });

  test('the running loop', async () => {
    const world = new World(recording);
    const { clock, stream } = world;
    const archive = new MemoryEventArchive();
    const mapping = new EventSourceMapping({
      name: 'f',
      mappingId: '11111111-2222-4333-8444-555555555555',
      settings,
      reader: stream,
      function: createLambdaFunction({
        name: 'f',
        timeoutInSeconds: 900,
        memoryInMiB: 128,
        accountId: '000000000000',
        region: 'us-east-1',
        clock,
        handler: async (event: Parameters<typeof fromKinesisEvent>[0], { awsRequestId: requestId }) => {
          const sequenceNumbers = fromKinesisEvent(event).map(({ sequenceNumber }) => sequenceNumber);
          world.invocations.push({ at: clock.now(), sequenceNumbers, requestId });
          return world.answer(sequenceNumbers);
        },
      }),
      functionArn,
      source,
      failures: archive,
      checkpoints: new MemoryCheckpoints(),
      clock,
      steady: neverSet(clock),
      log: quiet,
    });
    const passing = world.pass(
      async () => {
        mapping.start();
      },
      () => {
        mapping.update({ enabled: false });
      },
    );
    const passed = new AbortController();
    void passing.finally(() => {
      passed.abort();
    });
    while (!passed.signal.aborted) {
      // The clock was moved: what waits for a time looks at it again.
      mapping.wake();
      await nextTurn();
    }
    await passing;
    await mapping.stop();

    for (const { key } of (await archive.list({ limit: 10 })).objects) {
      expect(key).toMatch(
        /^aws\/lambda\/11111111-2222-4333-8444-555555555555\/shardId-000000000000\/\d{4}\/\d\d\/\d\d\//,
      );
      const failure = JSON.parse(Buffer.from((await archive.get(key))!).toString()) as FailureRecord;
      expect(key.split('/').at(-1)).toContain(failure.timestamp.slice(0, 19).replaceAll(':', '.'));
      world.failures.push(failure);
    }
    world.check();
  });
});
