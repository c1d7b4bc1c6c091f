/** The whole server on the AWS adapters, with an emulator behind, on a free port of loopback. It runs the consumers itself. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import type { Logger } from '../../handlers/logger.ts';
import { type AppOptions, type AppServices, buildApp } from '../../local-server/app.ts';
import { awsContainer, type AwsContainerOptions } from '../../local-server/aws-container.ts';
import { appServices } from '../../local-server/module.ts';
import { engineCredentials } from './engine-server.ts';
import { pipeline } from './running-server.ts';

export interface AwsServer {
  readonly url: string;
  readonly app: FastifyInstance;
  readonly services: AppServices;
  close(): Promise<void>;
}

export interface AwsServerOptions extends Partial<Omit<AwsContainerOptions, 'client'>>, Partial<AppOptions> {
  /** Base address of the emulator. */
  readonly endpoint: string;
}

/** Every client at this address, with the credentials that the SDK finds (`engineEnvironment`). */
export function clientAt(endpoint: string): AwsContainerOptions['client'] {
  return {
    region: engineCredentials.region,
    endpoints: { kinesis: endpoint, s3: endpoint, dynamoDb: endpoint, cloudWatch: endpoint },
  };
}

/** What the SDK's ordinary chain finds, to which the server leaves credentials. */
export const engineEnvironment = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

export async function startAwsServer({ endpoint, ...options }: AwsServerOptions): Promise<AwsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'aws-server-'));
  const log: Logger = options.log ?? pino({ level: 'silent' });
  let app: FastifyInstance | undefined;
  const close = async () => {
    await app?.close();
    await rm(folder, { recursive: true });
  };
  try {
    const container = await awsContainer({
      stack: 'iot',
      pipeline,
      watchMillis: 200,
      runMappings: { checkpointFile: join(folder, 'checkpoints.json') },
      ...options,
      log,
      client: clientAt(endpoint),
    });
    const services = appServices(container);
    app = await buildApp(services, {
      host: '127.0.0.1',
      retentionHours: 24,
      logger: pino({ level: 'silent' }),
      ...options,
    });
    return { url: await app.listen({ host: '127.0.0.1', port: 0 }), app, services, close };
  } catch (error) {
    await close();
    throw error;
  }
}
