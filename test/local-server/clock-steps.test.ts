/** The whole server while the clock of its machine is set, as NTP or a boot without a battery does. */
import { afterEach, expect, test } from '@jest/globals';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeWithEngine } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Mapping {
  readonly name: string;
  readonly records: number;
  readonly errors: number;
  readonly givenUpRecords: number;
  readonly trimmedRecords: number;
  readonly oldestRecordAgeMillis: number | null;
}

describeWithEngine('faketime', 'the server while its clock is set', (faketime) => {
  let folder: string;
  let child: ChildProcess;
  afterEach(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  test('no consumer stops for an hour back, and nothing fresh expires for an hour or two days forward', async () => {
    folder = await mkdtemp(join(tmpdir(), 'clock-'));
    const file = join(folder, 'time');
    const setClock = (offset: string) => writeFile(file, offset);
    await setClock('+0');
    const library = execFileSync(faketime, ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD']).toString().trim();
    child = spawn(process.execPath, ['local-server/start.mjs', '--port', '0'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    });
    let printed = '';
    child.stdout!.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    await eventually(() => printed.includes('ready at'));
    const url = /ready at (\S+)/.exec(printed)![1]!;

    const put = async (value: number) => {
      const body = JSON.stringify({ sensorid: 's', value });
      const headers = { 'content-type': 'application/json' };
      expect((await fetch(`${url}/readings`, { method: 'POST', headers, body })).status).toBe(202);
    };
    const mappings = async () => {
      const response = await fetch(`${url}/pipeline`);
      return ((await response.json()) as { mappings: Mapping[] }).mappings;
    };
    const done = (count: number) =>
      eventually(async () => (await mappings()).every(({ records }) => records === count), 15_000);
    // Node renews the header once a second.
    const serverTime = async () => Date.parse((await fetch(`${url}/health`)).headers.get('date')!);

    await put(1);
    await setClock('-3600'); // In the batching window of the archiver.
    await put(2);
    await eventually(async () => Date.now() - (await serverTime()) > 3_000_000);
    await done(2);
    await put(3);
    await done(3);

    await setClock('+3600');
    await put(4);
    await eventually(async () => (await serverTime()) - Date.now() > 3_000_000);
    await done(4);

    await setClock('+172800');
    await put(5);
    await eventually(async () => (await serverTime()) - Date.now() > 170_000_000);
    await done(5);
    await put(6);
    await done(6);

    for (const mapping of await mappings()) {
      expect(mapping).toMatchObject({ errors: 0, givenUpRecords: 0, trimmedRecords: 0, oldestRecordAgeMillis: 0 });
    }
    const history = await fetch(`${url}/sensors/s/readings?limit=10`);
    expect(((await history.json()) as { readings: unknown[] }).readings).toHaveLength(6);
  }, 90_000);
});
