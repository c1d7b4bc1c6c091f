/** `npm start`: listens until Ctrl-C, then finishes what is in flight and closes. */
import { join, resolve } from 'node:path';
import { type Logger, pino } from 'pino';
import { InvalidRequest, StoreUnavailable } from '../core/errors.ts';
import { createLogger } from '../handlers/create-logger.ts';
import { buildApp } from './app.ts';
import { memoryContainer } from './memory-container.ts';
import { appServices } from './module.ts';
import { isLoopback } from './http/host-guard.ts';
import { type ServerCertificate, serverCertificate } from './http/tls.ts';
import type { StackIdentity } from './stack-identity.ts';
import { HELP, parseServerOptions, type ServerOptions } from './options.ts';
import { catchTheUncaught } from './uncaught.ts';

/** What is still running after this is cut off. */
const CLOSE_MILLIS = 5_000;

async function main(): Promise<void> {
  const options = parseServerOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(HELP);
    return;
  }
  // Standard output is for people.
  const logger = createLogger(options.logLevel, pino.destination({ dest: 2, sync: false }));
  const services = appServices(await containerFor(options, logger));
  const { tls } = options.doors;
  const certificate = tls && (await serverCertificate(tls, options));
  const app = await buildApp(services, { ...options, logger, tls: certificate });
  const address = await app.listen({ host: options.host, port: options.port }).catch(async (error: unknown) => {
    await app.close(); // The consumers run already.
    throw error;
  });
  process.stdout.write(
    greeting(certificate ? address.replace('http:', 'https:') : address, options, services.identity, certificate),
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
  const { stack, stateFolder, names, ttlDays } = options;
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const region = AWS_REGION ?? AWS_DEFAULT_REGION;
  const { endpointsOf } = await import('../adapters/aws/endpoints.ts');
  const { awsContainer } = await import('./aws-container.ts');
  return awsContainer({
    stack,
    log,
    names,
    ...(ttlDays !== undefined && { ttlDays }),
    client: { ...(region !== undefined && { region }), endpoints: endpointsOf(process.env) },
    ...(options.runMappings && { runMappings: { checkpointFile: join(stateFolder, `${stack}-checkpoints.json`) } }),
  });
}

function greeting(
  address: string,
  options: ServerOptions,
  { stack, adapters, accountId, region }: StackIdentity,
  certificate: ServerCertificate | undefined,
): string {
  const { host, shards, runMappings } = options;
  const consumers = runMappings ? 'the consumers run here' : "the stack's own functions are the consumers";
  const endpoints = [
    ...new Set(
      Object.entries(process.env).flatMap(([name, url]) => (name.startsWith('AWS_ENDPOINT_URL') && url ? [url] : [])),
    ),
  ];
  const at = endpoints.length === 0 ? 'on AWS itself' : `at ${endpoints.join(', ')}`;
  const place = adapters === 'memory' ? `${shards} shards in memory` : `in ${region}, ${at}; ${consumers}`;
  return [
    `IoT backend ready at ${address}`,
    `  page       ${address}/`,
    `  API        ${address}/docs`,
    `  AWS        AWS_ENDPOINT_URL=${address}  (signatures are not checked)`,
    `  stack      ${stack}, account ${accountId}, ${place}`,
    ...(certificate === undefined ? [] : [`  TLS        SHA-256 fingerprint ${certificate.fingerprint}`]),
    ...(certificate?.trustFile === undefined ? [] : howToTrust(resolve(certificate.trustFile))),
    ...(isLoopback(host) ? [] : ['  WARNING    reachable from other machines, and nobody has to log in']),
    '',
    adapters === 'memory'
      ? 'Everything is in memory and goes when the server stops. Ctrl-C stops it.'
      : 'Ctrl-C stops it.',
    '',
  ].join('\n');
}

function howToTrust(file: string): string[] {
  return [
    `             made for this start; clients trust it by its file:`,
    `             curl --cacert ${file}`,
    `             NODE_EXTRA_CA_CERTS=${file}  AWS_CA_BUNDLE=${file}`,
    `             or compare the fingerprint with the one that the browser shows`,
  ];
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
