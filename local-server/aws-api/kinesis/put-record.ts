import { AwsError } from '../aws-error.ts';
import type { Operation } from './context.ts';
import { invalidArgument, readStreamReference, requireStream } from './context.ts';
import { checkRecordEntry, errorCodeOf, putEvents, readRecordEntry } from './record-entry.ts';

export const putRecord: Operation = async (members, context) => {
  const reference = readStreamReference(members);
  const event = readRecordEntry(members);
  // Serial puts are in order of arrival here, which is what this member asks for: there is nothing more to do with it.
  members.string('SequenceNumberForOrdering', { pattern: String.raw`0|([1-9]\d{0,128})` });
  members.check();
  requireStream(reference, context);
  checkRecordEntry(event);

  const [outcome] = await putEvents([event], context);
  if (outcome === undefined) throw new Error('the stream gave no outcome for the record');
  if (!outcome.taken) {
    if (outcome.permanent === true) throw invalidArgument(outcome.message);
    const code = errorCodeOf(outcome);
    throw new AwsError(code, outcome.message, code === 'InternalFailure' ? 500 : 400);
  }
  return { ShardId: outcome.shardId, SequenceNumber: outcome.sequenceNumber };
};
