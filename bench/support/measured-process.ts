/** A Node program of this project in a process of its own, which can be asked what it has used. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import type { Usage } from './report-usage.ts';

export interface MeasuredProcess {
  /** What it listens on. */
  readonly url: string;
  /** From its start to the line that tells the address. */
  readonly readyMillis: number;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Node 20 is what the project asks for; that the SDK will not for ever is known. */
const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
const reporter = usageReporter();

/** What `npm start` has Node run: its flags, and the program. */
export const npmStart = readNpmStart();

/** The server as `npm start` starts it, on a free port. */
export function startServer(args: readonly string[] = []): Promise<MeasuredProcess> {
  const { flags, program } = npmStart;
  return startMeasured(program, ['--port', '0', ...args], flags);
}

/** @param program Path below the project's folder; it prints a line with its address when it is ready. */
export async function startMeasured(
  program: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): Promise<MeasuredProcess> {
  const startedAt = performance.now();
  const child = fork(program, args, {
    cwd: root,
    env,
    execArgv: [...flags, ...(program.endsWith('.ts') ? ['--import', 'tsx'] : []), '--import', reporter],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      const found = /http:\/\/[\d.]+:\d+/.exec(output)?.[0];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(`${program} ended before it was ready: ${output}`)));
  });
  const readyMillis = performance.now() - startedAt;
  return {
    url,
    readyMillis,
    async usage() {
      const answer = once(child, 'message');
      child.send('usage');
      const [usage] = (await answer) as [Usage];
      return usage;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function readNpmStart(): { readonly flags: readonly string[]; readonly program: string } {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { start: string } };
  const [, ...words] = scripts.start.split(' ');
  return { flags: words.slice(0, -1), program: words.at(-1) ?? '' };
}

/** As JavaScript, so that a program without a loader for TypeScript stays without one. */
function usageReporter(): string {
  const source = readFileSync(new URL('report-usage.ts', import.meta.url), 'utf8');
  const { code } = transformSync(source, { loader: 'ts' });
  return `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
}
