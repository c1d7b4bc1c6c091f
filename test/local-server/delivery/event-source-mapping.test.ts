import { afterEach, describe, expect, test } from '@jest/globals';
import { MemoryEventArchive } from '../../../adapters/memory/memory-event-archive.ts';
import { MemoryEventStream } from '../../../adapters/memory/memory-event-stream.ts';
import { neverSet } from '../../../core/never-set.ts';
import type { EventSourceMappingSettings } from '../../../core/pipeline.ts';
import { MemoryCheckpoints } from '../../../local-server/delivery/checkpoints.ts';
import { EventSourceMapping } from '../../../local-server/delivery/event-source-mapping.ts';
import type { InvocationResult } from '../../../local-server/delivery/lambda-runtime.ts';
import { CapturingLogger } from '../../support/capturing-logger.ts';
import { eventually } from '../../support/eventually.ts';
import { mappingSettings } from '../../support/mapping-settings.ts';

/** A mapping over a stream in memory. The function notes the values that it gets, and answers as the test says. */
class Rig {
  readonly stream: MemoryEventStream;
  readonly batches: number[][] = [];
  readonly mapping: EventSourceMapping;
  answer: () => Promise<Partial<InvocationResult>> = async () => ({});
  readonly log = new CapturingLogger();
  readonly checkpoints = new MemoryCheckpoints();
  /** What reading the stream throws, where it is set. */
  readFailure: Error | undefined;
  /** How far ahead of the machine's clock it is. */
  offsetMillis = 0;

  constructor(settings: Partial<EventSourceMappingSettings> = {}) {
    const clock = { now: () => Date.now() + this.offsetMillis };
    this.stream = new MemoryEventStream({ clock, shards: 1, onAppend: () => this.mapping.wake() });
    this.mapping = new EventSourceMapping({
      mappingId: 'an-id',
      name: 'iot-consumer',
      settings: mappingSettings(settings),
      function: {
        invoke: async (event) => {
          const { Records } = event as { Records: { kinesis: { data: string } }[] };
          this.batches.push(Records.map(({ kinesis }) => Number(Buffer.from(kinesis.data, 'base64').toString())));
          return {
            requestId: 'r',
            statusCode: 200,
            executedVersion: '$LATEST',
            payload: null,
            ...(await this.answer()),
          };
        },
      },
      functionArn: 'arn:function',
      source: { region: 'us-east-1', streamArn: 'arn:stream', roleArn: 'arn:role' },
      reader: {
        listShards: () => this.#read(() => this.stream.listShards()),
        read: (...call) => this.#read(() => this.stream.read(...call)),
        backlog: (...call) => this.stream.backlog(...call),
      },
      failures: new MemoryEventArchive(),
      clock,
      steady: neverSet(clock),
      log: this.log,
      checkpoints: this.checkpoints,
    });
  }

  async #read<Result>(read: () => Promise<Result>): Promise<Result> {
    if (this.readFailure !== undefined) throw this.readFailure;
    return read();
  }

  age(): Promise<number | null> {
    return this.mapping.state().then(({ oldestRecordAgeMillis }) => oldestRecordAgeMillis);
  }

  async put(...values: number[]): Promise<void> {
    await this.stream.put(values.map((value) => ({ partitionKey: 'k', data: Buffer.from(String(value)) })));
  }

  get values(): number[] {
    return this.batches.flat();
  }

  is(state: string): Promise<void> {
    return eventually(() => this.mapping.describe().state === state);
  }

  got(...values: number[]): Promise<void> {
    return eventually(() => String(this.values) === String(values));
  }
}

let rig: Rig;
afterEach(() => rig.mapping.stop());

test('a mapping is Creating, then Enabled, and says the result of its last invocation in the words of Lambda', async () => {
  rig = new Rig();
  expect(rig.mapping.describe()).toMatchObject({
    uuid: 'an-id',
    functionName: 'iot-consumer',
    functionArn: 'arn:function',
    streamArn: 'arn:stream',
    state: 'Creating',
    stateTransitionReason: 'User action',
    lastProcessingResult: 'No records processed',
  });
  rig.mapping.start();
  expect(rig.mapping.describe().state).toBe('Enabled');
  rig.answer = async () => ({ functionError: 'Unhandled' });
  await rig.put(1);
  await eventually(() => rig.mapping.describe().lastProcessingResult === 'PROBLEM: Function call failed');
  rig.answer = async () => ({});
  await eventually(() => rig.mapping.describe().lastProcessingResult === 'OK');
});

