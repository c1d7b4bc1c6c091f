/**
 * The stream on Kinesis. It leaves one record per event in the stream: the bytes as they are, under the event's partition
 * key, for the retention of the stream (24 hours unless raised).
 *
 * Order (docs/adr/0004): PutRecords fails records one by one and promises no order among those of a request, so a
 * request holds at most one event per partition key, and the next event of a key goes out when the one before it was
 * acknowledged (`ordered-put.ts`). Many keys fill the requests; n events of a single key cost n requests, one after the
 * other, which on AWS is some 50 to 100 events a second and key. Once an event of a key is given up, the rest of its key
 * is not tried, so that the caller can put it again from there in order.
 *
 * Repeats: an event is put again only if Kinesis said that it failed, or if no answer came. In the second case it may have
 * been taken, and is then in the stream twice, under two sequence numbers (Developer Guide, "Handle duplicate records");
 * if the lost request is still under way it may even arrive behind later events of its key.
 */
import { type KinesisClient, PutRecordsCommand, type PutRecordsResultEntry } from '@aws-sdk/client-kinesis';
import type { CallOptions, EventStream, PutOutcome, StreamEvent } from '../../core/ports.ts';
import { DEFAULT_MAX_RECORD_BYTES } from '../../core/stream-event.ts';
import { Backoff, type BackoffOptions, type RemainingMillis } from './backoff.ts';
import { OrderedPut, type Try } from './ordered-put.ts';
import { codeOf, isMistake, messageOf } from './translate-error.ts';

export interface KinesisEventStreamOptions extends BackoffOptions {
  readonly client: KinesisClient;
  readonly streamName: string;
  /**
   * Where the caller sets no limit: how long nothing at all may be taken before the rest is given up; 10,000 unless given.
   * A first try may always take that long.
   */
  readonly patienceMillis?: number;
  /** What the stream's MaxRecordSizeInKiB comes to; 1 MiB unless given. */
  readonly maxRecordBytes?: number;
}

export class KinesisEventStream implements EventStream {
  readonly #client: KinesisClient;
  readonly #streamName: string;
  readonly #patienceMillis: number;
  readonly #maxRecordBytes: number;
  readonly #backoff: Backoff;

  constructor(options: KinesisEventStreamOptions) {
    const {
      client,
      streamName,
      patienceMillis = 10_000,
      maxRecordBytes = DEFAULT_MAX_RECORD_BYTES,
      ...backoff
    } = options;
    this.#client = client;
    this.#streamName = streamName;
    this.#patienceMillis = patienceMillis;
    this.#maxRecordBytes = maxRecordBytes;
    this.#backoff = new Backoff(backoff);
  }

  async put(events: readonly StreamEvent[], { remainingMillis }: CallOptions = {}): Promise<readonly PutOutcome[]> {
    const put = new OrderedPut({
      events,
      send: (request, remaining) => this.#send(request, remaining),
      backoff: this.#backoff,
      remaining: remainingMillis,
      patienceMillis: this.#patienceMillis,
      maxRecordBytes: this.#maxRecordBytes,
    });
    return put.run();
  }

  /** One PutRecords. Where it fails as a whole, each of its events has failed. */
  async #send(events: readonly StreamEvent[], remaining: RemainingMillis): Promise<readonly Try[]> {
    const command = new PutRecordsCommand({
      StreamName: this.#streamName,
      Records: events.map(({ partitionKey, explicitHashKey, data }) => ({
        PartitionKey: partitionKey,
        ...(explicitHashKey !== undefined && { ExplicitHashKey: explicitHashKey }),
        Data: data,
      })),
    });
    try {
      const { Records = [] } = await this.#client.send(command, { abortSignal: this.#backoff.signal(remaining) });
      return events.map((_, index) => tryOf(Records[index]));
    } catch (error) {
      const mistake = isMistake(error);
      // Of several events in a request nobody can tell which one Kinesis found wrong.
      const permanent = mistake && events.length === 1;
      const [code, message] = [codeOf(error), messageOf(error)];
      const outcome: PutOutcome = { taken: false, code, message, ...(permanent && { permanent }) };
      const failed: Try = { outcome, retry: !mistake };
      return events.map(() => failed);
    }
  }
}

/** An entry without both numbers is a failure, also where its code is missing, or the whole entry. */
function tryOf({ ShardId, SequenceNumber, ErrorCode, ErrorMessage }: Partial<PutRecordsResultEntry> = {}): Try {
  if (ErrorCode === undefined && ShardId !== undefined && SequenceNumber !== undefined) {
    return { outcome: { taken: true, shardId: ShardId, sequenceNumber: SequenceNumber }, retry: false };
  }
  const code = ErrorCode ?? 'InternalFailure';
  return { outcome: { taken: false, code, message: ErrorMessage ?? 'Kinesis gave no reason.' }, retry: true };
}
