/**
 * The front door for unchanged AWS clients. Every call of an AWS client comes here, whatever its service, and is
 * answered in the protocol of the client. `http/access.ts` checks signatures, where the server has a token.
 */
import type { FastifyInstance, FastifyPluginCallback } from 'fastify';
import { AwsError } from './aws-error.ts';
import { addAwsConstraint, constraintsFor } from './constraint.ts';
import type { KinesisApiOptions } from './kinesis/context.ts';
import { kinesisApi } from './kinesis/kinesis-api.ts';
import type { LambdaApiOptions } from './lambda/context.ts';
import { lambdaApi } from './lambda/lambda-api.ts';
import { refuse } from './refusals.ts';
import { s3Api, type S3ApiOptions } from './s3/s3-api.ts';
import { callOf, speakAws } from './wire.ts';

export interface AwsApiOptions extends KinesisApiOptions, LambdaApiOptions, S3ApiOptions {}

export async function awsApi(app: FastifyInstance, options: AwsApiOptions): Promise<void> {
  addAwsConstraint(app);
  await app.register(kinesisApi, options);
  await app.register(lambdaApi, options);
  await app.register(s3Api, options);
  await app.register(otherServices, options);
}

/** Refuses the calls of services that are not offered. Their bodies are read and dropped. */
const otherServices: FastifyPluginCallback<AwsApiOptions> = (app, { names }, done) => {
  speakAws(app, {
    bodyTooLarge: new AwsError('RequestEntityTooLarge', 'This service is not offered here.', 413),
    internalFailure: new AwsError('InternalFailure', 'The server could not do this now; its log says why.', 500),
  });
  app.all('/*', { constraints: constraintsFor('other'), schema: { hide: true } }, (request, reply) => {
    const call = callOf(reply);
    // The Query protocol names its operation in the form.
    const operation = call.operation ?? readAction(request.body);
    throw refuse({ ...call, operation }, request.raw, { names });
  });
  done();
};

function readAction(body: unknown): string | undefined {
  if (!(body instanceof Uint8Array)) return undefined;
  return new URLSearchParams(Buffer.from(body).toString('latin1')).get('Action') ?? undefined;
}
