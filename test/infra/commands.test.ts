/** The commands of `infra/` as they are typed: what is wrong is told in a line, and ends with status 1. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Starting a process and loading the bindings takes some seconds on a busy machine. */
const PATIENCE = 60_000;

function command(file: string, args: readonly string[], settings: Readonly<Record<string, string>> = {}) {
  const env = { ...process.env, ...settings };
  return spawnSync('node', ['--import', 'tsx', `infra/${file}`, ...args], { cwd: root, env, encoding: 'utf8' });
}

test.each([
  ['main.ts', [], { IOT_STACK: 'Prod' }, /stack: is "Prod", but must be lower-case letters/],
  ['main.ts', ['/nowhere'], {}, /the functions are not built: npm run build/],
  ['destroy.ts', ['--keep-archive', '--delete-archive'], {}, /exclude each other/],
  ['destroy.ts', ['--all'], {}, /Unknown option '--all'/],
  ['outputs.ts', ['--secret'], {}, /Unknown option '--secret'/],
  ['cost/main.ts', ['--every', 'often'], {}, /--every is often, but must be a time such as 10s, 5m or 1h/],
  ['cost/main.ts', ['--devices', '0'], {}, /--devices is 0, but must be a whole number from 1/],
])(
  '%s %j is refused with the reason',
  (file, args, settings, reason) => {
    const { status, stdout, stderr } = command(file, args, settings);
    expect(stderr.trim()).toMatch(reason);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(status).toBe(1);
  },
  PATIENCE,
);

test.each(['destroy.ts', 'outputs.ts', 'cost/main.ts'])(
  '%s --help tells its options',
  (file) => {
    const { status, stdout } = command(file, ['--help']);
    expect(stdout).toMatch(/^Usage: npm run/);
    expect(status).toBe(0);
  },
  PATIENCE,
);

test(
  'the cost follows what is configured',
  () => {
    const costOf = (settings: Readonly<Record<string, string>>): string => {
      const { stdout } = command('cost/main.ts', ['--devices', '10', '--every', '1m'], settings);
      return /Kinesis, \w+ +[\d.]+/.exec(stdout)?.[0] ?? stdout;
    };
    expect(costOf({ IOT_SHARDS: '3' })).toMatch(/^Kinesis, shards +32\.85$/);
    expect(costOf({ IOT_CAPACITY: 'on-demand' })).toMatch(/^Kinesis, stream +29\.20$/);
  },
  PATIENCE,
);
