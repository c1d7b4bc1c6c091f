import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { SimulationFailed } from '../errors.ts';
import { describeFailure, type ServerAddress } from '../http-client.ts';
import { type Answer, deliver, type RetryPolicy } from './delivery.ts';
import type { Message, Outcome, RequestLimits, Sender } from './sender.ts';

/**
 * A client as a device would make it. On AWS it finds its credentials as any client does. The laptop's server takes its token for the
 * secret, and any secret where it has none.
 */
export function kinesisClient({ url, token = 'simulator', isOwn = false }: ServerAddress): KinesisClient {
  const onAws = new URL(url).hostname.endsWith('.amazonaws.com');
  return new KinesisClient({
    endpoint: url,
    region: process.env.AWS_REGION ?? 'us-east-1',
    ...(onAws ? {} : { credentials: { accessKeyId: 'simulator', secretAccessKey: token } }),
    // Retries are ours, so that they can be counted.
    maxAttempts: 1,
    requestHandler: {
      requestTimeout: 30_000,
      ...(isOwn && { nodeHttp2ConnectOptions: { rejectUnauthorized: false } }),
    },
  });
}

/** PutRecords with the device's id as partition key. */
export class KinesisSender implements Sender {
  /** PutRecords: at most 500 records and 10 MiB, partition keys included. */
  readonly limits: RequestLimits = {
    maxItems: 500,
    maxBytes: 10 * 1_024 * 1_024,
    bytesOf: ({ data, partitionKey }) => data.length + Buffer.byteLength(partitionKey),
  };
  readonly #client: KinesisClient;
  readonly #streamName: string;
  readonly #retry: RetryPolicy;

  constructor(client: KinesisClient, streamName: string, retry: RetryPolicy) {
    this.#client = client;
    this.#streamName = streamName;
    this.#retry = retry;
  }

  send(messages: readonly Message[], signal: AbortSignal): Promise<readonly Outcome[]> {
    return deliver(messages, (open) => this.#put(open), this.#retry, signal);
  }

  /** PutRecords answers 200 with records in it that failed: each result says for itself. */
  async #put(messages: readonly Message[]): Promise<readonly Answer[]> {
    const problem = `PutRecords to ${this.#streamName}`;
    try {
      const { Records = [] } = await this.#client.send(
        new PutRecordsCommand({
          StreamName: this.#streamName,
          Records: messages.map(({ data, partitionKey }) => ({ Data: data, PartitionKey: partitionKey })),
        }),
      );
      return Records.map(({ ShardId, SequenceNumber, ErrorCode, ErrorMessage }) =>
        ShardId !== undefined && SequenceNumber !== undefined
          ? { accepted: true, shardId: ShardId, sequenceNumber: SequenceNumber }
          : { retry: `${problem}: ${ErrorCode ?? 'no error code'} ${ErrorMessage ?? ''}` },
      );
    } catch (error) {
      const failure = `${problem}: ${describeFailure(error)}`;
      if (isTransient(error)) return messages.map(() => ({ retry: failure }));
      throw new SimulationFailed(failure, { cause: error });
    }
  }
}

const throttled = new Set([
  'ProvisionedThroughputExceededException',
  'LimitExceededException',
  'KMSThrottlingException',
  'ThrottlingException',
  'RequestTimeout',
]);

/** Throttling, faults of the server and of the network pass; whatever else the server says stays as it is. */
function isTransient(error: unknown): boolean {
  const { name = '', $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return name !== 'CredentialsProviderError'; // No answer came.
  return status === 429 || status >= 500 || throttled.has(name);
}