test('a mapping that is disabled finishes what is in flight, gets nothing more, and goes on at its checkpoint', async () => {
  rig = new Rig({ batchSize: 2 });
  rig.mapping.start();
  let finish: () => void = () => undefined;
  rig.answer = () => new Promise((resolve) => (finish = () => resolve({})));
  await rig.put(1, 2, 3, 4);
  await eventually(() => rig.batches.length === 1);

  expect(rig.mapping.update({ enabled: false }).state).toBe('Disabling');
  expect(() => rig.mapping.update({ enabled: true })).toThrow('is Disabling and cannot be changed until that is done');
  rig.answer = async () => ({});
  finish();
  await rig.is('Disabled');
  await rig.put(5, 6);
  expect(rig.values).toEqual([1, 2]);
  expect((await rig.mapping.state()).shards).toMatchObject([{ recordsBehind: 4 }]);

  expect(rig.mapping.update({ enabled: true }).state).toBe('Enabling');
  await rig.got(1, 2, 3, 4, 5, 6);
  expect(rig.mapping.describe().state).toBe('Enabled');
});

test('a failing batch is dropped when the mapping is disabled, and comes again with what is set then', async () => {
  rig = new Rig({ batchSize: 4 });
  rig.mapping.start();
  rig.answer = async () => ({ functionError: 'Unhandled' });
  await rig.put(1, 2, 3, 4);
  await eventually(() => rig.batches.length > 0);
  rig.mapping.update({ enabled: false });
  await rig.is('Disabled');
  rig.batches.length = 0;
  rig.answer = async () => ({});
  rig.mapping.update({ enabled: true, batchSize: 3 });
  await rig.got(1, 2, 3, 4);
  expect(rig.batches).toEqual([[1, 2, 3], [4]]);
});

test('settings change while the mapping runs; those that Lambda would refuse change nothing', async () => {
  rig = new Rig({ batchSize: 1 });
  rig.mapping.start();
  expect(() => rig.mapping.update({ batchSize: 10_001 })).toThrow('batchSize: is 10001');
  expect(rig.mapping.describe()).toMatchObject({ state: 'Enabled', settings: { batchSize: 1 } });
  expect(rig.mapping.update({ batchSize: 10 }).state).toBe('Updating');
  await rig.is('Enabled');
  expect(rig.mapping.settings.batchSize).toBe(10);
  await rig.put(1, 2, 3);
  await rig.got(1, 2, 3);
  expect(rig.batches).toEqual([[1, 2, 3]]);
});

test('with LATEST nothing is missed that was put after the start, also where the mapping was disabled and the shard split', async () => {
  rig = new Rig({ startingPosition: 'LATEST' });
  await rig.put(1);
  await eventually(() => Date.now() > rig.stream.statistics()[0]!.openedAt! + 2);
  rig.mapping.start();
  await eventually(async () => (await rig.mapping.state()).shards.length === 1);
  rig.mapping.update({ enabled: false });
  await rig.is('Disabled');
  await rig.put(2);
  rig.stream.splitShard('shardId-000000000000');
  await rig.put(3);
  rig.mapping.update({ enabled: true });
  await rig.got(2, 3);
});

test('a mapping that is disabled stays so when it is started again, as after its stream was made anew', async () => {
  rig = new Rig();
  rig.mapping.start();
  rig.mapping.update({ enabled: false });
  await rig.mapping.stop();
  rig.mapping.start();
  await rig.put(1);
  expect(rig.mapping.describe().state).toBe('Disabled');
  expect(rig.values).toEqual([]);
  rig.mapping.update({ enabled: true });
  await rig.got(1);
});

test('a change that is under way when the mapping is stopped starts nothing', async () => {
  rig = new Rig();
  rig.mapping.start();
  rig.mapping.update({ batchSize: 7 });
  await rig.mapping.stop();
  await rig.put(1);
  expect(rig.values).toEqual([]);
  expect(rig.mapping.describe()).toMatchObject({ state: 'Enabled', settings: { batchSize: 7 } });
});

