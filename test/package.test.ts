/** The package as npm makes it, unpacked beside nothing but the packages that it declares, and run by its own command. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from './support/eventually.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
let home: string;
let command: string;
const servers: ChildProcess[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'iot-package-'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', home], {
    cwd: root,
  });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await mkdir(join(home, 'node_modules'));
  await run('tar', ['-xzf', join(home, filename), '-C', join(home, 'node_modules')]);
  const installed = join(home, 'node_modules/package');
  const { dependencies, bin } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    bin: { 'iot-backend': string };
  };
  for (const name of Object.keys(dependencies)) {
    await mkdir(dirname(join(home, 'node_modules', name)), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(home, 'node_modules', name), 'junction');
  }
  command = join(installed, bin['iot-backend']);
});

afterAll(async () => {
  for (const server of servers) server.kill();
  await rm(home, { recursive: true, force: true });
});

test('starts the server, and sends it readings that are all found again', async () => {
  const server = spawn(process.execPath, [command, 'start', '--port', '0'], { cwd: home });
  servers.push(server);
  let printed = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk: Buffer) => (printed += String(chunk)));
  await eventually(() => server.exitCode !== null || printed.includes('Ctrl-C'));
  const url = /ready at (\S+)/.exec(printed)?.[1] ?? printed;
  expect(url).toMatch(/^http:/);

  const page = await fetch(url);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<script')]);

  const { stdout } = await run(process.execPath, [command, 'simulate', '--url', url, '--rate', '0', '--count', '50'], {
    cwd: home,
  });
  expect(stdout).toContain('verified: all 50 accepted records are in the archive');
});

test.each([
  [[], 0, 'stdout'],
  [['--help'], 0, 'stdout'],
  [['strat'], 2, 'stderr'],
] as const)('answers %j with its commands and the exit code %d', async (args, code, stream) => {
  const answer = await run(process.execPath, [command, ...args], { cwd: home }).then(
    (output) => ({ ...output, code: 0 }),
    (error: unknown) => error,
  );
  expect(answer).toMatchObject({ code, [stream]: expect.stringContaining('Usage: iot-backend <command>') });
});
