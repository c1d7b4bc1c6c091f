/** The whole server on a free port of loopback, with everything real and nothing logged. */
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { memoryContainer, type MemoryContainerOptions } from '../../local-server/memory-container.ts';
import { appServices } from '../../local-server/module.ts';
import { type AppOptions, type AppServices, buildApp } from '../../local-server/app.ts';
import { pipeline as defaultPipeline, type Pipeline } from '../../core/pipeline.ts';
import { eventually } from './eventually.ts';

export interface RunningServer {
  readonly url: string;
  readonly app: FastifyInstance;
  readonly services: AppServices;
  /** Resolves when both consumers are done with everything that the stream holds. */
  caughtUp(): Promise<void>;
  close(): Promise<void>;
}

/** The pipeline as it is, but for the archiver's window, which would only make tests wait. */
export const pipeline: Pipeline = {
  ...defaultPipeline,
  archiveEvents: {
    ...defaultPipeline.archiveEvents,
    mapping: { ...defaultPipeline.archiveEvents.mapping, maximumBatchingWindowInSeconds: 0 },
  },
};

export async function startServer(
  options: Partial<MemoryContainerOptions> & Partial<AppOptions> = {},
): Promise<RunningServer> {
  const { logger = pino({ level: 'silent' }) } = options;
  const settings = {
    pipeline,
    stack: 'iot',
    shards: 2,
    retentionHours: 24,
    retentionMiB: 512,
    writeLimits: false,
    ...options,
  };
  const services = appServices(memoryContainer({ log: pino({ level: 'silent' }), ...settings }));
  const app = await buildApp(services, { host: '127.0.0.1', ...settings, logger });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    app,
    services,
    caughtUp: () =>
      eventually(async () => {
        const { mappings } = await services.monitor.state();
        return mappings.every(
          ({ shards }) => shards.length > 0 && shards.every(({ recordsBehind }) => recordsBehind === 0),
        );
      }),
    close: () => app.close(),
  };
}
