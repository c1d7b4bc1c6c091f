/**
 * The log of one invocation as Lambda writes it: START, what went wrong, END and REPORT. Form and order were recorded on AWS
 * (localstack/localstack, tests/aws/services/lambda_/test_lambda.snapshot.json, test_invocation_with_logs); the line of an
 * error is that of the runtime (aws/aws-lambda-nodejs-runtime-interface-client). REPORT has no "Max Memory Used": all
 * functions share the memory of this process, and nobody measures what one of them takes.
 */
import { formatTimestamp } from '../../../core/timestamp.ts';
import type { FunctionDescription, TimedResult } from '../../delivery/lambda-runtime.ts';

/** What `X-Amz-Log-Result` holds at most, before it becomes base64 (API reference of Invoke). */
const TAIL_BYTES = 4_096;

export function invocationLog(result: TimedResult, { memoryInMiB }: FunctionDescription): string {
  const { requestId, executedVersion, endedAt, durationMillis } = result;
  return [
    `START RequestId: ${requestId} Version: ${executedVersion}`,
    ...errorLines(result, formatTimestamp(endedAt)),
    `END RequestId: ${requestId}`,
    `REPORT RequestId: ${requestId}\tDuration: ${durationMillis.toFixed(2)} ms\tBilled Duration: ${Math.ceil(durationMillis)} ms\tMemory Size: ${memoryInMiB} MB\t`,
    '',
  ].join('\n');
}

function errorLines({ requestId, functionError, payload }: TimedResult, time: string): string[] {
  if (functionError === undefined) return [];
  const { errorType, errorMessage, trace } = payload as Readonly<Record<string, unknown>>;
  if (errorType === 'Sandbox.Timedout')
    return [`${time} ${requestId} ${String(errorMessage).replace(/^.*Error: /, '')}`];
  const error = { errorType, errorMessage, ...(trace !== undefined && { stack: trace }) };
  return [`${time}\t${requestId}\tERROR\tInvoke Error \t${JSON.stringify(error)}`];
}

/** The end of the log, in base64. */
export function logTail(log: string): string {
  return Buffer.from(log).subarray(-TAIL_BYTES).toString('base64');
}
