import { Timestamp } from '../codec.ts';
import type { KinesisContext } from './context.ts';

/** What ListStreams and DescribeStreamSummary both tell about the stream. */
export function summarizeStream({ streamName, streamArn, createdAt }: KinesisContext) {
  return {
    StreamName: streamName,
    StreamARN: streamArn,
    StreamStatus: 'ACTIVE',
    StreamModeDetails: { StreamMode: 'PROVISIONED' },
    StreamCreationTimestamp: new Timestamp(createdAt),
  };
}
