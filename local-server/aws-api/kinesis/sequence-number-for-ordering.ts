/**
 * `SequenceNumberForOrdering` of PutRecord. Serial puts are in order of arrival here, which is what it asks for: there is
 * nothing to do with it, but to refuse a number that no stream can have given.
 */
import type { EpochMillis } from '../../../core/ports.ts';
import { invalidArgument, type KinesisContext } from './context.ts';

/**
 * Passes every number for a stream at AWS, whose numbers cannot be judged here.
 * @throws AwsError in Kinesis's words (kinesalite, test/putRecord.js).
 */
export function requirePossible(sequenceNumber: string, context: KinesisContext): void {
  const { streamControl, streamName, accountId, clock } = context;
  if (streamControl === undefined) return;
  if (streamControl.hasIssued(sequenceNumber) || isOfKinesis(sequenceNumber, clock.now())) return;
  throw invalidArgument(
    `ExclusiveMinimumSequenceNumber ${sequenceNumber} used in PutRecord on stream ${streamName} under account ${accountId} is invalid.`,
  );
}

/** In hexadecimal: `2`, the shard's creation, counter, time, and index, and the version. */
const layout =
  /^2(?<createdAtSecond>[0-9a-f]{9})[0-9a-f](?:[0-7][0-9a-f]{17}(?<second2>[0-9a-f]{9})[0-9a-f]{8}2|[0-9a-f]{2}(?<second1>[0-9a-f]{9})[0-9a-f]{24}1)$/;
/** Beyond the year 2477 Kinesis reads no time. */
const MAX_SECOND = 16_025_175_000;

/**
 * Whether Kinesis itself can have given the number until now, to any stream: its layout is that which kinesalite found
 * (kinesalite, db/index.js). Numbers of the layout before that, shorter ones, are refused: no stream that still exists
 * has them.
 */
function isOfKinesis(sequenceNumber: string, now: EpochMillis): boolean {
  const { createdAtSecond = '', second1, second2 } = layout.exec(BigInt(sequenceNumber).toString(16))?.groups ?? {};
  const second = second2 ?? second1;
  return second !== undefined && parseInt(createdAtSecond, 16) < MAX_SECOND && parseInt(second, 16) * 1_000 <= now;
}
