/**
 * Runs a handler as Lambda would: what goes in and out is JSON, what it throws becomes an error payload, and it has a
 * time limit. Lambda stops a function at its limit; here the handler goes on unheard, so a handler has to heed
 * `getRemainingTimeInMillis` as it should on Lambda anyway.
 *
 * An event is not written as JSON and read again on its way to the handler: that would cost more than all that the
 * handlers do. Whoever invokes makes a new event of JSON values each time, and keeps nothing of it.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { types } from 'node:util';
import type { ClientContext, Context } from 'aws-lambda';
import type { FunctionSettings } from '../../core/pipeline.ts';
import type { Clock, EpochMillis } from '../../core/ports.ts';
import { formatTimestamp } from '../../core/timestamp.ts';

export interface LambdaFunction {
  /**
   * Never rejects for what the handler does: that is told by the result.
   * @param event A JSON value that is the handler's from here on: it may change it.
   */
  invoke(event: unknown): Promise<InvocationResult>;
}

export interface InvocationResult {
  readonly requestId: string;
  /** Of the invocation: a function that fails was still invoked. */
  readonly statusCode: 200;
  /** Set where the handler threw, ran out of time or answered what is no JSON; `payload` is a `FunctionError` then. */
  readonly functionError?: 'Unhandled';
  readonly executedVersion: '$LATEST';
  /** The handler's answer as a JSON value. */
  readonly payload: unknown;
}

/** What can be told of a function without running it. `name` is the full one, `<stack>-<name>`. */
export type FunctionDescription = FunctionSettings;

/** A function that clients may ask about. */
export interface DescribedFunction extends LambdaFunction {
  readonly description: FunctionDescription;
  invoke(event: unknown, options?: InvokeOptions): Promise<TimedResult>;
}

interface InvokeOptions {
  /** What the client says of itself; the handler finds it in its context. */
  readonly clientContext?: object | undefined;
}

export interface TimedResult extends InvocationResult {
  readonly endedAt: EpochMillis;
  readonly durationMillis: number;
}

interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  /** Lines of the stack. */
  readonly trace?: readonly string[];
}

/** `name` is the full one, `<stack>-<name>`. */
export interface LambdaFunctionOptions<Event> extends FunctionSettings {
  readonly handler: (event: Event, context: Context) => Promise<unknown>;
  readonly clock: Clock;
  /** Milliseconds since any moment, which never go back; those of the process unless given. */
  readonly monotonic?: () => number;
  readonly accountId: string;
  readonly region: string;
}

type Outcome = Pick<InvocationResult, 'functionError' | 'payload'>;

/** The largest response of a synchronous invocation, as Lambda's own error names it: 6 MB and a little. */
const MAX_RESPONSE_BYTES = 6_291_556;

export function formatFunctionArn({
  region,
  accountId,
  name,
}: {
  readonly region: string;
  readonly accountId: string;
  readonly name: string;
}): string {
  return `arn:aws:lambda:${region}:${accountId}:function:${name}`;
}

export function createLambdaFunction<Event>(options: LambdaFunctionOptions<Event>): DescribedFunction {
  const { handler, clock, name, timeoutInSeconds, memoryInMiB, monotonic = () => performance.now() } = options;
  const createContext = contextFactory(options);

  async function run(event: Event, context: Context): Promise<Outcome> {
    let answer: unknown;
    try {
      answer = await handler(event, context);
    } catch (error) {
      return failed(describeThrown(error));
    }
    return encodeAnswer(answer);
  }

  return {
    description: { name, timeoutInSeconds, memoryInMiB },
    async invoke(event, { clientContext } = {}) {
      const requestId = randomUUID();
      const begun = monotonic();
      const work = run(event as Event, createContext(requestId, clientContext as ClientContext | undefined));
      const outcome = await settleWithin(timeoutInSeconds * 1_000, work, () =>
        failed({
          errorType: 'Sandbox.Timedout',
          // Recorded on AWS in November 2025 (localstack/localstack, test_lambda_invoke_with_timeout).
          errorMessage: `RequestId: ${requestId} Error: Task timed out after ${timeoutInSeconds.toFixed(2)} seconds`,
        }),
      );
      const durationMillis = monotonic() - begun;
      return {
        ...{ requestId, statusCode: 200, executedVersion: '$LATEST' },
        ...{ endedAt: clock.now(), durationMillis },
        ...outcome,
      };
    },
  };
}

function contextFactory<Event>(
  options: LambdaFunctionOptions<Event>,
): (requestId: string, clientContext: ClientContext | undefined) => Context {
  const { name, memoryInMiB, timeoutInSeconds, clock, monotonic = () => performance.now() } = options;
  const day = formatTimestamp(clock.now()).slice(0, 10).replaceAll('-', '/');
  const logStreamName = `${day}/[$LATEST]${randomBytes(16).toString('hex')}`;
  return (requestId, clientContext) => {
    // Not of the clock, which the lab moves and the system may set: the limit is enforced in real time too.
    const end = monotonic() + timeoutInSeconds * 1_000;
    return {
      awsRequestId: requestId,
      functionName: name,
      functionVersion: '$LATEST',
      invokedFunctionArn: formatFunctionArn(options),
      memoryLimitInMB: String(memoryInMiB),
      logGroupName: `/aws/lambda/${name}`,
      logStreamName,
      callbackWaitsForEmptyEventLoop: true,
      ...(clientContext !== undefined && { clientContext }),
      getRemainingTimeInMillis: () => Math.max(0, end - monotonic()),
      ...callbacks,
    };
  };
}

/** The runtime of Node.js 24 has no callbacks any more, though the type still asks for them. */
function refuseCallback(): never {
  throw new Error('done, fail and succeed are gone from Lambda: return a promise');
}
const callbacks = { done: refuseCallback, fail: refuseCallback, succeed: refuseCallback };

/** The work's outcome, or that of the time-out where the work is not done by then. */
function settleWithin(milliseconds: number, work: Promise<Outcome>, timeout: () => Outcome): Promise<Outcome> {
  let timer: NodeJS.Timeout;
  const expiry = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve(timeout()), milliseconds);
  });
  return Promise.race([work, expiry]).finally(() => clearTimeout(timer));
}

function encodeAnswer(answer: unknown): Outcome {
  let json: string;
  try {
    json = toJson(answer);
  } catch (error) {
    const { errorMessage, trace } = describeThrown(error);
    return failed({
      errorType: 'Runtime.MarshalError',
      errorMessage: `Unable to stringify response body: ${errorMessage}`,
      trace,
    });
  }
  if (Buffer.byteLength(json) > MAX_RESPONSE_BYTES) {
    return failed({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
    });
  }
  return { payload: JSON.parse(json) };
}

function failed(error: FunctionError): Outcome {
  return { functionError: 'Unhandled', payload: error };
}

/** As the Node.js runtime of Lambda reports it: anything can be thrown. */
function describeThrown(error: unknown): FunctionError & { readonly trace: readonly string[] } {
  if (!types.isNativeError(error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: traceOf(error.stack ?? '') };
}

/** Lambda has the code in `/var/task`. Where it is on this machine is not for clients. */
function traceOf(stack: string): readonly string[] {
  return stack
    .replace(/(?:file:\/\/)?\/[^\s()]*\/(?=(?:adapters|core|handlers|local-server|node_modules)\/)/g, '/var/task/')
    .split('\n');
}

/** What JSON has no word for, such as undefined, is null. */
function toJson(value: unknown): string {
  const json = JSON.stringify(value) as string | undefined;
  return json ?? 'null';
}
