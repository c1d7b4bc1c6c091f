import { expect, test } from '@jest/globals';
import { HELP, parseServerOptions } from '../../local-server/options.ts';

test('what is not given is what the pipeline says, on loopback', () => {
  expect(parseServerOptions([])).toEqual({
    adapters: 'memory',
    runMappings: false,
    stateFolder: '.state',
    host: '127.0.0.1',
    port: 3000,
    stack: 'iot',
    shards: 2,
    retentionHours: 24,
    retentionMiB: 512,
    writeLimits: false,
    maxRecordKib: 1_024,
    logLevel: 'warn',
  });
});

test('every option is taken', () => {
  const args =
    '--adapters aws --run-mappings --state-folder /tmp/x --port 0 --host ::1 --shards 8 --stack lab-2 --retention-hours 1 --retention-mib 64 --write-limits --max-record-kib 10240 --log-level info';
  expect(parseServerOptions(args.split(' '))).toEqual({
    adapters: 'aws',
    runMappings: true,
    stateFolder: '/tmp/x',
    host: '::1',
    port: 0,
    stack: 'lab-2',
    shards: 8,
    retentionHours: 1,
    retentionMiB: 64,
    writeLimits: true,
    maxRecordKib: 10_240,
    logLevel: 'info',
  });
});

test.each([
  ['--port', '--port 65536'],
  ['--port', '--port http'],
  ['--shards', '--shards 0'],
  ['--max-record-kib', '--max-record-kib 1023'],
  ['--max-record-kib', '--max-record-kib 10241'],
  ['--log-level', '--log-level loud'],
  ['lower-case', '--stack IoT'],
  ['lower-case', `--stack ${'a'.repeat(38)}`],
  ['--prot', '--prot 1'],
  ['--adapters', '--adapters gcp'],
  ['--run-mappings', '--run-mappings'],
])('names %s where it is wrong (%s)', (words, args) => {
  expect(() => parseServerOptions(args.split(' '))).toThrow(words);
});

test('help names every option', () => {
  expect(parseServerOptions(['--help'])).toBe('help');
  for (const option of [
    'port',
    'host',
    'shards',
    'stack',
    'retention-hours',
    'retention-mib',
    'write-limits',
    'max-record-kib',
    'log-level',
  ]) {
    expect(HELP).toContain(`--${option}`);
  }
});
