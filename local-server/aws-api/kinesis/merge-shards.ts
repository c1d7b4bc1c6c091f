import { invalidArgument, type Operation, readStreamReference, requireControl, requireStream } from './context.ts';
import { requireOpenShard, requireShard, resolveShardId, shardIdRules } from './shard-id.ts';

/** The adjacent shard must be the one with the higher hash keys (kinesalite, test/mergeShards.js). */
export const mergeShards: Operation = async (members, context) => {
  const rules = { ...shardIdRules, required: true } as const;
  const shards = [members.string('ShardToMerge', rules), members.string('AdjacentShardToMerge', rules)] as const;
  const reference = readStreamReference(members);
  members.check();
  const [leftId, rightId] = [
    resolveShardId(shards[0], context, reference.name),
    resolveShardId(shards[1], context, reference.name),
  ];
  requireStream(reference, context);
  const control = requireControl('MergeShards', context);

  const left = await requireShard(leftId, context);
  const right = await requireShard(rightId, context);
  if (BigInt(left.endingHashKey) + 1n !== BigInt(right.startingHashKey)) {
    throw invalidArgument(
      `Shards ${leftId} and ${rightId} in stream ${context.streamName} under account ${context.accountId} are not an adjacent pair of shards eligible for merging`,
    );
  }
  requireOpenShard(left, context);
  requireOpenShard(right, context);
  control.mergeShards(leftId, rightId);
  return undefined;
};
