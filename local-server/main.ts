/** `npm start`: listens until Ctrl-C, then finishes what is in flight and closes. */
import { pino } from 'pino';
import { InvalidRequest } from '../core/errors.ts';
import { buildApp } from './app.ts';
import { appServices, localContainer } from './container.ts';
import { ACCOUNT_ID } from './local-account.ts';
import { isLoopback } from './loopback-guard.ts';
import { HELP, parseServerOptions, type ServerOptions } from './options.ts';

/** What is still running after this is cut off. */
const CLOSE_MILLIS = 5_000;

async function main(): Promise<void> {
  const options = parseServerOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const logger = pino({ level: options.logLevel }, pino.destination({ dest: 2, sync: false }));
  const container = localContainer({ ...options, log: logger });
  const app = await buildApp(appServices(container), { ...options, logger });
  const address = await app.listen({ host: options.host, port: options.port });
  process.stdout.write(greeting(address, options));

  let closing = false;
  const close = () => {
    if (closing) process.exit(130); // Asked twice: at once.
    closing = true;
    process.stdout.write('Finishing what is in flight…\n');
    setTimeout(() => process.exit(1), CLOSE_MILLIS).unref();
    void app.close().then(() => process.exit(0));
  };
  process.on('SIGINT', close).on('SIGTERM', close);
}

function greeting(address: string, { host, stack, shards }: ServerOptions): string {
  return [
    `IoT backend ready at ${address}`,
    `  page       ${address}/`,
    `  API        ${address}/docs`,
    `  AWS        AWS_ENDPOINT_URL=${address}  (stack ${stack}, account ${ACCOUNT_ID}, ${shards} shards; signatures are not checked)`,
    ...(isLoopback(host) ? [] : ['  WARNING    reachable from other machines, and nobody has to log in']),
    '',
    'Everything is in memory and goes when the server stops. Ctrl-C stops it.',
    '',
  ].join('\n');
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${describe(error)}\n`);
  process.exitCode = 1;
}

function describe(error: unknown): string {
  if (error instanceof InvalidRequest) return `${error.message}\nnpm start -- --help lists the options.`;
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `${message}\nAnother program has that port: choose one with npm start -- --port N.`;
  return stack ?? message;
}
