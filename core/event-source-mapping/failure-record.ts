/**
 * What the on-failure destination is sent about records that were given up: the metadata that Lambda sends, and the
 * payload, as an S3 destination gets it, so that the data outlives the stream's retention (LDG, "Retain discarded batch
 * records for a Kinesis Data Streams event source in Lambda"). The shape by condition is the one recorded on AWS
 * (test/recorded): a record whose age was exceeded has no `responseContext`; after a partial response `functionError` is
 * there and null; records that never reached the function have a request id of their own and count as one invocation.
 * Chosen: what was too large to be tried has no `responseContext` either, as there was no response.
 */
import type { EpochMillis, StreamRecord } from '../ports.ts';
import { formatTimestamp } from '../timestamp.ts';
import type { Attempts, GiveUpCondition } from './decision.ts';

export interface GivenUpBatch {
  /** At least one record, all of one shard, in order. */
  readonly records: readonly StreamRecord[];
  readonly condition: GiveUpCondition;
  readonly attempts: Attempts;
  readonly functionArn: string;
  readonly streamArn: string;
  /** A new UUID, for records that never reached the function. */
  readonly ownRequestId: string;
  readonly givenUpAt: EpochMillis;
  /** The event with the records, as the function was or would have been sent it, as JSON. */
  readonly payload: string;
}

export function failureRecord(batch: GivenUpBatch): unknown {
  const { records, condition, attempts, functionArn, streamArn, ownRequestId, givenUpAt, payload } = batch;
  const [first, last] = ends(records);
  return {
    requestContext: {
      requestId: attempts.last?.requestId ?? ownRequestId,
      functionArn,
      condition,
      approximateInvokeCount: Math.max(1, attempts.invocations),
    },
    ...(condition === 'RetryAttemptsExhausted' &&
      attempts.last !== undefined && {
        responseContext: {
          statusCode: 200,
          executedVersion: '$LATEST',
          functionError: attempts.last.functionError,
        },
      }),
    version: '1.0',
    timestamp: formatTimestamp(givenUpAt),
    KinesisBatchInfo: {
      shardId: first.shardId,
      startSequenceNumber: first.sequenceNumber,
      endSequenceNumber: last.sequenceNumber,
      approximateArrivalOfFirstRecord: formatTimestamp(first.arrivedAt),
      approximateArrivalOfLastRecord: formatTimestamp(last.arrivedAt),
      batchSize: records.length,
      streamArn,
    },
    payload,
  };
}

/** `aws/lambda/<mapping>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<uuid>`, as Lambda names the object in S3. */
export function failureKey(mappingId: string, batch: GivenUpBatch, uuid: string): string {
  const timestamp = formatTimestamp(batch.givenUpAt);
  const second = timestamp.slice(0, 19).replaceAll(':', '.');
  const day = timestamp.slice(0, 10).replaceAll('-', '/');
  return `aws/lambda/${mappingId}/${ends(batch.records)[0].shardId}/${day}/${second}-${uuid}`;
}

function ends(records: readonly StreamRecord[]): [StreamRecord, StreamRecord] {
  const first = records[0];
  const last = records.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('a batch that is given up has records');
  return [first, last];
}
