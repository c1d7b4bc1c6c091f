/** One record of PutRecord and PutRecords: its limits, and putting it. */
import type { PutOutcome, StreamEvent } from '../../../core/ports.ts';
import type { KinesisContext } from '../kinesis-context.ts';
import { invalidArgument } from '../kinesis-context.ts';
import type { Members } from '../members.ts';

/** The largest record of a stream whose MaxRecordSizeInKiB was not raised: data and partition key together. */
export const MAX_RECORD_SIZE_IN_KIB = 1_024;
const MAX_RECORD_BYTES = MAX_RECORD_SIZE_IN_KIB * 1_024;
const HASH_KEYS = 2n ** 128n;

export function readRecordEntry(members: Members): StreamEvent {
  const data = members.blob('Data', MAX_RECORD_BYTES);
  const partitionKey = members.string('PartitionKey', { required: true, minLength: 1, maxLength: 256 });
  const explicitHashKey = members.string('ExplicitHashKey', { pattern: String.raw`0|([1-9]\d{0,38})` });
  return { data, partitionKey, ...(explicitHashKey !== undefined && { explicitHashKey }) };
}

/** What Kinesis checks once the members are valid. */
export function checkRecordEntry(event: StreamEvent): void {
  const { explicitHashKey } = event;
  if (explicitHashKey !== undefined && BigInt(explicitHashKey) >= HASH_KEYS) {
    throw invalidArgument(
      `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${explicitHashKey}`,
    );
  }
  if (countBytes(event) > MAX_RECORD_BYTES) {
    throw invalidArgument(`Record size exceeds 1 MB limit: data and partition key count together.`);
  }
}

/** Data and partition key, which is what the limits of Kinesis count. */
export function countBytes({ data, partitionKey }: StreamEvent): number {
  return data.length + Buffer.byteLength(partitionKey);
}

/** Puts without retrying: like Kinesis, this tells the client what was throttled and leaves the retry to it. */
export function putEvents(
  events: readonly StreamEvent[],
  { eventStream, clock }: KinesisContext,
): Promise<readonly PutOutcome[]> {
  return eventStream.put(events, { deadline: clock.now() });
}

const THROTTLED = 'ProvisionedThroughputExceededException';

/** A record fails for one of these two reasons only (API reference of PutRecords, `ErrorCode`). */
export function errorCodeOf({ code }: PutOutcome & { taken: false }): typeof THROTTLED | 'InternalFailure' {
  return code === THROTTLED ? THROTTLED : 'InternalFailure';
}
