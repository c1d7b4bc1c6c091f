/** `GET /metrics`, in the text format of Prometheus. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { AccountState } from '../account/account-state.ts';
import type { FailedAttempts } from '../http/failed-attempts.ts';
import type { PipelineMonitor } from '../watch/pipeline-monitor.ts';
import type { Problems } from '../watch/problems.ts';
import type { ProcessLoad } from '../watch/process-load.ts';

export interface PrometheusRouteOptions {
  readonly account: Pick<AccountState, 'read'>;
  readonly monitor: Pick<PipelineMonitor, 'state'>;
  readonly load: Pick<ProcessLoad, 'now'>;
  readonly problems: Pick<Problems, 'list'>;
  readonly attempts: Pick<FailedAttempts, 'total'>;
}

export function prometheusRoute(options: PrometheusRouteOptions): FastifyPluginAsyncTypebox {
  const { account, monitor, load, problems, attempts } = options;
  return async (app) => {
    app.get(
      '/metrics',
      {
        schema: {
          summary: 'The figures of the account, the consumers and the process, for Prometheus',
          tags: ['pipeline'],
          produces: ['text/plain'],
        },
      },
      async (_request, reply) => {
        // Not needed by most, and a server should start fast.
        const { CONTENT_TYPE, formatPrometheus } = await import('../watch/prometheus.ts');
        const text = await formatPrometheus({
          account: account.read(),
          pipeline: await monitor.state(),
          load: load.now(),
          problems: [...problems.list()].length,
          failedAttempts: attempts.total,
        });
        return reply.type(CONTENT_TYPE).send(text);
      },
    );
  };
}
