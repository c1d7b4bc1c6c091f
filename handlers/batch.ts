/** What both stream processors share: how long they may work, what they log about a batch, what they answer. */
import type { Context, KinesisStreamBatchResponse } from 'aws-lambda';
import type { StreamRecord } from '../core/ports.ts';

/** Time kept back for the answer: a function that times out has its whole batch repeated. */
const RESERVE_MILLIS = 1_000;

export type RemainingTime = Pick<Context, 'getRemainingTimeInMillis'>;

/** How long the stores may be tried, at the moment of asking. Short time-outs keep a tenth back. */
export function remainingOf(context: RemainingTime): () => number {
  const reserve = Math.min(RESERVE_MILLIS, context.getRemainingTimeInMillis() / 10);
  return () => context.getRemainingTimeInMillis() - reserve;
}

export function describeBatch(records: readonly StreamRecord[]): object {
  const first = records[0];
  return {
    shardId: first?.shardId,
    firstSequenceNumber: first?.sequenceNumber,
    lastSequenceNumber: records.at(-1)?.sequenceNumber,
    records: records.length,
  };
}

/** The response for the event source mapping: everything from this record on comes again; without one, nothing does. */
export function retryFrom(sequenceNumber?: string): KinesisStreamBatchResponse {
  return { batchItemFailures: sequenceNumber === undefined ? [] : [{ itemIdentifier: sequenceNumber }] };
}
