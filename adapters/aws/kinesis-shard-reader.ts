/**
 * Reading the shards of a Kinesis stream. It leaves nothing in the service: Kinesis keeps no position for its readers, and
 * what is read stays until the retention of the stream ends.
 *
 * A shard iterator is good for several reads within five minutes, and GetShardIterator is limited to five calls a second
 * and shard, so the iterator that each page brings is kept for the position behind the page. Readers at the same position
 * share it. One that expired is made anew from its position.
 *
 * Nothing is retried here: who reads polls anyway, and is told by `StoreUnavailable` to do so later.
 */
import {
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  type ListShardsCommandOutput,
  type Shard as KinesisShard,
  type SequenceNumberRange,
  type _Record as KinesisRecord,
} from '@aws-sdk/client-kinesis';
import { InvalidRequest, StoreUnavailable } from '../../core/errors.ts';
import type { Clock, Shard, ShardPage, ShardPosition, ShardReader, StreamRecord } from '../../core/ports.ts';
import { isSequenceNumber } from '../../core/sequence-number.ts';
import { codeOf, unavailable } from './translate-error.ts';

/** GetRecords. */
const MAX_PAGE = 10_000;
/** Far more than readers times shards; an iterator has some 300 characters. */
const MAX_ITERATORS = 1_000;

export interface KinesisShardReaderOptions {
  readonly client: KinesisClient;
  readonly streamName: string;
  /** Tells when LATEST was; the system's unless given. */
  readonly clock?: Clock;
}

export class KinesisShardReader implements ShardReader {
  readonly #client: KinesisClient;
  readonly #streamName: string;
  readonly #clock: Clock;
  /** By shard and position, the one that was kept first in front. */
  readonly #iterators = new Map<string, string>();

  constructor({ client, streamName, clock = { now: () => Date.now() } }: KinesisShardReaderOptions) {
    this.#client = client;
    this.#streamName = streamName;
    this.#clock = clock;
  }

  /** Open and closed shards. A parent whose records all expired is listed no more, but its children still name it. */
  async listShards(): Promise<readonly Shard[]> {
    const shards: KinesisShard[] = [];
    let nextToken: string | undefined;
    do {
      // A token stands for the stream: Kinesis takes either.
      const input = nextToken === undefined ? { StreamName: this.#streamName } : { NextToken: nextToken };
      const page = await this.#listPage(input);
      shards.push(...(page.Shards ?? []));
      nextToken = page.NextToken;
    } while (nextToken !== undefined);
    return shards.map(({ ShardId, ParentShardId, AdjacentParentShardId, HashKeyRange, SequenceNumberRange }) => ({
      shardId: given('ShardId', ShardId),
      // Emulators write null for a parent that there is not.
      parentShardIds: [ParentShardId, AdjacentParentShardId].filter((id) => typeof id === 'string'),
      startingHashKey: given('StartingHashKey', HashKeyRange?.StartingHashKey),
      endingHashKey: given('EndingHashKey', HashKeyRange?.EndingHashKey),
      startingSequenceNumber: given('StartingSequenceNumber', SequenceNumberRange?.StartingSequenceNumber),
      ...endingOf(SequenceNumberRange),
    }));
  }

  /**
   * `trimmed` is always 0: Kinesis starts at the oldest record that it has where the one behind the position expired, and
   * does not say so. `millisBehindLatest` is 0 where an emulator leaves it out.
   *
   * Behind an empty page at LATEST there is no number to read on from. `next` is the time of the call then; the iterator that
   * Kinesis gave is kept for it, so that the time decides only where that iterator has expired.
   */
  async read(shardId: string, position: ShardPosition, limit: number): Promise<ShardPage> {
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
      throw new InvalidRequest('limit', `is ${limit}, but must be a whole number from 1 to ${MAX_PAGE}`);
    }
    if ('sequenceNumber' in position && !isSequenceNumber(position.sequenceNumber)) {
      throw new InvalidRequest('sequenceNumber', `is ${position.sequenceNumber}, which is none of Kinesis`);
    }
    const calledAt = this.#clock.now();
    const page = await this.#page(shardId, position, limit);
    if (page === undefined) {
      return { records: [], next: position, trimmed: 0, endOfShard: true, expired: true, millisBehindLatest: 0 };
    }
    const { Records = [], NextShardIterator, MillisBehindLatest = 0 } = page;
    const records = Records.map((record) => recordOf(shardId, record));
    const last = records.at(-1);
    const next: ShardPosition =
      last !== undefined
        ? { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: last.sequenceNumber }
        : position.type === 'LATEST'
          ? { type: 'AT_TIMESTAMP', timestamp: calledAt }
          : position;
    // An empty page still moves on: Kinesis leads through stretches without records page by page.
    if (NextShardIterator !== undefined) this.#keep(shardId, next, NextShardIterator);
    return {
      records,
      next,
      trimmed: 0,
      endOfShard: NextShardIterator === undefined,
      millisBehindLatest: MillisBehindLatest,
    };
  }

