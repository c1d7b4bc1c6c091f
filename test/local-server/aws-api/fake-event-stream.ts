import type {
  CallOptions,
  EventStream,
  PutOutcome,
  Shard,
  ShardPage,
  ShardPosition,
  ShardReader,
  StreamEvent,
} from '../../../core/ports.ts';

const HALF = 2n ** 127n;

/** Four shards, of which the first was closed and split into the last two; takes everything but what it is told to refuse. */
export class FakeEventStream implements EventStream, Pick<ShardReader, 'listShards' | 'read'> {
  readonly taken: StreamEvent[] = [];
  readonly options: (CallOptions | undefined)[] = [];
  /** Partition keys, with the code that their events are refused with. */
  readonly refused = new Map<string, string>();
  failure: Error | undefined;

  async put(events: readonly StreamEvent[], options?: CallOptions): Promise<readonly PutOutcome[]> {
    if (this.failure !== undefined) throw this.failure;
    this.options.push(options);
    return events.map((event) => {
      const code = this.refused.get(event.partitionKey);
      if (code !== undefined) return { taken: false, code, message: `${code} for shard shardId-000000000001` };
      this.taken.push(event);
      return { taken: true, shardId: 'shardId-000000000001', sequenceNumber: String(4_900 + this.taken.length) };
    });
  }

  async listShards(): Promise<readonly Shard[]> {
    return [
      { ...shard(0, 0n, HALF - 1n), endingSequenceNumber: sequenceNumber(9) },
      shard(1, HALF, 2n * HALF - 1n),
      shard(2, 0n, HALF / 2n - 1n, [0]),
      shard(3, HALF / 2n, HALF - 1n, [0]),
    ];
  }

  /** Nothing that is put can be read: tests that read have the stream in memory. */
  async read(_shardId: string, position: ShardPosition): Promise<ShardPage> {
    return { records: [], next: position, trimmed: 0, endOfShard: false, millisBehindLatest: 0 };
  }
}

function shard(index: number, start: bigint, end: bigint, parents: readonly number[] = []): Shard {
  return {
    shardId: shardId(index),
    parentShardIds: parents.map(shardId),
    startingHashKey: String(start),
    endingHashKey: String(end),
    startingSequenceNumber: sequenceNumber(index),
  };
}

function shardId(index: number): string {
  return `shardId-${String(index).padStart(12, '0')}`;
}

function sequenceNumber(last: number): string {
  return `49${String(last).padStart(54, '0')}`;
}
