import { DEFAULT_MAX_RECORD_KIB } from '../../../core/stream-event.ts';
import type { Operation } from './context.ts';
import { readStreamReference, requireStream } from './context.ts';
import { summarizeStream } from './stream-summary.ts';

export const describeStreamSummary: Operation = async (members, context) => {
  const reference = readStreamReference(members);
  members.check();
  requireStream(reference, context);

  const shards = await context.shardReader.listShards();
  const closed = new Set(shards.flatMap(({ parentShardIds }) => parentShardIds));
  return {
    StreamDescriptionSummary: {
      ...summarizeStream(context),
      RetentionPeriodHours: context.retentionInHours,
      EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
      EncryptionType: 'NONE',
      OpenShardCount: shards.filter(({ shardId }) => !closed.has(shardId)).length,
      // Consumers with enhanced fan-out; an event source mapping polls and is none.
      ConsumerCount: 0,
      MaxRecordSizeInKiB: DEFAULT_MAX_RECORD_KIB,
    },
  };
};
