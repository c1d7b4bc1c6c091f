/** `GET /pipeline`: where every shard and every consumer stands. `GET /health`: that the server is there. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { PipelineMonitor } from '../watch/pipeline-monitor.ts';
import type { StackIdentity } from '../stack-identity.ts';
import { HealthReply } from '../schemas.ts';

export function pipelineRoute(monitor: PipelineMonitor, { stack, adapters }: StackIdentity): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/pipeline',
      { schema: { summary: 'Shards, checkpoints, iterator age, what is in flight', tags: ['pipeline'] } },
      () => monitor.state(),
    );

    app.get(
      '/health',
      { schema: { summary: 'Whether the server is there', tags: ['pipeline'], response: { 200: HealthReply } } },
      () => ({ status: 'ok' as const, stack, adapters, uptimeSeconds: Math.round(process.uptime()) }),
    );
  };
}
