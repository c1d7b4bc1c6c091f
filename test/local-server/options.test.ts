import { expect, test } from '@jest/globals';
import { defaultMemoryMiB } from '../../local-server/memory-limit.ts';
import { HELP, parseServerOptions, type ServerOptions } from '../../local-server/options.ts';

test('what is not given is what the pipeline says, on loopback', () => {
  expect(parseServerOptions([], {})).toEqual({
    adapters: 'memory',
    runMappings: false,
    allowSimulation: false,
    names: {},
    ttlDays: undefined,
    stateFolder: '.state',
    host: '127.0.0.1',
    port: 3000,
    stack: 'iot',
    shards: 2,
    retentionHours: 24,
    retentionMiB: 512,
    memoryMiB: expect.any(Number),
    onFull: 'refuse',
    writeLimits: false,
    maxRecordKib: 1_024,
    maxWatchers: 1_000,
    logLevel: 'warn',
    doors: { token: { type: 'as-needed' }, tls: undefined, allowedOrigins: [], allowedHosts: [] },
  });
});

test('every option is taken', () => {
  const args =
    '--adapters aws --run-mappings --allow-simulation --stream S --archive-bucket b --undelivered-bucket u --table T --ttl-days 30 --state-folder /tmp/x --port 0 --host ::1 --shards 8 --stack lab-2 --retention-hours 1 --retention-mib 64 --memory-mib 256 --on-full trim --write-limits --max-record-kib 10240 --max-watchers 7 --log-level info --token-file t --tls-cert c.pem --tls-key k.pem --allow-origin HTTPS://Grafana.example/ --allow-origin null --allowed-hosts Pi.local,192.168.1.7';
  expect(parseServerOptions(args.split(' '))).toEqual({
    adapters: 'aws',
    runMappings: true,
    allowSimulation: true,
    names: { stream: 'S', bucket: 'b', undeliveredBucket: 'u', table: 'T' },
    ttlDays: 30,
    stateFolder: '/tmp/x',
    host: '::1',
    port: 0,
    stack: 'lab-2',
    shards: 8,
    retentionHours: 1,
    retentionMiB: 64,
    memoryMiB: 256,
    onFull: 'trim',
    writeLimits: true,
    maxRecordKib: 10_240,
    maxWatchers: 7,
    logLevel: 'info',
    doors: {
      token: { type: 'file', file: 't' },
      tls: { certFile: 'c.pem', keyFile: 'k.pem' },
      allowedOrigins: ['https://grafana.example', 'null'],
      allowedHosts: ['pi.local', '192.168.1.7'],
    },
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
  ['--tls-key', '--tls-cert c.pem'],
  ['--tls-cert', '--tls-key k.pem'],
  ['--tls-self-signed', '--tls-self-signed --tls-cert c.pem --tls-key k.pem'],
  ['--token', '--token t --token-file f'],
  ['--no-auth', '--no-auth --token t'],
  ['--no-auth', '--no-auth --token-file f'],
  ['--allow-origin', '--allow-origin *'],
  ['--allow-origin', '--allow-origin https://a.example/path'],
  ['--allow-origin', '--allow-origin ftp://a.example'],
  ['--allowed-hosts', '--allowed-hosts http://pi.local'],
  ['--allowed-hosts', '--allowed-hosts pi.local:3000'],
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
    'token',
    'token-file',
    'no-auth',
    'tls-cert',
    'tls-key',
    'tls-self-signed',
    'allow-origin',
    'allowed-hosts',
  ]) {
    expect(HELP).toContain(`--${option}`);
  }
});

test('a token is taken from the command line, then from the environment', () => {
  const choice = (args: string, environment: NodeJS.ProcessEnv) => {
    const options = parseServerOptions(args.split(' ').filter(Boolean), environment);
    return options === 'help' ? undefined : options.doors.token;
  };
  expect(choice('--token a', { IOT_TOKEN: 'b' })).toEqual({ type: 'given', token: 'a', by: '--token' });
  expect(choice('--token-file f', { IOT_TOKEN: 'b' })).toEqual({ type: 'file', file: 'f' });
  expect(choice('', { IOT_TOKEN: 'b' })).toEqual({ type: 'given', token: 'b', by: 'IOT_TOKEN' });
  expect(choice('--no-auth', { IOT_TOKEN: 'b' })).toEqual({ type: 'none' });
  expect(choice('', { IOT_TOKEN: '' })).toEqual({ type: 'as-needed' });
});

test('the memory of all stores bounds that of the stream', () => {
  const memory = (args: string) => {
    const { memoryMiB, retentionMiB } = parseServerOptions(args.split(' '), {}) as ServerOptions;
    return { memoryMiB, retentionMiB };
  };
  expect(memory('--memory-mib 100')).toEqual({ memoryMiB: 100, retentionMiB: 25 });
  expect(memory('--memory-mib 100000')).toEqual({ memoryMiB: 100_000, retentionMiB: 512 });
  expect(memory('--memory-mib 100 --retention-mib 100')).toEqual({ memoryMiB: 100, retentionMiB: 100 });
  expect(() => memory('--memory-mib 100 --retention-mib 101')).toThrow('--retention-mib: is 101');
  expect(() => memory('--memory-mib 15')).toThrow('--memory-mib: is 15');
  expect(() => memory('--on-full drop')).toThrow('--on-full: must be refuse or trim');
});

test.each([
  ['4 GiB of heap on a large machine', { heapLimitMiB: 4_288, memoryMiB: 24_000 }, 2_419],
  ['a container that may take less than the heap', { heapLimitMiB: 2_240, memoryMiB: 512 }, 256],
  ['a small heap', { heapLimitMiB: 352, memoryMiB: 24_000 }, 57],
  ['next to nothing', { heapLimitMiB: 128, memoryMiB: 256 }, 16],
])('the stores may take some of %s', (_, machine, expected) => {
  expect(defaultMemoryMiB(machine)).toBe(expected);
});
