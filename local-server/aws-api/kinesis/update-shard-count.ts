import { AwsError } from '../aws-error.ts';
import { type Operation, readStreamReference, requireControl, requireStream } from './context.ts';

/** API reference of UpdateShardCount. */
const MAX_SHARDS = 10_000;

/** Of the limits of UpdateShardCount, that of ten calls a day does not hold here. */
export const updateShardCount: Operation = async (members, context) => {
  const target = members.integer('TargetShardCount', { min: 1, max: Number.MAX_SAFE_INTEGER, required: true });
  members.oneOf('ScalingType', ['UNIFORM_SCALING']);
  const reference = readStreamReference(members);
  members.check();
  requireStream(reference, context);
  const control = requireControl('UpdateShardCount', context);

  const shards = await context.shardReader.listShards();
  const current = shards.filter(({ endingSequenceNumber }) => endingSequenceNumber === undefined).length;
  const counts = `Current open shard count: ${current} Target shard count: ${target}`;
  if (target > current * 2) throw limit(`cannot scale up over double your current open shard count. ${counts}`);
  if (target < current / 2) throw limit(`cannot scale down below half your current open shard count. ${counts}`);
  if (target > MAX_SHARDS) throw limit(`cannot scale over ${MAX_SHARDS} shards. ${counts}`);
  control.updateShardCount(target);
  return {
    StreamName: context.streamName,
    StreamARN: context.streamArn,
    CurrentShardCount: current,
    TargetShardCount: target,
  };
};

function limit(what: string): AwsError {
  return new AwsError('LimitExceededException', `UpdateShardCount ${what}`);
}
