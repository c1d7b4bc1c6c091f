/** One record of PutRecord and PutRecords: its limits, and putting it. */
import type { PutOutcome, StreamEvent } from '../../../core/ports.ts';
import {
  hashKeyProblem,
  LARGEST_MAX_RECORD_KIB,
  maxRecordBytesOf,
  sizeProblem,
  streamEventBytes,
} from '../../../core/stream-event.ts';
import type { KinesisContext } from './context.ts';
import { invalidArgument } from './context.ts';
import type { Members } from '../members.ts';

export function readRecordEntry(members: Members, context: KinesisContext): StreamEvent {
  const data = members.blob('Data', maxRecordBytes(context));
  const partitionKey = members.string('PartitionKey', { required: true, minLength: 1, maxLength: 256 });
  const explicitHashKey = members.string('ExplicitHashKey', { pattern: String.raw`0|([1-9]\d{0,38})` });
  return { data, partitionKey, ...(explicitHashKey !== undefined && { explicitHashKey }) };
}

/** What Kinesis checks once the members are valid. */
export function checkRecordEntry(event: StreamEvent, context: KinesisContext): void {
  const { explicitHashKey } = event;
  const problem =
    (explicitHashKey === undefined ? undefined : hashKeyProblem(explicitHashKey)) ??
    sizeProblem(streamEventBytes(event), maxRecordBytes(context));
  if (problem !== undefined) throw invalidArgument(problem);
}

/** Of a stream at AWS the limit is not known here: AWS itself refuses what is over it. */
function maxRecordBytes({ streamControl }: KinesisContext): number {
  return maxRecordBytesOf(streamControl?.maxRecordKib ?? LARGEST_MAX_RECORD_KIB);
}

/** Puts without retrying: like Kinesis, this tells the client what was throttled and leaves the retry to it. */
export function putEvents(
  events: readonly StreamEvent[],
  { eventStream }: KinesisContext,
): Promise<readonly PutOutcome[]> {
  return eventStream.put(events, { remainingMillis: () => 0 });
}

const THROTTLED = 'ProvisionedThroughputExceededException';

/** A record fails for one of these two reasons only (API reference of PutRecords, `ErrorCode`). */
export function errorCodeOf({ code }: PutOutcome & { taken: false }): typeof THROTTLED | 'InternalFailure' {
  return code === THROTTLED ? THROTTLED : 'InternalFailure';
}
