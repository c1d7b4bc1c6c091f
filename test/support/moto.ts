/**
 * moto_server, an emulator of AWS written in Python, as an engine for one test file: state is in memory, any credentials
 * do. Start it in `describeWithEngine('moto_server', …)`, and give the hook `MOTO_START_MILLIS`.
 *
 * Where moto 5.2.1 is not AWS, and what that means for a suite:
 * - It speaks HTTP/1.1 only: a Kinesis client must not use HTTP/2 (`clientOptions` sees to it).
 * - S3 is addressed by path: clients need `forcePathStyle: true`.
 * - It answers 500 to the gzip bodies of CloudWatch: clients need `disableRequestCompression: true`.
 * - It throttles nothing and holds few calls to their limits: the fault proxy does both.
 * - Kinesis: sequence numbers are 1, 2, … in every shard; after a split or merge records still land in the closed
 *   parent, whose iterator never ends; iterators do not expire; the explicit hash key 2^128 - 1 is a 500. It loses one of two
 *   puts at the same moment: `moto/sitecustomize.py` lets them wait for each other.
 * - DynamoDB: BatchWriteItem takes more than 25 items, and a key twice unless the items are equal.
 * - CloudWatch: a value shows at once; GetMetricStatistics counts minutes from the first point it finds.
 * - Its event source mappings of Lambda have no semantics of AWS; nothing here uses them.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';
import { engineCredentials } from './engine-server.ts';

/** How long a hook should allow for Python to import all of moto on a busy machine. */
export const MOTO_START_MILLIS = 60_000;

export type MotoClientOptions = typeof engineCredentials & { readonly endpoint: string };

export interface Moto {
  readonly url: string;
  readonly clientOptions: MotoClientOptions;
  /** Forgets all state. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The shell ends the server when its standard input ends, which the system sees to however this process ends. Jest gives
 * tests a copy of `process`, on which an `exit` listener would never be called.
 */
const guard = `"$0" -H 127.0.0.1 -p 0 </dev/null & server=$!
exec >/dev/null 2>&1
cat
kill $server
wait $server`;

/**
 * @param executable The path of moto_server.
 * @param environment Variables besides those of this process.
 */
export async function startMoto(executable: string, environment: NodeJS.ProcessEnv = {}): Promise<Moto> {
  const shell = spawn('sh', ['-c', guard, executable], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONPATH: pythonPath(), PYTHONDONTWRITEBYTECODE: '1', ...environment },
  });
  const url = await addressOf(shell);
  return {
    url,
    clientOptions: { ...engineCredentials, endpoint: url },
    reset: async () => {
      const response = await fetch(`${url}/moto-api/reset`, { method: 'POST' });
      if (!response.ok) throw new Error(`moto_server was not reset: ${response.status}`);
    },
    stop: async () => {
      const exited = once(shell, 'exit');
      shell.stdin.end();
      await exited;
    },
  };
}

/** Our module first, then what the user has. */
function pythonPath(): string {
  const own = join(import.meta.dirname, 'moto');
  const { PYTHONPATH: others = '' } = process.env;
  return others === '' ? own : own + delimiter + others;
}

/** Waits for the line in which the server, listening by then, tells the port that the system gave it. */
function addressOf(shell: ChildProcessWithoutNullStreams): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const look = (chunk: Buffer): void => {
      output += chunk.toString();
      const url = /Running on (http:\/\/\S+)/.exec(output)?.[1];
      if (url === undefined) return;
      shell.stderr.off('data', look);
      // One line per request follows; unread, they would fill the pipe and stop the server.
      shell.stderr.resume();
      resolve(url);
    };
    shell.stdout.resume();
    shell.stderr.on('data', look);
    shell.stderr.once('end', () => {
      shell.stdin.end();
      reject(new Error(`moto_server ended before it listened: ${output}`));
    });
    shell.once('error', reject);
  });
}