describe('the age of the oldest record', () => {
  test('is null where nobody can tell: before the first read, while reads fail, while nothing is read', async () => {
    rig = new Rig();
    expect(await rig.age()).toBeNull();
    rig.readFailure = new Error('the stream is down');
    rig.mapping.start();
    await eventually(async () => (await rig.mapping.state()).readFailures >= 1); // Listing the shards.
    expect(await rig.age()).toBeNull();

    rig.readFailure = undefined;
    await eventually(async () => (await rig.age()) === 0);
    const { readFailures } = await rig.mapping.state();

    rig.readFailure = new Error('the stream is down');
    rig.mapping.wake();
    await eventually(async () => (await rig.age()) === null);
    expect((await rig.mapping.state()).readFailures).toBeGreaterThan(readFailures);

    rig.readFailure = undefined;
    rig.mapping.wake();
    await eventually(async () => (await rig.age()) === 0);
    rig.mapping.update({ enabled: false });
    await rig.is('Disabled');
    await rig.put(1);
    expect(await rig.age()).toBeNull();
  });

  test('is told while reads fail where the oldest record was read before', async () => {
    rig = new Rig();
    rig.mapping.start();
    rig.answer = async () => ({ functionError: 'Unhandled' });
    await rig.put(1);
    await eventually(() => rig.batches.length > 0);
    rig.readFailure = new Error('the stream is down');
    rig.offsetMillis = 50_000;
    rig.mapping.wake();
    await eventually(async () => (await rig.mapping.state()).shards[0]!.readFailures > 0);
    expect(await rig.age()).toBeGreaterThanOrEqual(50_000);
  });

  test("is not Lambda's IteratorAge, which is that of the last record when its batch was done", async () => {
    rig = new Rig();
    rig.mapping.start();
    expect((await rig.mapping.state()).lambdaIteratorAgeMillis).toBeNull();
    rig.answer = async () => {
      rig.offsetMillis = 7_000;
      return {};
    };
    await rig.put(1);
    await eventually(async () => (await rig.age()) === 0 && (await rig.mapping.state()).invocations === 1);
    const { lambdaIteratorAgeMillis } = await rig.mapping.state();
    expect(lambdaIteratorAgeMillis).toBeGreaterThanOrEqual(7_000);
    expect(lambdaIteratorAgeMillis).toBeLessThan(17_000);
  });
});

test('a consumer of a shard that fails unexpectedly begins again at its checkpoint, later each time', async () => {
  rig = new Rig();
  rig.mapping.start();
  await eventually(async () => (await rig.age()) === 0);
  const save = rig.checkpoints.save.bind(rig.checkpoints);
  let failures = 3;
  rig.checkpoints.save = (...call) => {
    failures -= 1;
    if (failures >= 0) throw new Error('ENOSPC: no space left on device');
    save(...call);
  };
  await rig.put(1);
  await eventually(
    () => rig.checkpoints.load('iot-consumer').get('shardId-000000000000')?.type === 'AFTER_SEQUENCE_NUMBER',
  );
  expect(rig.values).toEqual([1, 1, 1, 1]); // At least once.
  expect(await rig.mapping.state()).toMatchObject({ workerRestarts: 3, readFailures: 0 });
  expect(rig.log.entries.flatMap(({ fields }) => ('delayMillis' in fields ? fields.delayMillis : []))).toEqual([
    200, 400, 800,
  ]);
  await rig.put(2);
  await rig.got(1, 1, 1, 1, 2);
});

test('a mapping whose first checkpoints cannot be kept tries again, from where it started', async () => {
  rig = new Rig({ startingPosition: 'LATEST' });
  const save = rig.checkpoints.save.bind(rig.checkpoints);
  rig.checkpoints.save = () => {
    throw new Error('ENOSPC: no space left on device');
  };
  rig.mapping.start();
  await eventually(() => rig.log.entries.some(({ message }) => message.startsWith('the checkpoints could not')));
  await rig.put(1);
  rig.checkpoints.save = save;
  await rig.got(1);
});

