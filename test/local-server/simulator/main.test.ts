import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { help } from '../../../local-server/simulator/options.ts';
import { StubServer } from './stub-server.ts';

const main = fileURLToPath(new URL('../../../local-server/simulator/main.ts', import.meta.url));

async function run(...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args]);
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, output, errors };
}

describe('npm run simulate', () => {
  test('exits with 0 where all is well, 1 where something was lost or nothing answers, 2 for wrong options', async () => {
    const gone = new StubServer();
    await gone.start();
    await gone.stop();
    const server = new StubServer();
    await server.start();
    const losing = new StubServer();
    await losing.start();
    losing.objects.set = () => losing.objects;
    try {
      const count = ['--rate', '0', '--count', '20', '--seed', '1'];
      const [asked, wrong, absent, well, lost] = await Promise.all([
        run('--help'),
        run('--rate', 'fast'),
        run('--url', gone.url),
        run('--url', server.url, ...count),
        run('--url', losing.url, ...count),
      ]);
      expect(asked).toMatchObject({ code: 0, output: help });
      expect(wrong).toMatchObject({ code: 2 });
      expect(wrong.errors).toMatch(/^--rate: is "fast".*\n.*--help/);
      expect(absent).toMatchObject({ code: 1 });
      expect(absent.errors).toMatch(/^nothing answers at http/);
      expect(well).toMatchObject({ code: 0 });
      expect(well.output).toMatch(/\nverified: all 20 accepted records are in the archive\n/);
      expect(lost).toMatchObject({ code: 1 });
      expect(lost.output).toMatch(/\nLOST: 20 of 20 .*: payloads 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … of the plan/);
    } finally {
      await server.stop();
      await losing.stop();
    }
  }, 30_000);
});
