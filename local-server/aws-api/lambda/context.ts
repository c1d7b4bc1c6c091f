/** What the operations of Lambda share: the functions, their event source mappings, and the shape of a call. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock, EpochMillis } from '../../../core/ports.ts';
import type { StackNames } from '../../../core/stack-names.ts';
import type { DescribedFunction } from '../../delivery/lambda-runtime.ts';
import type { MappingControl } from '../../delivery/mapping-control.ts';
import { AwsError } from '../aws-error.ts';

export interface LambdaApiOptions {
  /** By full name, `<stack>-<name>`. */
  readonly functions: ReadonlyMap<string, DescribedFunction>;
  /** Full names of the functions that only their event source mappings invoke: a client may not write past the stream. */
  readonly consumers: ReadonlySet<string>;
  /** Those that run in this server. */
  readonly mappings: readonly MappingControl[];
  /** 12 digits; `000000000000` offline. */
  readonly accountId: string;
  readonly region: string;
  readonly names: StackNames;
  readonly clock: Clock;
}

export interface LambdaContext extends LambdaApiOptions {
  readonly startedAt: EpochMillis;
}

export interface LambdaCall {
  /** The variable part of the path, decoded: the name of a function, or the id of a mapping. Empty where there is none. */
  readonly subject: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The bytes of the body. */
  readonly body: unknown;
}

export interface LambdaAnswer {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON value; no body without it. */
  readonly payload?: unknown;
}

export interface Operation {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Matches the path as it was sent; its first group is the subject. */
  readonly path: RegExp;
  readonly run: (call: LambdaCall, context: LambdaContext) => LambdaAnswer | Promise<LambdaAnswer>;
}

export function invalidParameter(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message);
}

/** Query parameters as `Members` reads them: whole numbers are numbers. */
export function queryMembers(query: URLSearchParams): Record<string, unknown> {
  return Object.fromEntries(
    [...query].map(([name, value]) => [name, name === 'MaxItems' && /^-?\d+$/.test(value) ? Number(value) : value]),
  );
}
