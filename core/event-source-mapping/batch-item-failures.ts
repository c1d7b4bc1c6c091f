/**
 * What a function's response says about its batch (LDG, "Configuring partial batch response with Kinesis Data Streams
 * and Lambda"):
 * - complete success: an empty or null `batchItemFailures` list, an empty or null response; also `[]`, as recorded on AWS
 *   (test/recorded);
 * - complete failure: an empty, null or misnamed `itemIdentifier`;
 * - several identifiers: the lowest sequence number is the checkpoint, it and all after it are retried.
 *
 * Chosen, because AWS documents nothing: an identifier that is not in the batch, a `batchItemFailures` that is no list and
 * a response that is neither an object nor `[]` are complete failures. Processing twice is harmless, skipping is not.
 */
import type { StreamRecord } from '../ports.ts';

/** Which records of a batch are done: all, none, or those in front of the one that is named. */
export type BatchResult = 'success' | 'failure' | { readonly failedFrom: number };

export function readBatchItemFailures(response: unknown, records: readonly StreamRecord[]): BatchResult {
  if (response === null || response === undefined) return 'success';
  if (Array.isArray(response)) return response.length === 0 ? 'success' : 'failure';
  if (typeof response !== 'object') return 'failure';
  const { batchItemFailures: failures } = response as { batchItemFailures?: unknown };
  if (failures === null || failures === undefined) return 'success';
  if (!Array.isArray(failures)) return 'failure';
  if (failures.length === 0) return 'success';

  const named = new Set(failures.map(identifierOf));
  const first = records.findIndex(({ sequenceNumber }) => named.has(sequenceNumber));
  for (const { sequenceNumber } of records) named.delete(sequenceNumber);
  return named.size > 0 ? 'failure' : { failedFrom: first };
}

function identifierOf(failure: unknown): string | undefined {
  if (typeof failure !== 'object' || failure === null) return undefined;
  const { itemIdentifier } = failure as { itemIdentifier?: unknown };
  return typeof itemIdentifier === 'string' ? itemIdentifier : undefined;
}
