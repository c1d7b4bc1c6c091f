/** The one stream behind the Kinesis API, and how a request names it. */
import type { Clock, EpochMillis, EventStream, ShardReader } from '../../../core/ports.ts';
import type { StackNames } from '../../../core/stack-names.ts';
import { AwsError } from '../aws-error.ts';
import type { Members } from '../members.ts';
import { ShardIterators } from './shard-iterators.ts';
import type { StreamControl } from './stream-control.ts';

export interface KinesisApiOptions {
  readonly eventStream: EventStream;
  readonly shardReader: Pick<ShardReader, 'listShards' | 'read'>;
  /** Absent where the stream is at AWS. */
  readonly streamControl?: StreamControl | undefined;
  readonly names: StackNames;
  /** 12 digits; `000000000000` offline. */
  readonly accountId: string;
  readonly region: string;
  readonly clock: Clock;
  readonly retentionInHours: number;
  /** Milliseconds that never go back; `performance.now` unless given. */
  readonly monotonic?: () => number;
}

export interface KinesisContext extends KinesisApiOptions {
  readonly streamName: string;
  readonly streamArn: string;
  readonly createdAt: EpochMillis;
  readonly iterators: ShardIterators;
  readonly tags: Map<string, string>;
}

/** One operation: reads its members and answers the result, which some do not have, or throws an AwsError. */
export type Operation = (members: Members, context: KinesisContext) => Result | Promise<Result>;
type Result = object | undefined;

export interface StreamReference {
  readonly name: string | undefined;
  readonly arn: string | undefined;
}

export const streamNameRules = { minLength: 1, maxLength: 128, pattern: '[a-zA-Z0-9_.-]+' };

export const sequenceNumberRules = { pattern: String.raw`0|([1-9]\d{0,128})` };

export function createContext(options: KinesisApiOptions): KinesisContext {
  const { region, accountId, names, clock } = options;
  const streamName = names.stream;
  return {
    ...options,
    streamName,
    streamArn: `arn:aws:kinesis:${region}:${accountId}:stream/${streamName}`,
    createdAt: clock.now(),
    iterators: new ShardIterators(options),
    tags: new Map(),
  };
}

export function readStreamReference(members: Members): StreamReference {
  return { name: members.string('StreamName', streamNameRules), arn: readStreamArn(members) };
}

export function readStreamArn(members: Members): string | undefined {
  return members.string('StreamARN', {
    minLength: 1,
    maxLength: 2_048,
    pattern: String.raw`arn:aws.*:kinesis:.*:\d{12}:stream/\S+`,
  });
}

/** @throws AwsError where the request names no stream or another one. */
export function requireStream({ name, arn }: StreamReference, context: KinesisContext): void {
  if (name === undefined && arn === undefined) {
    throw invalidArgument('Either StreamName or StreamARN should be provided.');
  }
  if (name !== undefined && name !== context.streamName) throw notFound(name, context.accountId);
  if (arn !== undefined) requireStreamArn(arn, context);
}

/** @throws AwsError where the ARN is another stream's; says so where only the region or the account differs. */
export function requireStreamArn(arn: string, context: KinesisContext): void {
  if (arn === context.streamArn) return;
  const [, , , region = '', accountId = ''] = arn.split(':');
  const name = arn.slice(arn.indexOf('/') + 1);
  const elsewhere = name === context.streamName;
  const advice = `Its ARN names region ${region} and account ${accountId}; the stream of this server is ${context.streamArn}.`;
  throw notFound(name, accountId, elsewhere ? ` ${advice}` : '');
}

/**
 * @param operation What the client asked for.
 * @throws AwsError where the stream is at AWS: what is told and changed there is not repeated here.
 */
export function requireControl(operation: string, context: KinesisContext): StreamControl {
  const { streamControl, streamArn, region } = context;
  if (streamControl !== undefined) return streamControl;
  throw new AwsError(
    'UnknownOperationException',
    `${operation} is not offered here, because the stream ${streamArn} is not in this server: it runs with --adapters aws. Ask Kinesis in ${region}: unset AWS_ENDPOINT_URL_KINESIS and AWS_ENDPOINT_URL.`,
  );
}

export function invalidArgument(message: string): AwsError {
  return new AwsError('InvalidArgumentException', message);
}

function notFound(name: string, accountId: string, advice = ''): AwsError {
  return new AwsError('ResourceNotFoundException', `Stream ${name} under account ${accountId} not found.${advice}`);
}
