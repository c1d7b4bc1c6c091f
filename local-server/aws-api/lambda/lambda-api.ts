/** The Lambda API, REST-JSON, over the functions of the pipeline and their event source mappings. */
import type { FastifyInstance, FastifyPluginCallback, FastifyRequest } from 'fastify';
import type { InvocationResult } from '../../delivery/lambda-runtime.ts';
import { AwsError } from '../aws-error.ts';
import { encodeJson } from '../codec.ts';
import { constraintsFor } from '../constraint.ts';
import { refuse } from '../refusals.ts';
import { callOf, speakAws } from '../wire.ts';
import type { LambdaApiOptions, LambdaCall, LambdaContext, Operation } from './context.ts';
import { getEventSourceMapping, listEventSourceMappings, updateEventSourceMapping } from './event-source-mappings.ts';
import { getFunction, getFunctionConfiguration, listFunctions } from './functions.ts';
import { invokeOperation, MAX_PAYLOAD_BYTES } from './invoke.ts';

const CONTENT_TYPE = 'application/json';

export const lambdaApi: FastifyPluginCallback<LambdaApiOptions> = (app, options, done) => {
  speakAws(app, {
    bodyTooLarge: new AwsError(
      'RequestEntityTooLargeException',
      `Request must be smaller than ${MAX_PAYLOAD_BYTES} bytes for the InvokeFunction operation`,
      413,
    ),
    internalFailure: new AwsError('ServiceException', 'The server could not do this now; its log says why.', 500),
  });
  const context: LambdaContext = { ...options, startedAt: options.clock.now() };
  const operations = [
    invokeOperation(backgroundInvoker(app)),
    listFunctions,
    getFunction,
    getFunctionConfiguration,
    listEventSourceMappings,
    getEventSourceMapping,
    updateEventSourceMapping,
  ];
  const offered = operations.map(({ name }) => name);

  app.all(
    '/*',
    { bodyLimit: MAX_PAYLOAD_BYTES, constraints: constraintsFor('lambda'), schema: { hide: true } },
    async (request, reply) => {
      const found = findOperation(operations, request);
      if (found === undefined) throw refuse(callOf(reply), request.raw, { names: options.names, offered });
      const { statusCode, headers = {}, payload } = await found.operation.run(found.call, context);
      void reply.code(statusCode).headers(headers);
      return payload === undefined ? reply.send() : reply.type(CONTENT_TYPE).send(encodeJson(payload));
    },
  );
  done();
};

function findOperation(
  operations: readonly Operation[],
  { method, raw, headers, body }: FastifyRequest,
): { readonly operation: Operation; readonly call: LambdaCall } | undefined {
  const [path = '', query = ''] = (raw.url ?? '').split(/\?(.*)/s);
  for (const operation of operations) {
    const match = operation.method === method ? operation.path.exec(path) : null;
    if (match === null) continue;
    const subject = decodeSubject(match[1] ?? '');
    return { operation, call: { subject, query: new URLSearchParams(query), headers, body } };
  }
  return undefined;
}

/** What is not percent-encoded well stays as it is, and is refused as a name. */
function decodeSubject(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Lets an invocation go on without being waited for; closing the server waits. Lambda's two retries are left out: an error is logged. */
function backgroundInvoker(app: FastifyInstance) {
  const running = new Set<Promise<void>>();
  app.addHook('onClose', async () => {
    await Promise.all(running);
  });
  return (name: string, invocation: Promise<InvocationResult>): void => {
    const run = invocation.then(
      ({ functionError, payload: error }) => {
        if (functionError !== undefined) app.log.error({ function: name, error }, 'an asynchronous invocation failed');
      },
      (error: unknown) => app.log.error({ function: name, err: error }, 'an asynchronous invocation failed'),
    );
    running.add(run);
    void run.then(() => running.delete(run));
  };
}