  /** Kinesis does not count records. */
  async backlog(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async #listPage(input: { StreamName: string } | { NextToken: string }): Promise<ListShardsCommandOutput> {
    try {
      return await this.#client.send(new ListShardsCommand(input));
    } catch (error) {
      throw unavailable('stream', 'did not list its shards', error);
    }
  }

  /** `undefined` where the shard is no more. */
  async #page(shardId: string, position: ShardPosition, limit: number): Promise<GetRecordsCommandOutput | undefined> {
    const key = keyOf(shardId, position);
    const kept = this.#iterators.get(key);
    try {
      if (kept !== undefined) {
        try {
          return await this.#getRecords(kept, limit);
        } catch (error) {
          // An emulator that was started anew knows none of the iterators that it gave.
          if (!['ExpiredIteratorException', 'InvalidArgumentException'].includes(codeOf(error))) throw error;
          this.#iterators.delete(key);
        }
      }
      return await this.#getRecords(await this.#newIterator(shardId, position), limit);
    } catch (error) {
      if (codeOf(error) === 'ResourceNotFoundException' && (await this.#isGone(shardId))) return undefined;
      throw unavailable('stream', `was not read at shard ${shardId}`, error);
    }
  }

  /** The same error tells that there is no such shard, and that there is no such stream. */
  async #isGone(shardId: string): Promise<boolean> {
    try {
      const shards = await this.listShards();
      return shards.length > 0 && shards.every((shard) => shard.shardId !== shardId);
    } catch {
      return false;
    }
  }

  async #getRecords(iterator: string, limit: number): Promise<GetRecordsCommandOutput> {
    const page = await this.#client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: limit }));
    // The end of a closed shard is null on the wire, which the SDK's type does not say.
    return { ...page, NextShardIterator: page.NextShardIterator ?? undefined };
  }

  /**
   * Kinesis takes the sequence number of a record that expired and starts at the oldest one that it has. Where the number
   * is refused, because an emulator does not do so or the stream was made anew under its name, reading starts there too:
   * a reader may see records again but none is missed.
   */
  async #newIterator(shardId: string, position: ShardPosition): Promise<string> {
    try {
      return await this.#getShardIterator(shardId, position);
    } catch (error) {
      if (!('sequenceNumber' in position) || codeOf(error) !== 'InvalidArgumentException') throw error;
      return this.#getShardIterator(shardId, { type: 'TRIM_HORIZON' });
    }
  }

  async #getShardIterator(shardId: string, position: ShardPosition): Promise<string> {
    const { ShardIterator } = await this.#client.send(
      new GetShardIteratorCommand({
        StreamName: this.#streamName,
        ShardId: shardId,
        ShardIteratorType: position.type,
        ...(position.type === 'AT_TIMESTAMP' && { Timestamp: new Date(position.timestamp) }),
        ...('sequenceNumber' in position && { StartingSequenceNumber: position.sequenceNumber }),
      }),
    );
    return given('ShardIterator', ShardIterator);
  }

  #keep(shardId: string, position: ShardPosition, iterator: string): void {
    const key = keyOf(shardId, position);
    this.#iterators.delete(key);
    this.#iterators.set(key, iterator);
    const [first] = this.#iterators.keys();
    if (this.#iterators.size > MAX_ITERATORS && first !== undefined) this.#iterators.delete(first);
  }
}

function keyOf(shardId: string, position: ShardPosition): string {
  return JSON.stringify([shardId, position]);
}

/** The end of a closed shard; an open one has none, which emulators write as null. */
function endingOf(range: SequenceNumberRange | undefined): Pick<Shard, 'endingSequenceNumber'> {
  const ending = range?.EndingSequenceNumber ?? undefined;
  return ending === undefined ? {} : { endingSequenceNumber: ending };
}

function recordOf(shardId: string, record: KinesisRecord): StreamRecord {
  return {
    partitionKey: given('PartitionKey', record.PartitionKey),
    data: given('Data', record.Data),
    shardId,
    sequenceNumber: given('SequenceNumber', record.SequenceNumber),
    arrivedAt: given('ApproximateArrivalTimestamp', record.ApproximateArrivalTimestamp).getTime(),
  };
}

/** What Kinesis always gives, although its model calls it optional. */
function given<Value>(member: string, value: Value | undefined): Value {
  if (value === undefined) throw new StoreUnavailable('stream', `gave no ${member}`);
  return value;
}