test('counts stay when a mapping is disabled and enabled', async () => {
  const even = { filters: [{ pattern: '{"partitionKey":["other"]}' }] };
  rig = new Rig({ filterCriteria: even });
  rig.mapping.start();
  await rig.put(1, 2);
  await eventually(async () => (await rig.mapping.state()).filteredOutRecords === 2);
  rig.mapping.update({ enabled: false });
  await rig.is('Disabled');
  rig.mapping.update({ enabled: true });
  await rig.is('Enabled');
  expect(await rig.mapping.state()).toMatchObject({
    filteredOutRecords: 2,
    eventCounts: { PolledEventCount: 2, FilteredOutEventCount: 2, InvokedEventCount: 0 },
  });
});

test('the counts have the names and the meaning of the EventCount metrics of Lambda', async () => {
  rig = new Rig({ maximumRetryAttempts: 1, reportBatchItemFailures: true, batchSize: 3 });
  const answers: Partial<InvocationResult>[] = [
    { functionError: 'Unhandled' },
    {}, // A partial response.
    { functionError: 'Unhandled' },
    { functionError: 'Unhandled' },
  ];
  await rig.put(1, 2, 3);
  const { records } = await rig.stream.read('shardId-000000000000', { type: 'TRIM_HORIZON' }, 3);
  answers[1] = { payload: { batchItemFailures: [{ itemIdentifier: records[1]!.sequenceNumber }] } };
  rig.answer = async () => answers.shift()!;
  rig.mapping.start();
  await eventually(async () => (await rig.mapping.state()).givenUpRecords === 2);
  expect((await rig.mapping.state()).eventCounts).toEqual({
    PolledEventCount: 3,
    FilteredOutEventCount: 0,
    InvokedEventCount: 3 + 3 + 2 + 2,
    FailedInvokeEventCount: 3 + 2 + 2 + 2,
    DroppedEventCount: 0,
    OnFailureDestinationDeliveredEventCount: 2,
  });
});

test('a record that is retried without end is lost when it expires in the stream, and that is told', async () => {
  rig = new Rig({ batchSize: 2 });
  rig.mapping.start();
  rig.answer = async () => ({ functionError: 'Unhandled' });
  await rig.put(1, 2);
  await eventually(() => rig.batches.length >= 2);
  rig.offsetMillis = 23 * 3_600_000;
  rig.mapping.wake();
  await rig.put(3);
  const before = rig.batches.length;
  await eventually(() => rig.batches.length > before);
  expect(await rig.mapping.state()).toMatchObject({ trimmedInRetryRecords: 0 });

  rig.offsetMillis = 24 * 3_600_000 + 60_000;
  rig.answer = async () => ({});
  rig.mapping.wake();
  await eventually(async () => (await rig.mapping.state()).records === 1);
  expect(rig.batches.at(-1)).toEqual([3]);
  expect(await rig.mapping.state()).toMatchObject({
    trimmedInRetryRecords: 2,
    trimmedRecords: 0,
    givenUpRecords: 0,
    records: 1,
    eventCounts: { PolledEventCount: 3, DroppedEventCount: 0, OnFailureDestinationDeliveredEventCount: 0 },
  });
  expect(rig.log.entries).toContainEqual(
    expect.objectContaining({
      message: expect.stringContaining('records expired in the stream while they were retried'),
    }),
  );
});

test('a function that answers as to API Gateway is warned of once', async () => {
  rig = new Rig({ reportBatchItemFailures: true, batchSize: 1 });
  rig.answer = async () => ({ payload: { statusCode: 500, body: 'no' } });
  rig.mapping.start();
  await rig.put(1, 2, 3);
  await rig.got(1, 2, 3);
  await eventually(async () => (await rig.mapping.state()).records === 3); // A success, as on AWS.
  expect(rig.log.entries.filter(({ message }) => message.includes('API Gateway'))).toHaveLength(1);
});

test('a mapping that starts at LATEST says what Lambda would miss', () => {
  rig = new Rig({ startingPosition: 'LATEST' });
  expect(rig.log.entries.map(({ message }) => message)).toEqual([expect.stringContaining('LATEST')]);
  rig = new Rig();
  expect(rig.log.entries).toEqual([]);
});
