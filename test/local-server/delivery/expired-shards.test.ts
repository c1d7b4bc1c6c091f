/** The running mapping across stops, reshards and the end of the retention. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { MemoryEventArchive } from '../../../adapters/memory/memory-event-archive.ts';
import { MemoryEventStream } from '../../../adapters/memory/memory-event-stream.ts';
import { neverSet } from '../../../core/never-set.ts';
import type { EventSourceMappingSettings } from '../../../core/pipeline.ts';
import type { Shard, ShardReader } from '../../../core/ports.ts';
import { fromKinesisEvent } from '../../../handlers/kinesis-records.ts';
import { type Checkpoints, MemoryCheckpoints } from '../../../local-server/delivery/checkpoints.ts';
import { EventSourceMapping } from '../../../local-server/delivery/event-source-mapping.ts';
import { createLambdaFunction } from '../../../local-server/delivery/lambda-runtime.ts';
import { CapturingLogger } from '../../support/capturing-logger.ts';
import { eventually } from '../../support/eventually.ts';
import { FixedClock } from '../../support/fixed-clock.ts';
import { mappingSettings } from '../../support/mapping-settings.ts';

const HOUR = 3_600_000;
const first = 'shardId-000000000000';
const source = { streamArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s', region: 'us-east-1', roleArn: 'arn:r' };
const running: EventSourceMapping[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((mapping) => mapping.stop()));
});

class World {
  readonly clock = new FixedClock();
  readonly stream = new MemoryEventStream({ clock: this.clock, shards: 1, onAppend: () => this.#wake() });
  readonly checkpoints: Checkpoints = new MemoryCheckpoints();
  readonly log = new CapturingLogger();
  /** Payloads that the function took, in order. */
  readonly seen: string[] = [];
  down = false;
  #calls = 0;

  async put(...payloads: readonly string[]): Promise<void> {
    await this.stream.put(payloads.map((payload) => ({ partitionKey: 'key', data: Buffer.from(payload) })));
  }

  /** How often the function was called. */
  get calls(): number {
    return this.#calls;
  }

  get errors(): string {
    return this.log.entries
      .filter(({ level }) => level === 'error')
      .map(({ message }) => message)
      .join();
  }

  start(settings: Partial<EventSourceMappingSettings> = {}, reader: ShardReader = this.stream): EventSourceMapping {
    const mapping = new EventSourceMapping({
      name: 'f',
      mappingId: '11111111-2222-4333-8444-555555555555',
      settings: mappingSettings({ maximumRetryAttempts: -1, maximumRecordAgeInSeconds: -1, ...settings }),
      reader,
      function: createLambdaFunction({
        name: 'f',
        timeoutInSeconds: 900,
        memoryInMiB: 128,
        accountId: '000000000000',
        region: 'us-east-1',
        clock: this.clock,
        handler: async (event: Parameters<typeof fromKinesisEvent>[0]) => {
          this.#calls += 1;
          if (this.down) throw new Error('the store is down');
          this.seen.push(...fromKinesisEvent(event).map(({ data }) => Buffer.from(data).toString()));
        },
      }),
      functionArn: 'arn:f',
      source,
      failures: new MemoryEventArchive(),
      checkpoints: this.checkpoints,
      clock: this.clock,
      steady: neverSet(this.clock),
      log: this.log,
    });
    mapping.start();
    running.push(mapping);
    return mapping;
  }

  async sees(...payloads: readonly string[]): Promise<void> {
    await eventually(() => {
      this.#wake();
      return this.seen.length >= payloads.length;
    });
    expect(this.seen).toEqual(payloads);
  }

  #wake(): void {
    for (const mapping of running) mapping.wake();
  }
}

