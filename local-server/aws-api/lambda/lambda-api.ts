/** Lambda's Invoke: REST-JSON. The log tail (`X-Amz-Log-Type`) and the client context are passed over. */
import type { FastifyInstance, FastifyPluginCallback, FastifyRequest } from 'fastify';
import type { StackNames } from '../../../core/stack-names.ts';
import type { LambdaFunction } from '../../delivery/lambda-runtime.ts';
import { formatFunctionArn } from '../../delivery/lambda-runtime.ts';
import { AwsError } from '../aws-error.ts';
import { decodeJson, encodeJson } from '../codec.ts';
import { constraintsFor } from '../constraint.ts';
import { refuse } from '../refusals.ts';
import { callOf, speakAws } from '../wire.ts';

export interface LambdaApiOptions {
  /** By full name, `<stack>-<name>`. */
  readonly functions: ReadonlyMap<string, LambdaFunction>;
  /** Full names of the functions that only their event source mappings invoke: a client may not write past the stream. */
  readonly consumers: ReadonlySet<string>;
  /** 12 digits; `000000000000` offline. */
  readonly accountId: string;
  readonly region: string;
  readonly names: StackNames;
}

const CONTENT_TYPE = 'application/json';
const offered = ['Invoke'];
/** API reference of Invoke: 6 MB for synchronous invocations, 1 MB for asynchronous ones. */
const MAX_PAYLOAD_BYTES = 6 * 1_024 * 1_024;
const MAX_EVENT_PAYLOAD_BYTES = 1_024 * 1_024;
const invocationTypes = ['Event', 'RequestResponse', 'DryRun'] as const;
type InvocationType = (typeof invocationTypes)[number];

/** NamespacedFunctionName of the API: a name, a partial ARN or a full one, and perhaps a version or alias. */
const functionNamePattern =
  /^(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?(?:(?<region>[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?(?:(?<accountId>\d{12}):)?(?:function:)?(?<name>[a-zA-Z0-9-_.]+)(?::(?<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?$/;

export const lambdaApi: FastifyPluginCallback<LambdaApiOptions> = (app, options, done) => {
  speakAws(app, {
    bodyTooLarge: new AwsError(
      'RequestEntityTooLargeException',
      `Request must be smaller than ${MAX_PAYLOAD_BYTES} bytes for the InvokeFunction operation`,
      413,
    ),
    internalFailure: new AwsError('ServiceException', 'The server could not do this now; its log says why.', 500),
  });
  const invokeInBackground = backgroundInvoker(app);

  // A wildcard, because Fastify takes 100 characters for a parameter and an ARN may have more.
  app.post<{ Params: { '*': string }; Querystring: { Qualifier?: string } }>(
    '/2015-03-31/functions/*',
    { bodyLimit: MAX_PAYLOAD_BYTES, constraints: constraintsFor('lambda'), schema: { hide: true } },
    async (request, reply) => {
      const name = readFunctionName(request.params['*']);
      if (name === undefined) throw refuse(callOf(reply), request.raw, { names: options.names, offered });
      const lambdaFunction = findFunction(name, request.query.Qualifier, options);
      const type = readInvocationType(request);
      const payload = readPayload(request.body, type);

      if (type === 'DryRun') return reply.code(204).send();
      if (type === 'Event') {
        invokeInBackground(name, lambdaFunction, payload);
        return reply.code(202).send();
      }
      const result = await lambdaFunction.invoke(payload);
      if (result.functionError !== undefined) void reply.header('X-Amz-Function-Error', result.functionError);
      return reply
        .code(result.statusCode)
        .header('x-amzn-RequestId', result.requestId)
        .header('X-Amz-Executed-Version', result.executedVersion)
        .type(CONTENT_TYPE)
        .send(encodeJson(result.payload));
    },
  );
  app.all('/*', { constraints: constraintsFor('lambda'), schema: { hide: true } }, (request, reply) => {
    throw refuse(callOf(reply), request.raw, { names: options.names, offered });
  });
  done();
};

/** Invokes without being waited for; closing the server waits. Lambda's two retries are left out: an error is logged. */
function backgroundInvoker(app: FastifyInstance) {
  const running = new Set<Promise<void>>();
  app.addHook('onClose', async () => {
    await Promise.all(running);
  });
  return (name: string, lambdaFunction: LambdaFunction, payload: unknown): void => {
    const run = lambdaFunction.invoke(payload).then(
      ({ functionError, payload: error }) => {
        if (functionError !== undefined) app.log.error({ function: name, error }, 'an asynchronous invocation failed');
      },
      (error: unknown) => app.log.error({ function: name, err: error }, 'an asynchronous invocation failed'),
    );
    running.add(run);
    void run.then(() => running.delete(run));
  };
}

function readFunctionName(path: string): string | undefined {
  return /^(.+)\/invocations$/s.exec(path)?.[1];
}

function findFunction(
  reference: string,
  qualifierOfQuery: string | undefined,
  options: LambdaApiOptions,
): LambdaFunction {
  const parts = functionNamePattern.exec(reference)?.groups;
  if (parts?.name === undefined) {
    throw validationException(
      'functionName',
      reference,
      `Member must satisfy regular expression pattern: ${functionNamePattern.source}`,
    );
  }
  const { region = options.region, accountId = options.accountId, name, qualifier = qualifierOfQuery } = parts;
  if (qualifierOfQuery !== undefined && qualifierOfQuery !== qualifier) {
    throw new AwsError(
      'InvalidParameterValueException',
      'The derived qualifier from the function name does not match the specified qualifier.',
    );
  }
  const ours = region === options.region && accountId === options.accountId;
  if (ours && options.consumers.has(name)) {
    // The client user of 2015 may invoke the query function and nothing else. AWS says it in these words.
    throw new AwsError(
      'AccessDeniedException',
      `User is not authorized to perform: lambda:InvokeFunction on resource: ${formatFunctionArn({ region, accountId, name })}. Its event source mapping invokes it: put records into the stream.`,
      403,
    );
  }
  const lambdaFunction = ours && (qualifier ?? '$LATEST') === '$LATEST' ? options.functions.get(name) : undefined;
  if (lambdaFunction !== undefined) return lambdaFunction;
  const arn = formatFunctionArn({ region, accountId, name });
  throw new AwsError(
    'ResourceNotFoundException',
    `Function not found: ${arn}${qualifier === undefined ? '' : `:${qualifier}`}`,
    404,
  );
}

function readInvocationType({ headers }: FastifyRequest): InvocationType {
  const seen = headers['x-amz-invocation-type'] ?? 'RequestResponse';
  const type = invocationTypes.find((known) => known === seen);
  if (type !== undefined) return type;
  throw validationException(
    'invocationType',
    String(seen),
    `Member must satisfy enum value set: [${invocationTypes.join(', ')}]`,
  );
}

/** No payload is an empty event. */
function readPayload(body: unknown, type: InvocationType): unknown {
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
    throw new AwsError(
      'InvalidRequestContentException',
      `Could not parse request body into json: ${(error as Error).message}`,
    );
  }
}

function validationException(member: string, seen: string, constraint: string): AwsError {
  return new AwsError(
    'ValidationException',
    `1 validation error detected: Value '${seen}' at '${member}' failed to satisfy constraint: ${constraint}`,
  );
}
