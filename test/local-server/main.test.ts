import { afterEach, describe, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import Fastify from 'fastify';
import { pageRoute } from '../../local-server/routes/page.ts';
import { eventually } from '../support/eventually.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** `npm start -- …`, without npm in between. */
function start(...args: string[]) {
  const child = spawn(process.execPath, ['local-server/start.mjs', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const printed = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (printed.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed.err += chunk.toString()));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const address = async () => {
    await eventually(() => printed.out.includes('ready at'));
    return /ready at (\S+)/.exec(printed.out)![1]!;
  };
  return { child, printed, exited, address };
}

describe('npm start', () => {
  test('prints the address when it is ready, and closes on Ctrl-C with watchers connected', async () => {
    const server = start('--port', '0');
    const url = await server.address();
    const events = await fetch(`${url}/events`);
    const reading = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"sensorid":"a","value":1}',
    };
    expect((await fetch(`${url}/readings`, reading)).status).toBe(202);
    // Files beside the sources are found from the bundle too.
    for (const path of ['/', '/console.js', '/docs', '/docs/swagger-ui.css']) {
      expect((await fetch(url + path)).status).toBe(200);
    }
    server.child.kill('SIGINT');
    expect(await server.exited).toBe(0);
    await events.text();
    expect(server.printed.out).toContain('signatures are not checked');
    expect(server.printed.err).toBe('');
  }, 30_000);

  test('names a wrong option, and says where help is', async () => {
    const server = start('--shards', 'many');
    expect(await server.exited).toBe(1);
    expect(server.printed.err).toContain('--shards: is many, but must be a whole number from 1 to 1000');
    expect(server.printed.err).toContain('--help');
  }, 30_000);

  test('says what to do where the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const server = start('--port', String(port));
    expect(await server.exited).toBe(1);
    expect(server.printed.err).toContain('npm start -- --port N');
    other.close();
  }, 30_000);

  test('prints its options', async () => {
    const server = start('--help');
    expect(await server.exited).toBe(0);
    expect(server.printed.out).toContain('--write-limits');
  }, 30_000);
});

test('a console that cannot be built is told to who opens it, and in the log', async () => {
  const lines: string[] = [];
  const app = Fastify({ logger: { level: 'error', stream: { write: (line: string) => lines.push(line) } } });
  await app.register(pageRoute, { build: () => Promise.reject(new Error('main.tsx: Unexpected "}"')) });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  try {
    await eventually(() => lines.length > 0);
    expect(lines.join('')).toContain('the console could not be built');
    for (const path of ['/', '/console.js', '/console.css']) {
      const answer = await fetch(address + path);
      expect(answer.status).toBe(500);
      expect(await answer.json()).toMatchObject({ detail: 'The console could not be built: main.tsx: Unexpected "}"' });
    }
  } finally {
    await app.close();
  }
});
