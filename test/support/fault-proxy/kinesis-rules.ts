/** Partial failures of PutRecords, and the documented limits of the calls that the project makes to Kinesis. */
import { jsonAnswer, jsonError, jsonOf } from './answer.ts';
import type { Action, LimitCheck, Violation } from './fault-proxy.ts';

const MAX_RECORDS = 500;
const MAX_REQUEST_BYTES = 10 * 1_048_576;
const MAX_RECORD_BYTES = 1_048_576;
const MAX_KEY_CHARACTERS = 256;

interface PutRecord {
  readonly Data: string;
  readonly PartitionKey: string;
  readonly ExplicitHashKey?: string;
}
interface PutRecordsRequest {
  readonly Records: readonly PutRecord[];
}
interface PutRecordsResponse {
  readonly FailedRecordCount: number;
  readonly Records: readonly Readonly<Record<string, unknown>>[];
}

/**
 * PutRecords of which some records fail, each on its own as Kinesis documents it; the others reach the engine.
 * @param fails Asked once per record, in order.
 */
export function failRecords(
  fails: (record: { readonly partitionKey: string; readonly index: number }) => boolean,
  code = 'ProvisionedThroughputExceededException',
): Action {
  return async (call, forward) => {
    const request = jsonOf(call) as PutRecordsRequest;
    const failed = request.Records.map(({ PartitionKey }, index) => fails({ partitionKey: PartitionKey, index }));
    const kept = request.Records.filter((_, index) => failed[index] !== true);
    // Kinesis has no request without records.
    const answer =
      kept.length === 0 ? undefined : await forward(Buffer.from(JSON.stringify({ ...request, Records: kept })));
    if (answer !== undefined && answer.status !== 200) return answer;
    const taken = answer === undefined ? undefined : (jsonOf(answer) as PutRecordsResponse);
    const results = [...(taken?.Records ?? [])];
    return jsonAnswer({
      FailedRecordCount: request.Records.length - kept.length + (taken?.FailedRecordCount ?? 0),
      Records: failed.map((isFailed) =>
        isFailed ? { ErrorCode: code, ErrorMessage: `${code} by the fault proxy.` } : results.shift(),
      ),
    });
  };
}

/** Kinesis API Reference, PutRecords and PutRecord: limits of a request and of a record. */
const putRecordsLimits: LimitCheck = (call) => {
  if (call.service !== 'kinesis') return undefined;
  if (call.operation === 'PutRecord') return recordProblem(jsonOf(call) as PutRecord);
  if (call.operation !== 'PutRecords') return undefined;
  const { Records } = jsonOf(call) as PutRecordsRequest;
  if (Records.length < 1 || Records.length > MAX_RECORDS) return refusal(`${Records.length} records`);
  const bytes = Records.reduce((sum, record) => sum + bytesOf(record), 0);
  if (bytes > MAX_REQUEST_BYTES) return refusal(`${bytes} bytes in a request`);
  return Records.map(recordProblem).find((problem) => problem !== undefined);
};

/** Kinesis API Reference, GetRecords: the range of `Limit`. */
const getRecordsLimits: LimitCheck = (call) => {
  if (call.service !== 'kinesis' || call.operation !== 'GetRecords') return undefined;
  const { Limit = 1 } = jsonOf(call) as { readonly Limit?: number };
  return Limit >= 1 && Limit <= 10_000 ? undefined : refusal(`a limit of ${Limit} records`);
};

export const kinesisLimits: readonly LimitCheck[] = [putRecordsLimits, getRecordsLimits];

function recordProblem(record: PutRecord): Violation | undefined {
  const characters = Array.from(record.PartitionKey).length;
  if (characters < 1 || characters > MAX_KEY_CHARACTERS) return refusal(`a key of ${characters} characters`);
  const bytes = bytesOf(record);
  if (bytes > MAX_RECORD_BYTES) return refusal(`${bytes} bytes in a record`);
  const { ExplicitHashKey } = record;
  if (ExplicitHashKey === undefined) return undefined;
  const fits = /^(0|[1-9]\d{0,38})$/.test(ExplicitHashKey) && BigInt(ExplicitHashKey) < 2n ** 128n;
  return fits ? undefined : refusal(`the hash key ${ExplicitHashKey}`);
}

function bytesOf({ Data, PartitionKey }: PutRecord): number {
  return Buffer.from(Data, 'base64').length + Buffer.byteLength(PartitionKey);
}

function refusal(problem: string): Violation {
  return { problem, answer: jsonError(400, 'InvalidArgumentException', problem) };
}
