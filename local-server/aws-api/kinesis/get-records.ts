import type { ShardPage, ShardPosition, StreamRecord } from '../../../core/ports.ts';
import { streamEventBytes } from '../../../core/stream-event.ts';
import { Timestamp } from '../codec.ts';
import type { KinesisContext, Operation } from './context.ts';
import { readStreamArn, requireStreamArn } from './context.ts';

/** API reference of GetRecords. */
const MAX_RECORDS = 10_000;
const MAX_BYTES = 10 * 1_024 * 1_024;

export const getRecords: Operation = async (members, context) => {
  const limit = members.integer('Limit', { min: 1, max: MAX_RECORDS }) ?? MAX_RECORDS;
  const iterator = members.string('ShardIterator', { required: true, minLength: 1, maxLength: 512 });
  const arn = readStreamArn(members);
  members.check();
  if (arn !== undefined) requireStreamArn(arn, context);

  const { shardId, position } = context.iterators.open(iterator);
  const page = bounded(await context.shardReader.read(shardId, position, limit));
  return {
    Records: page.records.map(describeRecord),
    // Left out at the end of a closed shard.
    NextShardIterator: page.endOfShard ? undefined : context.iterators.issue({ shardId, position: page.next }),
    MillisBehindLatest: page.millisBehindLatest,
    ChildShards: page.endOfShard ? await childrenOf(shardId, context) : undefined,
  };
};

function describeRecord({ sequenceNumber, arrivedAt, data, partitionKey }: StreamRecord) {
  return {
    SequenceNumber: sequenceNumber,
    ApproximateArrivalTimestamp: new Timestamp(arrivedAt),
    Data: data,
    PartitionKey: partitionKey,
  };
}

/** As many of the records as one answer may hold. */
function bounded(page: ShardPage): Pick<ShardPage, 'records' | 'next' | 'endOfShard' | 'millisBehindLatest'> {
  let bytes = 0;
  const firstLeft = page.records.findIndex((record, index) => {
    bytes += streamEventBytes(record);
    return index > 0 && bytes > MAX_BYTES;
  });
  const last = page.records[firstLeft - 1];
  if (last === undefined) return page;
  const newest = page.records.at(-1) ?? last;
  const next: ShardPosition = { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: last.sequenceNumber };
  return {
    records: page.records.slice(0, firstLeft),
    next,
    endOfShard: false,
    millisBehindLatest: page.millisBehindLatest + Math.max(0, newest.arrivedAt - last.arrivedAt),
  };
}

async function childrenOf(shardId: string, { shardReader }: KinesisContext) {
  const shards = await shardReader.listShards();
  return shards
    .filter(({ parentShardIds }) => parentShardIds.includes(shardId))
    .map((child) => ({
      ShardId: child.shardId,
      ParentShards: child.parentShardIds,
      HashKeyRange: { StartingHashKey: child.startingHashKey, EndingHashKey: child.endingHashKey },
    }));
}
