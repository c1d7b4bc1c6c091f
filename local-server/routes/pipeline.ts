/** `GET /pipeline`: where every shard and every consumer stands, and the load of the process. `GET /health`: that the server is there. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ProcessLoad } from '../watch/process-load.ts';
import type { PipelineMonitor } from '../watch/pipeline-monitor.ts';
import type { StackIdentity } from '../stack-identity.ts';
import { HealthReply } from '../schemas.ts';

export function pipelineRoute(
  monitor: PipelineMonitor,
  { stack, adapters }: StackIdentity,
  load: Pick<ProcessLoad, 'now'>,
): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/pipeline',
      {
        schema: {
          summary: 'Shards, checkpoints, iterator age, what is in flight, memory and event loop',
          tags: ['pipeline'],
        },
      },
      async () => ({ ...(await monitor.state()), process: load.now() }),
    );

    app.get(
      '/health',
      { schema: { summary: 'Whether the server is there', tags: ['pipeline'], response: { 200: HealthReply } } },
      () => ({ status: 'ok' as const, stack, adapters, uptimeSeconds: Math.round(process.uptime()) }),
    );
  };
}
