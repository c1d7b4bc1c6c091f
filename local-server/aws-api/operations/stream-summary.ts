import type { KinesisContext } from '../kinesis-context.ts';

/** What ListStreams and DescribeStreamSummary both tell about the stream. */
export function summarizeStream({ streamName, streamArn, createdAt }: KinesisContext) {
  return {
    StreamName: streamName,
    StreamARN: streamArn,
    StreamStatus: 'ACTIVE',
    StreamModeDetails: { StreamMode: 'PROVISIONED' },
    StreamCreationTimestamp: createdAt / 1_000,
  };
}
