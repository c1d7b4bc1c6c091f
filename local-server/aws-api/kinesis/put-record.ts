import { AwsError } from '../aws-error.ts';
import type { Operation } from './context.ts';
import { invalidArgument, readStreamReference, requireStream, sequenceNumberRules } from './context.ts';
import { requirePossible } from './sequence-number-for-ordering.ts';
import { checkRecordEntry, errorCodeOf, putEvents, readRecordEntry } from './record-entry.ts';

export const putRecord: Operation = async (members, context) => {
  const reference = readStreamReference(members);
  const event = readRecordEntry(members, context);
  const ordering = members.string('SequenceNumberForOrdering', sequenceNumberRules);
  members.check();
  requireStream(reference, context);
  checkRecordEntry(event, context);
  if (ordering !== undefined) requirePossible(ordering, context);

  const [outcome] = await putEvents([event], context);
  if (outcome === undefined) throw new Error('the stream gave no outcome for the record');
  if (!outcome.taken) {
    if (outcome.permanent === true) throw invalidArgument(outcome.message);
    const code = errorCodeOf(outcome);
    throw new AwsError(code, outcome.message, code === 'InternalFailure' ? 500 : 400, {
      retryAfterSeconds: outcome.retryAfterSeconds,
    });
  }
  return { ShardId: outcome.shardId, SequenceNumber: outcome.sequenceNumber };
};
