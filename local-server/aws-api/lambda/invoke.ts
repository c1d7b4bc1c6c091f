/** Lambda's Invoke. */
import { formatFunctionArn, type InvocationResult } from '../../delivery/lambda-runtime.ts';
import { AwsError } from '../aws-error.ts';
import { decodeJson } from '../codec.ts';
import { Members } from '../members.ts';
import type { LambdaAnswer, LambdaCall, LambdaContext, Operation } from './context.ts';
import { type FunctionReference, functionNotFound, isLatest, readFunctionReference } from './function-reference.ts';
import { invocationLog, logTail } from './invocation-log.ts';

/** API reference of Invoke: 6 MB for synchronous invocations, 1 MB for asynchronous ones. */
export const MAX_PAYLOAD_BYTES = 6 * 1_024 * 1_024;
const MAX_EVENT_PAYLOAD_BYTES = 1_024 * 1_024;
/** API reference of Invoke: "Up to 3,583 bytes of base64-encoded data". */
const MAX_CLIENT_CONTEXT_LENGTH = 3_583;

/** @param inBackground Takes over an invocation that the client does not wait for. */
export function invokeOperation(inBackground: (name: string, run: Promise<InvocationResult>) => void): Operation {
  return {
    name: 'Invoke',
    method: 'POST',
    path: /^\/2015-03-31\/functions\/([^/]*)\/invocations$/,
    run: (call, context) => invoke(call, context, inBackground),
  };
}

async function invoke(
  call: LambdaCall,
  context: LambdaContext,
  inBackground: Parameters<typeof invokeOperation>[0],
): Promise<LambdaAnswer> {
  const { invocationType, logType } = readHeaders(call);
  const reference = readFunctionReference(call.subject, call.query.get('Qualifier') ?? undefined, context);
  const lambdaFunction = findFunction(reference, context);
  const clientContext = readClientContext(call);
  const payload = readPayload(call.body, invocationType);

  if (invocationType === 'DryRun') return { statusCode: 204 };
  const invocation = lambdaFunction.invoke(payload, { clientContext });
  if (invocationType === 'Event') {
    inBackground(reference.name, invocation);
    return { statusCode: 202 };
  }
  const result = await invocation;
  const { functionError, requestId, executedVersion, statusCode } = result;
  return {
    statusCode,
    headers: {
      'x-amzn-RequestId': requestId,
      'X-Amz-Executed-Version': executedVersion,
      ...(functionError !== undefined && { 'X-Amz-Function-Error': functionError }),
      ...(logType === 'Tail' && { 'X-Amz-Log-Result': logTail(invocationLog(result, lambdaFunction.description)) }),
    },
    payload: result.payload,
  };
}

function findFunction(reference: FunctionReference, { functions, consumers, ...home }: LambdaContext) {
  const ours = reference.accountId === home.accountId;
  if (ours && consumers.has(reference.name)) {
    // The client user of 2015 may invoke the query function and nothing else. AWS says it in these words.
    throw new AwsError(
      'AccessDeniedException',
      `User is not authorized to perform: lambda:InvokeFunction on resource: ${formatFunctionArn(reference)}. Its event source mapping invokes it: put records into the stream.`,
      403,
    );
  }
  const lambdaFunction = ours && isLatest(reference) ? functions.get(reference.name) : undefined;
  // Recorded on AWS with the version, also where the request has none (test_invoke_exceptions).
  if (lambdaFunction === undefined) throw functionNotFound(reference, { qualifier: '$LATEST' });
  return lambdaFunction;
}

function readHeaders({ headers }: LambdaCall) {
  const members = new Members({
    InvocationType: headers['x-amz-invocation-type'] ?? 'RequestResponse',
    LogType: headers['x-amz-log-type'] ?? 'None',
  });
  const invocationType = members.oneOf('InvocationType', ['Event', 'RequestResponse', 'DryRun']);
  const logType = members.oneOf('LogType', ['None', 'Tail']);
  members.check();
  return { invocationType, logType };
}

/** What the function finds in its context. */
function readClientContext({ headers }: LambdaCall): object | undefined {
  const text = headers['x-amz-client-context'];
  if (typeof text !== 'string') return undefined;
  if (text.length > MAX_CLIENT_CONTEXT_LENGTH) {
    throw invalidContent(`Client context must be at most ${MAX_CLIENT_CONTEXT_LENGTH} bytes of Base64.`);
  }
  const context = decodeClientContext(text);
  if (context === undefined) throw invalidContent('Client context must be a valid Base64-encoded JSON object.');
  return context;
}

function decodeClientContext(text: string): object | undefined {
  const bytes = Buffer.from(text, 'base64');
  // Node's decoder passes over what is not base64: only what encodes to the same text again was.
  if (bytes.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, '')) return undefined;
  try {
    const value = decodeJson(bytes);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** No payload is an empty event. */
function readPayload(body: unknown, type: 'Event' | 'RequestResponse' | 'DryRun'): unknown {
  if (type === 'Event' && body instanceof Uint8Array && body.length > MAX_EVENT_PAYLOAD_BYTES) {
    throw new AwsError(
      'RequestEntityTooLargeException',
      `${body.length} byte payload is too large for the Event invocation type (limit ${MAX_EVENT_PAYLOAD_BYTES} bytes)`,
      413,
    );
  }
  try {
    return decodeJson(body) ?? {};
  } catch (error) {
    throw invalidContent(`Could not parse request body into json: ${(error as Error).message}`);
  }
}

function invalidContent(message: string): AwsError {
  return new AwsError('InvalidRequestContentException', message);
}
