/** The front door by itself: AWS's APIs over a fake stream, without the rest of the server. */
import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import fastify from 'fastify';
import { MemoryEventStream } from '../../../adapters/memory/memory-event-stream.ts';
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
  const clock = { now: () => Date.UTC(2026, 0, 1) };
  const app = fastify(serverOptions) as FastifyInstance;
  app.get('/', async () => 'the console');
  app.post('/elsewhere', async (request) => ({ type: typeof request.body }));
  await app.register(awsApi, {
    ...{ eventStream: stream, shardReader: stream, names, accountId, region },
    clock,
    streamControl: new MemoryEventStream({ clock, shards: 1 }),
    retentionInHours: 24,
    functions: new Map(),
    consumers: new Set<string>(),
    mappings: [],
    buckets: new Map(),
    ...options,
  });
  return app;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Kinesis's JSON, below an SDK, which would not send what is wrong. Listens if the door does not yet. */
export async function postKinesis(app: FastifyInstance, operation: string, input: object): Promise<Answer> {
  const response = await fetch(await addressOf(app), {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Kinesis_20131202.${operation}` },
    body: JSON.stringify(input),
  });
  const body = await response.text();
  return { status: response.status, body: body === '' ? {} : (JSON.parse(body) as Record<string, unknown>) };
}

export async function addressOf(app: FastifyInstance): Promise<string> {
  return app.server.listening ? app.listeningOrigin : app.listen({ host: '127.0.0.1', port: 0 });
}
