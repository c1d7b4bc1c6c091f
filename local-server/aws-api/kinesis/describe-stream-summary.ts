import type { Operation } from './context.ts';
import { readStreamReference, requireControl, requireStream } from './context.ts';
import { summarizeStream } from './stream-summary.ts';

export const describeStreamSummary: Operation = async (members, context) => {
  const reference = readStreamReference(members);
  members.check();
  requireStream(reference, context);
  const { maxRecordKib } = requireControl('DescribeStreamSummary', context);

  const shards = await context.shardReader.listShards();
  return {
    StreamDescriptionSummary: {
      ...summarizeStream(context),
      RetentionPeriodHours: context.retentionInHours,
      EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
      EncryptionType: 'NONE',
      OpenShardCount: shards.filter(({ endingSequenceNumber }) => endingSequenceNumber === undefined).length,
      // Consumers with enhanced fan-out; an event source mapping polls and is none.
      ConsumerCount: 0,
      MaxRecordSizeInKiB: maxRecordKib,
    },
  };
};
