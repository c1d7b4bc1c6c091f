import type { Operation } from './context.ts';
import { readStreamReference, requireControl, requireStream } from './context.ts';
import { describeShard, inOrder } from './describe-shard.ts';
import { shardIdRules } from './shard-id.ts';
import { summarizeStream } from './stream-summary.ts';

/** API reference of DescribeStream: the default, and the most that is returned. */
const MAX_SHARDS = 100;

export const describeStream: Operation = async (members, context) => {
  const limit = members.integer('Limit', { min: 1, max: 10_000 }) ?? MAX_SHARDS;
  const after = members.string('ExclusiveStartShardId', shardIdRules) ?? '';
  const reference = readStreamReference(members);
  members.check();
  requireStream(reference, context);
  requireControl('DescribeStream', context);

  const shards = inOrder(await context.shardReader.listShards()).filter(({ shardId }) => shardId > after);
  const page = shards.slice(0, Math.min(limit, MAX_SHARDS));
  return {
    StreamDescription: {
      ...summarizeStream(context),
      Shards: page.map(describeShard),
      HasMoreShards: shards.length > page.length,
      RetentionPeriodHours: context.retentionInHours,
      EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
      EncryptionType: 'NONE',
    },
  };
};
