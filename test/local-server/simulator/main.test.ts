import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

  test('shows how a file is read and sends nothing; a file of which nothing is accepted is no success', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'simulate-'));
    const file = join(folder, 'humidity.csv');
    await writeFile(file, 'time;hum\n24.12.2026 10:00;45%\n24.12.2026 11:00;46%\n');
    const server = new StubServer();
    await server.start();
    try {
      const columns = ['--csv', file, '--time', 'time', '--value', 'hum', '--url', server.url];
      const dry = await run(...columns, '--dry-run');
      expect(dry).toMatchObject({ code: 0, errors: '' });
      expect(dry.output).toBe(
        [
          'columns         time, hum',
          'delimiter       semicolon',
          'decimal mark    point',
          'time            d.M.yyyy H:mm; without an offset it is UTC',
          '',
          'line 2: hum 2026-12-24T10:00:00.000Z 45%',
          'line 3: hum 2026-12-24T11:00:00.000Z 46%',
          '',
          'dry run: 2 rows read, 2 readings; nothing was sent',
          '',
        ].join('\n'),
      );
      expect(server.bodies).toEqual([]);

      const sent = await run(...columns);
      expect(sent).toMatchObject({ code: 1, errors: 'nothing was accepted\n' });
      expect(sent.output).toMatch(/refused 2 ×: .*\(first: line 2, column "hum": 45%\)/);
    } finally {
      await server.stop();
      await rm(folder, { recursive: true });
    }
  }, 30_000);
});
