/** What people do to the pipeline in memory: faults, the clock, a split of a shard. Tells the watchers of it. */
import { randomUUID } from 'node:crypto';
import { InvalidRequest } from '../../core/errors.ts';
import type { EventStream, Shard } from '../../core/ports.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import type { EventHub } from '../watch/event-hub.ts';
import { type Consumer, isInCatalogue } from './catalogue.ts';
import type { ActiveFault, FaultOrder, Faults } from './faults.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What Kinesis calls SplitShard and MergeShards. */
interface ReshardableStream extends EventStream {
  /** @throws InvalidRequest where there is no such open shard. */
  splitShard(shardId: string): readonly Shard[];
  /** @throws InvalidRequest where one of the shards is not open, or they are not neighbours. */
  mergeShards(shardId: string, adjacentShardId: string): Shard;
}

export interface FaultRequest extends Omit<FaultOrder, 'poison'> {
  /** For a poison record: the function that throws; store-readings if not given. */
  readonly function?: Consumer;
  /** For a poison record: healthy readings around it; 7 if not given. */
  readonly neighbours?: number;
}

export interface LabOptions {
  readonly faults: Faults;
  readonly clock: VirtualClock;
  readonly stream: ReshardableStream;
  readonly hub: EventHub;
  /** Has the consumers look at the clock and at the stream again. */
  readonly wake: () => void;
}

/** Watchers are told of strikes at most this often. */
const PUBLISH_MILLIS = 250;
const POISON_SENSOR = 'lab-poison';

export class Lab {
  readonly #options: LabOptions;
  #publishing: NodeJS.Timeout | undefined;
  #expiring: NodeJS.Timeout | undefined;

  constructor(options: LabOptions) {
    this.#options = options;
    const { faults, clock, wake } = options;
    faults.observe(() => this.#changed());
    clock.onMove(() => {
      faults.expire();
      wake();
      options.hub.publish('clock', this.clock());
    });
  }

  /** @throws InvalidRequest for what no fault is. */
  async inject(request: FaultRequest): Promise<ActiveFault> {
    check(request);
    const { faults, stream } = this.#options;
    const { function: consumer = 'store-readings', neighbours = 7, ...order } = request;
    if (order.fault !== 'poison') return faults.add(order);

    const readings = this.#poisonAmong(neighbours);
    // Known before it is put: a consumer may have it at once.
    const fault = faults.add({
      ...order,
      poison: { function: consumer, data: readings.poison.toString('base64') },
    });
    await stream.put(readings.all.map((data) => ({ partitionKey: POISON_SENSOR, data })));
    return fault;
  }

  faults(): readonly ActiveFault[] {
    return this.#options.faults.list();
  }

  /** Whether there was such a fault. */
  remove(id: string): boolean {
    return this.#options.faults.remove(id);
  }

  removeAll(): void {
    this.#options.faults.clear();
  }

  /** @returns the two shards that take what the closed one took. @throws InvalidRequest where no open shard is called so. */
  split(shardId: string): readonly Shard[] {
    const shards = this.#options.stream.splitShard(shardId);
    this.#options.wake();
    return shards;
  }

  /** @returns the shard that takes what the two closed ones took. @throws InvalidRequest where they are no open neighbours. */
  merge(shardId: string, adjacentShardId: string): Shard {
    const shard = this.#options.stream.mergeShards(shardId, adjacentShardId);
    this.#options.wake();
    return shard;
  }

  clock(): { readonly now: string; readonly offsetMillis: number } {
    const { clock } = this.#options;
    return { now: formatTimestamp(clock.now()), offsetMillis: clock.offsetMillis };
  }

  /** @throws InvalidRequest for what does not lead forward. */
  advance(seconds: number): void {
    this.#options.clock.advance(seconds * 1_000);
  }

  /** Lets go what waits, so that the server can close. */
  close(): void {
    this.#options.faults.clear();
    clearTimeout(this.#publishing);
    clearTimeout(this.#expiring);
  }

  /** Readings of one device, so that they share a shard; the one in the middle is the poison. */
  #poisonAmong(neighbours: number): { readonly all: readonly Buffer[]; readonly poison: Buffer } {
    const start = this.#options.clock.now();
    const reading = (index: number, more: object = {}) => ({
      ...{ sensorid: POISON_SENSOR, value: index, timestamp: formatTimestamp(start + index) },
      ...more,
    });
    const middle = Math.floor(neighbours / 2);
    const poison = Buffer.from(JSON.stringify(reading(middle, { lab: { poison: randomUUID() } })));
    const all = Array.from({ length: neighbours + 1 }, (_, index) =>
      index === middle ? poison : Buffer.from(JSON.stringify(reading(index))),
    );
    return { all, poison };
  }

  #changed(): void {
    const { faults, hub } = this.#options;
    clearTimeout(this.#expiring);
    const end = faults.nextEndIn();
    if (end !== undefined) {
      this.#expiring = setTimeout(() => faults.expire(), Math.min(Math.max(0, Math.ceil(end)), 2 ** 31 - 1)).unref();
    }
    this.#publishing ??= setTimeout(() => {
      this.#publishing = undefined;
      hub.publish('faults', { faults: faults.list() });
    }, PUBLISH_MILLIS).unref();
  }
}

function check(request: FaultRequest): void {
  const { target, fault } = request;
  if (!isInCatalogue(request)) throw new InvalidRequest('fault', `there is no ${fault} for ${target}`);
  const members = [
    ['delayMillis', 'slow'],
    ['function', 'poison'],
    ['neighbours', 'poison'],
  ] as const;
  for (const [member, goesWith] of members) {
    if (request[member] !== undefined && fault !== goesWith)
      throw new InvalidRequest(member, `goes only with ${goesWith}`);
  }
}
