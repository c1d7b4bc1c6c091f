/** `npm start -- …` without npm in between: a process of its own, with the flags of Node that are given. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  readonly printed: { readonly out: string; readonly err: string };
  /** Its exit code, or null where a signal ended it. */
  readonly exited: Promise<number | null>;
}

export async function startServerProcess(
  args: readonly string[],
  { nodeFlags = [] }: { readonly nodeFlags?: readonly string[] } = {},
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...nodeFlags, 'local-server/start.mjs', '--port', '0', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (printed.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed.err += chunk.toString()));
  let ended = false;
  const exited = once(child, 'exit').then(([code]) => {
    ended = true;
    return code as number | null;
  });
  const address = () => /ready at (\S+)/.exec(printed.out)?.[1];
  await eventually(() => ended || address() !== undefined);
  const url = address();
  if (url === undefined) throw new Error(`the server did not start: ${printed.err}`);
  return { url, child, printed, exited };
}
