/** `npm start`: listens until Ctrl-C, then finishes what is in flight and closes. */
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { InvalidRequest, StoreUnavailable } from '../core/errors.ts';
import { createLogger } from '../handlers/create-logger.ts';
import { buildApp } from './app.ts';
import { memoryContainer } from './memory-container.ts';
import { appServices } from './module.ts';
import { greet } from './greeting.ts';
import { accessToken } from './http/access-token.ts';
import { networkOrigins } from './http/network-addresses.ts';
import { serverCertificate } from './http/tls.ts';
import { HELP, parseServerOptions, type ServerOptions } from './options.ts';
import { catchTheUncaught } from './uncaught.ts';
import { logOnce } from './watch/log-once.ts';

/** What is still running after this is cut off. */
const CLOSE_MILLIS = 5_000;

async function main(): Promise<void> {
  const options = parseServerOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(HELP);
    return;
  }
  // Standard output is for people.
  const logger = createLogger(options.logLevel, pino.destination({ dest: 2, sync: false }), logOnce());
  const { tls, token: tokenChoice } = options.doors;
  const token = await accessToken(tokenChoice, options.host);
  const services = appServices(await containerFor(options, logger));
  const certificate = tls && (await serverCertificate(tls, options));
  const app = await buildApp(services, { ...options, logger, token, tls: certificate });
  const address = await app.listen({ host: options.host, port: options.port }).catch(async (error: unknown) => {
    await app.close(); // The consumers run already.
    throw error;
  });
  const { port } = app.server.address() as AddressInfo;
  const scheme = certificate === undefined ? 'http' : 'https';
  process.stdout.write(
    greet({
      address: address.replace('http', scheme),
      network: networkOrigins(options.host, scheme, port),
      ...{ options, identity: services.identity, certificate, token },
      endpoints: awsEndpoints(),
    }),
  );

  let closing = false;
  const close = (code: 0 | 1) => {
    closing = true;
    process.stdout.write('Finishing what is in flight…\n');
    setTimeout(() => process.exit(1), CLOSE_MILLIS).unref();
    app.close().then(
      () => process.exit(code),
      (error: unknown) => {
        process.stderr.write(`${describe(error)}\n`);
        process.exit(1);
      },
    );
  };
  const asked = () => (closing ? process.exit(130) : close(0)); // Asked twice: at once.
  process.on('SIGINT', asked).on('SIGTERM', asked);
  catchTheUncaught(logger, () => {
    if (!closing) close(1);
  });
}

async function containerFor(options: ServerOptions, log: Logger) {
  if (options.adapters === 'memory') return memoryContainer({ ...options, log });
  const { stack, stateFolder, names, ttlDays, maxWatchers } = options;
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const region = AWS_REGION ?? AWS_DEFAULT_REGION;
  const { endpointsOf } = await import('../adapters/aws/endpoints.ts');
  const { awsContainer } = await import('./aws-container.ts');
  return awsContainer({
    stack,
    log,
    names,
    maxWatchers,
    ...(ttlDays !== undefined && { ttlDays }),
    client: { ...(region !== undefined && { region }), endpoints: endpointsOf(process.env) },
    ...(options.runMappings && { runMappings: { checkpointFile: join(stateFolder, `${stack}-checkpoints.json`) } }),
  });
}

function awsEndpoints(): readonly string[] {
  const urls = Object.entries(process.env).flatMap(([name, url]) =>
    name.startsWith('AWS_ENDPOINT_URL') && url ? [url] : [],
  );
  return [...new Set(urls)];
}

// Not awaited: the bundle of start.mjs is CommonJS.
main().catch((error: unknown) => {
  process.stderr.write(`${describe(error)}\n`);
  process.exitCode = 1;
});

function describe(error: unknown): string {
  if (error instanceof InvalidRequest) return `${error.message}\nnpm start -- --help lists the options.`;
  if (error instanceof StoreUnavailable) {
    return `${error.message}\nAre --stack, AWS_PROFILE, AWS_REGION and AWS_ENDPOINT_URL as they should be?`;
  }
  // The SDK finds that out before it asks anyone.
  if (error instanceof Error && error.message === 'Region is missing') {
    return 'There is no region: set AWS_REGION, or AWS_PROFILE to a profile that has one.';
  }
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `${message}\nAnother program has that port: choose one with npm start -- --port N.`;
  return stack ?? message;
}
