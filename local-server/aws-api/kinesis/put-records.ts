import { streamEventBytes } from '../../../core/stream-event.ts';
import type { Operation } from './context.ts';
import { invalidArgument, readStreamReference, requireStream } from './context.ts';
import { checkRecordEntry, errorCodeOf, putEvents, readRecordEntry } from './record-entry.ts';

const MAX_REQUEST_BYTES = 10 * 1_024 * 1_024;

export const putRecords: Operation = async (members, context) => {
  const reference = readStreamReference(members);
  const events = members
    .structures('Records', { minLength: 1, maxLength: 500 })
    .map((entry) => readRecordEntry(entry, context));
  members.check();
  requireStream(reference, context);
  for (const event of events) checkRecordEntry(event, context);
  if (events.reduce((sum, event) => sum + streamEventBytes(event), 0) > MAX_REQUEST_BYTES) {
    throw invalidArgument('Records size exceeds 10 MB limit');
  }

  const outcomes = await putEvents(events, context);
  return {
    FailedRecordCount: outcomes.filter(({ taken }) => !taken).length,
    Records: outcomes.map((outcome) =>
      outcome.taken
        ? { SequenceNumber: outcome.sequenceNumber, ShardId: outcome.shardId }
        : { ErrorCode: errorCodeOf(outcome), ErrorMessage: outcome.message },
    ),
  };
};
