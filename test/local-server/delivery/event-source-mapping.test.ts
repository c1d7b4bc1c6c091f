import { afterEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { MemoryEventArchive } from '../../../adapters/memory/memory-event-archive.ts';
import { MemoryEventStream } from '../../../adapters/memory/memory-event-stream.ts';
import { neverSet } from '../../../core/never-set.ts';
import type { EventSourceMappingSettings } from '../../../core/pipeline.ts';
import { MemoryCheckpoints } from '../../../local-server/delivery/checkpoints.ts';
import { EventSourceMapping } from '../../../local-server/delivery/event-source-mapping.ts';
import type { InvocationResult } from '../../../local-server/delivery/lambda-runtime.ts';
import { eventually } from '../../support/eventually.ts';
import { mappingSettings } from '../../support/mapping-settings.ts';

/** A mapping over a stream in memory. The function notes the values that it gets, and answers as the test says. */
class Rig {
  readonly stream: MemoryEventStream;
  readonly batches: number[][] = [];
  readonly mapping: EventSourceMapping;
  answer: () => Promise<Partial<InvocationResult>> = async () => ({});

  constructor(settings: Partial<EventSourceMappingSettings> = {}) {
    const clock = { now: () => Date.now() };
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
      reader: this.stream,
      failures: new MemoryEventArchive(),
      clock,
      steady: neverSet(clock),
      log: pino({ level: 'silent' }),
      checkpoints: new MemoryCheckpoints(),
    });
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
