/** The one stream behind the Kinesis API, and how a request names it. */
import type { Clock, EpochMillis, EventStream, ShardReader } from '../../../core/ports.ts';
import type { StackNames } from '../../../core/stack-names.ts';
import { AwsError } from '../aws-error.ts';
import type { Members } from '../members.ts';

export interface KinesisApiOptions {
  readonly eventStream: EventStream;
  readonly shardReader: Pick<ShardReader, 'listShards'>;
  readonly names: StackNames;
  /** 12 digits; `000000000000` offline. */
  readonly accountId: string;
  readonly region: string;
  readonly clock: Clock;
  readonly retentionInHours: number;
}

export interface KinesisContext extends KinesisApiOptions {
  readonly streamName: string;
  readonly streamArn: string;
  readonly createdAt: EpochMillis;
}

/** One operation: reads its members and answers the result, or throws an AwsError. */
export type Operation = (members: Members, context: KinesisContext) => object | Promise<object>;

export interface StreamReference {
  readonly name: string | undefined;
  readonly arn: string | undefined;
}

export const streamNameRules = { minLength: 1, maxLength: 128, pattern: '[a-zA-Z0-9_.-]+' };

export function createContext(options: KinesisApiOptions): KinesisContext {
  const { region, accountId, names, clock } = options;
  const streamName = names.stream;
  return {
    ...options,
    streamName,
    streamArn: `arn:aws:kinesis:${region}:${accountId}:stream/${streamName}`,
    createdAt: clock.now(),
  };
}

export function readStreamReference(members: Members): StreamReference {
  return {
    name: members.string('StreamName', streamNameRules),
    arn: members.string('StreamARN', {
      minLength: 1,
      maxLength: 2_048,
      pattern: String.raw`arn:aws.*:kinesis:.*:\d{12}:stream/\S+`,
    }),
  };
}

/** @throws AwsError where the request names no stream or another one. */
export function requireStream({ name, arn }: StreamReference, context: KinesisContext): void {
  if (name === undefined && arn === undefined) {
    throw invalidArgument('Either StreamName or StreamARN should be provided.');
  }
  if (name !== undefined && name !== context.streamName) throw notFound(name, context.accountId);
  if (arn !== undefined && arn !== context.streamArn) {
    throw notFound(arn.slice(arn.indexOf('/') + 1), arn.split(':')[4] ?? context.accountId);
  }
}

export function invalidArgument(message: string): AwsError {
  return new AwsError('InvalidArgumentException', message);
}

function notFound(name: string, accountId: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Stream ${name} under account ${accountId} not found.`);
}
