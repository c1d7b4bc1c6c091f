/** Function 1, `<stack>-IoTS3EventProcessor`: stream records into the archive. */
import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import type { ArchiveEvents } from '../core/archive-events.ts';
import { StoreUnavailable } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { describeBatch, remainingOf, retryFrom } from './batch.ts';
import { fromKinesisEvent } from './kinesis-records.ts';
import type { Logger } from './logger.ts';

export type ArchiveEventsHandler = (event: KinesisStreamEvent, context: Context) => Promise<KinesisStreamBatchResponse>;

export function createArchiveEventsHandler(
  useCase: Pick<ArchiveEvents, 'archive'>,
  clock: Clock,
  log: Logger,
): ArchiveEventsHandler {
  return async (event, context) => {
    const startedAt = clock.now();
    const records = fromKinesisEvent(event);
    const batch = { requestId: context.awsRequestId, ...describeBatch(records) };
    try {
      const archived = await useCase.archive(records, { remainingMillis: remainingOf(context) });
      const { key, taken } = archived ?? {};
      if (taken !== undefined && taken.length > 0) {
        // Nothing is lost, but numbers that come twice are a sign that the stream was made anew, or forged.
        log.error({ ...batch, key, taken }, 'the key was taken by other records, archived under another');
      }
      log.info({ ...batch, key, durationMillis: clock.now() - startedAt }, 'archived');
      return retryFrom();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      // The archive is down, the batch is not at fault: the same batch again finds its object. A throw would have
      // it cut in halves, and leave many small objects.
      log.warn({ ...batch, durationMillis: clock.now() - startedAt, err: error }, 'not archived, to be retried');
      return retryFrom(records[0]?.sequenceNumber);
    }
  };
}
