import { DEFAULT_MAX_RECORD_KIB, LARGEST_MAX_RECORD_KIB } from '../../../core/stream-event.ts';
import { invalidArgument, type Operation, readStreamArn, requireControl, requireStreamArn } from './context.ts';

/** Holds for what is put from now on. Only the ARN names the stream here. */
export const updateMaxRecordSize: Operation = (members, context) => {
  const kibibytes = members.integer('MaxRecordSizeInKiB', {
    min: DEFAULT_MAX_RECORD_KIB,
    max: LARGEST_MAX_RECORD_KIB,
    required: true,
  });
  const arn = readStreamArn(members);
  members.check();
  if (arn === undefined) throw invalidArgument('StreamARN should be provided.');
  requireStreamArn(arn, context);
  requireControl('UpdateMaxRecordSize', context).updateMaxRecordKib(kibibytes);
  return undefined;
};
