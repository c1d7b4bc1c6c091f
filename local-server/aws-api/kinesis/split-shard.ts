import { invalidArgument, type Operation, readStreamReference, requireControl, requireStream } from './context.ts';
import { requireOpenShard, requireShard, resolveShardId, shardIdRules } from './shard-id.ts';

/** Kinesis splits in the background (`UPDATING`); here the shards are there when the answer is. In Kinesis's words (kinesalite, test/splitShard.js). */
export const splitShard: Operation = async (members, context) => {
  const newStartingHashKey = members.string('NewStartingHashKey', {
    required: true,
    pattern: String.raw`0|([1-9]\d{0,38})`,
  });
  const reference = readStreamReference(members);
  const shard = members.string('ShardToSplit', { ...shardIdRules, required: true });
  members.check();
  const shardId = resolveShardId(shard, context, reference.name);
  requireStream(reference, context);
  const control = requireControl('SplitShard', context);

  const parent = await requireShard(shardId, context);
  const { startingHashKey: first, endingHashKey: last } = parent;
  const hashKey = BigInt(newStartingHashKey);
  if (hashKey <= BigInt(first) + 1n || hashKey >= BigInt(last)) {
    throw invalidArgument(
      `NewStartingHashKey ${newStartingHashKey} used in SplitShard() on shard ${shardId} in stream ${context.streamName} under account ${context.accountId} is not both greater than one plus the shard's StartingHashKey ${first} and less than the shard's EndingHashKey ${last}.`,
    );
  }
  requireOpenShard(parent, context);
  control.splitShard(shardId, newStartingHashKey);
  return undefined;
};
