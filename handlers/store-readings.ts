/** Function 2, `<stack>-IoTDDBEventProcessor`: readings into the table and the metric, the rest into the quarantine. */
import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import type { Clock } from '../core/ports.ts';
import type { StoreReadings } from '../core/store-readings.ts';
import { describeBatch, remainingOf, retryFrom } from './batch.ts';
import { fromKinesisEvent } from './kinesis-records.ts';
import type { Logger } from './logger.ts';

export type StoreReadingsHandler = (event: KinesisStreamEvent, context: Context) => Promise<KinesisStreamBatchResponse>;

export function createStoreReadingsHandler(
  useCase: Pick<StoreReadings, 'store'>,
  clock: Clock,
  log: Logger,
): StoreReadingsHandler {
  return async (event, context) => {
    const startedAt = clock.now();
    const records = fromKinesisEvent(event);
    const outcome = await useCase.store(records, { remainingMillis: remainingOf(context) });
    const { stored, quarantined, replaced, overwritten, leftOut, flagged, metrics, failure } = outcome;
    const summary = {
      requestId: context.awsRequestId,
      ...describeBatch(records),
      stored: stored.length,
      quarantined: quarantined.length,
      replaced: replaced.length,
      overwritten: overwritten.inBatch + (overwritten.inTable ?? 0),
      leftOut,
      flagged,
      metrics: { published: metrics.published, leftOut: metrics.leftOut },
      durationMillis: clock.now() - startedAt,
    };
    if (metrics.failure !== undefined) log.warn({ ...summary, err: metrics.failure }, 'metric not published');
    if (failure === undefined) {
      log.info(summary, 'stored');
    } else {
      const { sequenceNumber, causes } = failure;
      log.warn({ ...summary, retryFrom: sequenceNumber, err: new AggregateError(causes) }, 'stored in part');
    }
    return retryFrom(failure?.sequenceNumber);
  };
}
