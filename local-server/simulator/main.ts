/** `npm run simulate`: options in, progress and summary out, and an exit code. `--help` tells the rest. */
import { InvalidRequest } from '../../core/errors.ts';
import type { CsvOptions } from './csv/options.ts';
import { SimulationFailed } from './errors.ts';
import { accessToken } from '../http/access-token.ts';
import { help, parseOptions, type SimulateOptions, tokenChoice } from './options.ts';
import { formatVerification, ProgressPrinter } from './progress.ts';
import { simulate } from './simulate.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options !== 'help') {
      if (options.dryRun && options.source.type === 'csv') return await dryRun(options.source);
      const token = await accessToken(tokenChoice(args, process.env), 'localhost');
      return await run({ ...options, token: token?.reveal() });
    }
    process.stdout.write(help);
    return 0;
  } catch (error) {
    if (!(error instanceof InvalidRequest || error instanceof SimulationFailed)) throw error;
    process.stderr.write(`${error.message}\n`);
    if (!(error instanceof InvalidRequest)) return 1;
    process.stderr.write('npm run simulate -- --help lists the options.\n');
    return 2;
  }
}

async function dryRun(file: CsvOptions): Promise<number> {
  const { previewCsv } = await import('./csv/preview.ts');
  const { text, readings } = await previewCsv(file);
  process.stdout.write(text);
  return readings > 0 ? 0 : 1;
}

async function run(options: SimulateOptions): Promise<number> {
  const printer = new ProgressPrinter(process.stdout);
  const stop = new AbortController();
  // The second signal, and one while the archive is read back, end the process at once.
  const interrupt = () => {
    printer.print('stopping: waiting for what is in flight\n');
    stop.abort();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const name of signals) process.once(name, interrupt);

  process.stdout.write(`sending to ${options.url} by ${options.transport.type}, seed ${options.seed}\n`);
  const { counts, failure, verification, overwritten } = await simulate(options, {
    signal: stop.signal,
    onProgress: (progress) => {
      if (progress.phase === 'sent') for (const name of signals) process.off(name, interrupt);
      printer.show(progress);
    },
  });
  if (failure !== undefined) throw failure;
  if (verification !== undefined) printer.print(formatVerification(verification, overwritten));
  if (counts.total.accepted === 0 && !stop.signal.aborted) {
    process.stderr.write('nothing was accepted\n');
    return 1;
  }
  return verification === undefined || verification.lost.count === 0 ? 0 : 1;
}
