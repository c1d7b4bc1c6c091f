/** Which account and region a stack is in: its stream's ARN says so, and whoever may put into the stream may ask. */
import { DescribeStreamSummaryCommand, type KinesisClient } from '@aws-sdk/client-kinesis';
import { unavailable } from './translate-error.ts';

export interface StackAccount {
  readonly accountId: string;
  readonly region: string;
}

/** @throws StoreUnavailable where there is no such stream, or no permission to look at it. */
export async function findStackAccount(client: KinesisClient, streamName: string): Promise<StackAccount> {
  try {
    const { StreamDescriptionSummary } = await client.send(
      new DescribeStreamSummaryCommand({ StreamName: streamName }),
    );
    const [, , , region = '', accountId = ''] = StreamDescriptionSummary?.StreamARN?.split(':') ?? [];
    return { accountId, region };
  } catch (error) {
    throw unavailable('stream', `${streamName} could not be looked up`, error);
  }
}
