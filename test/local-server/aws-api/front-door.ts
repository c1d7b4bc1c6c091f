/** The front door by itself: AWS's APIs over a fake stream, without the rest of the server. */
import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import fastify from 'fastify';
import { stackNames } from '../../../core/stack-names.ts';
import { awsApi, type AwsApiOptions } from '../../../local-server/aws-api/aws-api.ts';
import { FakeEventStream } from './fake-event-stream.ts';

export const accountId = '000000000000';
export const region = 'eu-west-1';
export const names = stackNames('iot', accountId);

/** @param options What differs from a stream that takes everything and no functions. */
export async function frontDoor(
  options: Partial<AwsApiOptions> = {},
  serverOptions: FastifyServerOptions = {},
): Promise<FastifyInstance> {
  const stream = new FakeEventStream();
  const app = fastify(serverOptions) as FastifyInstance;
  app.get('/', async () => 'the console');
  app.post('/elsewhere', async (request) => ({ type: typeof request.body }));
  await app.register(awsApi, {
    ...{ eventStream: stream, shardReader: stream, names, accountId, region },
    clock: { now: () => Date.UTC(2026, 0, 1) },
    retentionInHours: 24,
    functions: new Map(),
    consumers: new Set<string>(),
    ...options,
  });
  return app;
}