describe('LATEST is where the mapping began, not where it is started again', () => {
  test('for a shard in which nothing was done', async () => {
    const world = new World();
    await world.put('before');
    world.clock.advance(1);
    const mapping = world.start({ startingPosition: 'LATEST' });
    await eventually(() => world.checkpoints.load('f').size === 1);
    await mapping.stop();
    world.clock.advance(1_000);
    await world.put('while stopped');
    world.clock.advance(1_000);
    mapping.start();
    await world.sees('while stopped');
  });

  test('for shards that took the place of another while it was stopped', async () => {
    const world = new World();
    const mapping = world.start({ startingPosition: 'LATEST' });
    world.clock.advance(1);
    await world.put('a');
    await world.sees('a');
    await mapping.stop();
    world.stream.splitShard(first);
    await world.put('b');
    world.clock.advance(1_000);

    // Another process, with the same checkpoints.
    world.start({ startingPosition: 'LATEST' });
    await world.sees('a', 'b');
  });
});

describe('a closed shard whose retention is over', () => {
  test('is waited for as long as its consumer has records of it; what it lost is counted', async () => {
    const world = new World();
    world.down = true;
    const mapping = world.start({ batchSize: 1 });
    await world.put('a', 'b', 'c', 'd', 'e');
    await eventually(() => world.calls > 0);
    world.stream.splitShard(first);
    await world.put('f');
    world.clock.advance(25 * HOUR);
    await world.put('g');
    expect((await world.stream.listShards()).map(({ shardId }) => shardId)).not.toContain(first);

    world.down = false;
    // What was retried has expired, and what was not read, also the first record of the child. One was read ahead.
    await world.sees('b', 'g');
    expect(await mapping.state()).toMatchObject({ trimmedInRetryRecords: 1, trimmedRecords: 4, expiredShards: 0 });
    const told = world.log.entries.filter(({ message }) => message.startsWith('records expired before'));
    expect(told.map(({ fields }) => fields)).toMatchObject([{ trimmed: 3 }, { trimmed: 1 }]);
  });

  test('ends its reading where the service has forgotten it, is told and counted, and its children are read', async () => {
    const world = new World();
    let gone = false;
    const kinesis: ShardReader = {
      listShards: async () => (await world.stream.listShards()).filter(({ shardId }) => !gone || shardId !== first),
      read: async (shardId, position, limit) =>
        gone && shardId === first
          ? { records: [], next: position, trimmed: 0, endOfShard: true, expired: true, millisBehindLatest: 0 }
          : world.stream.read(shardId, position, limit),
      backlog: async () => undefined,
    };
    const mapping = world.start({}, kinesis);
    await world.put('a');
    await world.sees('a');
    gone = true;
    world.stream.splitShard(first);
    await world.put('b');
    await world.sees('a', 'b');
    expect(await mapping.state()).toMatchObject({ expiredShards: 1 });
    expect(world.errors).toContain('the shard expired before this consumer read it to its end');
  });

  test('is told where that happened while nothing ran, unless it was done; its children are read', async () => {
    for (const done of [true, false]) {
      const world = new World();
      const mapping = world.start();
      await world.put('a');
      await world.sees('a');
      if (!done) await mapping.stop();
      world.stream.splitShard(first);
      if (done) await eventually(() => world.checkpoints.load('f').get(first)?.finished === true);
      await mapping.stop();
      world.clock.advance(25 * HOUR);
      await world.put('b');

      const restarted = world.start();
      await world.sees('a', 'b');
      expect(world.checkpoints.load('f').has(first)).toBe(false);
      expect(await restarted.state()).toMatchObject({ expiredShards: done ? 0 : 1 });
      expect(world.errors.includes('the shard expired while this consumer did not run')).toBe(!done);
      await restarted.stop();
    }
  });
});

test('children that are not listed yet when their parent ends are looked for again', async () => {
  const world = new World();
  let listings = 0;
  const late: ShardReader = {
    listShards: async () => {
      const shards: readonly Shard[] = await world.stream.listShards();
      listings += 1;
      return listings <= 2 ? shards.slice(0, 1) : shards;
    },
    read: async (shardId, position, limit) => world.stream.read(shardId, position, limit),
    backlog: async () => undefined,
  };
  await world.put('a');
  world.start({}, late);
  await world.sees('a');
  world.stream.splitShard(first);
  await world.put('b');
  await world.sees('a', 'b');
});
