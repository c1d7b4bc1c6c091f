import type { Operation } from './context.ts';
import { invalidArgument, streamNameRules } from './context.ts';
import { summarizeStream } from './stream-summary.ts';

export const listStreams: Operation = (members, context) => {
  members.integer('Limit', { min: 1, max: 10_000 });
  const after = members.string('ExclusiveStartStreamName', streamNameRules) ?? '';
  members.check();
  // There is one stream: no answer was ever cut short, so no token was ever given.
  if (members.has('NextToken')) throw invalidArgument('NextToken was not given by ListStreams.');

  const isListed = context.streamName > after;
  return {
    StreamNames: isListed ? [context.streamName] : [],
    HasMoreStreams: false,
    // A stream at AWS has its own, which is not known here.
    StreamSummaries: context.streamControl === undefined ? undefined : isListed ? [summarizeStream(context)] : [],
  };
};
