/**
 * `GET /pipeline`: where every shard and every consumer stands, and the load of the process. `GET /health`: that the server
 * is there. `GET /ready`: that it can do its work.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ProcessLoad } from '../watch/process-load.ts';
import type { PipelineMonitor } from '../watch/pipeline-monitor.ts';
import type { FailedAttempts } from '../http/failed-attempts.ts';
import type { StackIdentity } from '../stack-identity.ts';
import type { Problems } from '../watch/problems.ts';
import { HealthReply, ReadyReply } from '../schemas.ts';

export interface PipelineRouteOptions {
  readonly monitor: PipelineMonitor;
  readonly problems: Problems;
  readonly load: Pick<ProcessLoad, 'now'>;
  readonly identity: StackIdentity;
  readonly attempts: Pick<FailedAttempts, 'total'>;
}

export function pipelineRoute({
  monitor,
  problems,
  load,
  identity,
  attempts,
}: PipelineRouteOptions): FastifyPluginAsyncTypebox {
  const { stack, adapters } = identity;
  return async (app) => {
    app.get(
      '/pipeline',
      {
        schema: {
          summary: 'Shards, checkpoints, iterator age, what is in flight, memory and event loop',
          tags: ['pipeline'],
        },
      },
      async () => ({
        ...(await monitor.state()),
        process: load.now(),
        problems: problems.list(),
        access: { failedAttempts: attempts.total },
      }),
    );

    app.get(
      '/health',
      {
        config: { open: true },
        schema: { summary: 'Whether the server is there', tags: ['pipeline'], response: { 200: HealthReply } },
      },
      () => ({ status: 'ok' as const, stack, adapters, uptimeSeconds: Math.round(process.uptime()) }),
    );

    app.get(
      '/ready',
      {
        config: { open: true },
        schema: {
          summary: 'Whether stores, consumers and checkpoints work, and what is wrong',
          tags: ['pipeline'],
          response: { 200: ReadyReply, 503: ReadyReply },
        },
      },
      async ({ authenticated }, reply) => {
        const current = [...problems.list()];
        const ready = current.length === 0;
        return reply.code(ready ? 200 : 503).send({
          status: ready ? 'ready' : 'not ready',
          stack,
          adapters,
          // They name stores, endpoints and accounts. A load balancer needs the status only.
          ...(authenticated && { problems: current }),
        });
      },
    );
  };
}
