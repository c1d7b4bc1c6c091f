/**
 * A built bundle in a process of its own, as Lambda would run it: by handler name, with its own environment and nothing of
 * ours, with events as JSON. `node` may be another version than the tests' own, for instance Lambda's.
 */
import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { InvocationResult, LambdaFunction } from '../../local-server/delivery/lambda-runtime.ts';

export interface LambdaProcessOptions {
  /** Holds the module of the handler. */
  readonly bundleFolder: string;
  /** As Lambda's setting: `index.handler`. */
  readonly handler?: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The node to run it with; that of the tests if not given. */
  readonly node?: string;
  readonly timeoutMillis?: number;
}

export interface LambdaProcess extends LambdaFunction {
  /** Lines that the function has logged, parsed. */
  readonly logged: readonly Readonly<Record<string, unknown>>[];
  stop(): Promise<void>;
}

interface ThrownError {
  readonly errorType: string;
  readonly errorMessage: string;
}

type Message =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly error: ThrownError }
  | { readonly type: 'answer'; readonly id: number; readonly payload?: unknown; readonly error?: ThrownError };

const runner = fileURLToPath(new URL('lambda-runner.mjs', import.meta.url));

/** Resolves when the module is loaded. @throws Error with what it threw where it could not be. */
export async function startLambdaProcess(options: LambdaProcessOptions): Promise<LambdaProcess> {
  const { bundleFolder, handler = 'index.handler', environment, node, timeoutMillis = 30_000 } = options;
  const [module = '', name = ''] = handler.split('.');
  const child = fork(runner, [pathToFileURL(join(bundleFolder, `${module}.mjs`)).href, name], {
    env: { ...environment },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    ...(node !== undefined && { execPath: node }),
  });
  const logged: Record<string, unknown>[] = [];
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) =>
      logged.push(JSON.parse(line) as Record<string, unknown>),
    );
  }
  const waiting = new Map<number, (message: Message & { type: 'answer' }) => void>();
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let invocations = 0;

  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.on('message', (received) => {
      const message = received as Message;
      if (message.type === 'ready') resolve();
      else if (message.type === 'failed')
        reject(new Error(`${message.error.errorType}: ${message.error.errorMessage}`));
      else waiting.get(message.id)?.(message);
    });
  });

  return {
    logged,
    async invoke(payload): Promise<InvocationResult> {
      const id = (invocations += 1);
      const answer = await new Promise<Message & { type: 'answer' }>((resolve) => {
        waiting.set(id, resolve);
        child.send({ id, event: JSON.stringify(payload), timeoutMillis });
      });
      waiting.delete(id);
      return {
        requestId: `request-${id}`,
        statusCode: 200,
        executedVersion: '$LATEST',
        ...(answer.error === undefined ? {} : { functionError: 'Unhandled' as const }),
        payload: answer.error ?? answer.payload,
      };
    },
    async stop() {
      child.kill();
      await exited;
    },
  };
}
