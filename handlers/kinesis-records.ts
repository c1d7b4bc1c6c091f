/** Lambda's Kinesis event and the core's records. The two functions undo each other. */
import type { KinesisStreamEvent, KinesisStreamRecord, KinesisStreamTumblingWindowEvent } from 'aws-lambda';
import { encodeBase64 } from '../core/base64.ts';
import type { WindowProperties } from '../core/event-source-mapping/tumbling-window.ts';
import type { EpochMillis, StreamRecord } from '../core/ports.ts';
import { formatTimestamp } from '../core/timestamp.ts';

export interface EventSource {
  readonly streamArn: string;
  readonly region: string;
  /** Execution role of the function. */
  readonly roleArn: string;
}

/** What a function is sent: data as base64, the arrival as seconds with a fraction, the shard in the event id. */
export function toKinesisEvent(records: readonly StreamRecord[], source: EventSource): KinesisStreamEvent {
  return {
    Records: records.map((record) => ({
      kinesis: {
        kinesisSchemaVersion: '1.0',
        partitionKey: record.partitionKey,
        sequenceNumber: record.sequenceNumber,
        data: encodeBase64(record.data),
        approximateArrivalTimestamp: record.arrivedAt / 1_000,
      },
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID: `${record.shardId}:${record.sequenceNumber}`,
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: source.roleArn,
      awsRegion: source.region,
      eventSourceARN: source.streamArn,
    })),
  };
}

/** The event of a mapping with tumbling windows. `state` is a copy: the function may change it. */
export function toTumblingWindowEvent(
  records: readonly StreamRecord[],
  source: EventSource,
  shardId: string,
  { start, end, state, isFinalInvokeForWindow, isWindowTerminatedEarly }: WindowProperties,
): KinesisStreamTumblingWindowEvent & { shardId: string; eventSourceARN: string } {
  return {
    ...toKinesisEvent(records, source),
    window: { start: formatSecond(start), end: formatSecond(end) },
    state: structuredClone(state),
    shardId,
    eventSourceARN: source.streamArn,
    isFinalInvokeForWindow,
    isWindowTerminatedEarly,
  };
}

/** As the Lambda Developer Guide shows the limits of a window: without milliseconds. */
function formatSecond(time: EpochMillis): string {
  return formatTimestamp(time).replace('.000Z', 'Z');
}

export function fromKinesisEvent(event: KinesisStreamEvent): StreamRecord[] {
  return event.Records.map(fromKinesisRecord);
}

function fromKinesisRecord({ kinesis, eventID }: KinesisStreamRecord): StreamRecord {
  return {
    shardId: eventID.slice(0, eventID.indexOf(':')),
    sequenceNumber: kinesis.sequenceNumber,
    partitionKey: kinesis.partitionKey,
    arrivedAt: Math.round(kinesis.approximateArrivalTimestamp * 1_000),
    data: Buffer.from(kinesis.data, 'base64'),
  };
}
