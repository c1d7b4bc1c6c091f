import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShardCheckpoint } from '../../../local-server/delivery/checkpoints.ts';
import { FileCheckpoints } from '../../../local-server/delivery/file-checkpoints.ts';
import { Problems } from '../../../local-server/watch/problems.ts';
import { CapturingLogger } from '../../support/capturing-logger.ts';
import { eventually } from '../../support/eventually.ts';

const stream = {
  endpoint: 'http://127.0.0.1:5000',
  arn: 'arn:aws:kinesis:us-east-1:123456789012:stream/iot-SensorStream',
  createdAt: '2026-01-15T12:00:00.000Z',
};
const at7 = { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: '7' } as const;

let folder: string;
let file: string;
let log: CapturingLogger;
let problems: Problems;
let opened: FileCheckpoints[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoints-'));
  file = join(folder, 'state', 'iot-checkpoints.json');
  log = new CapturingLogger();
  problems = new Problems(log);
  opened = [];
});
afterEach(async () => {
  for (const checkpoints of opened) await checkpoints.close();
  await rm(folder, { recursive: true });
});

async function open(overrides: Partial<typeof stream> = {}): Promise<FileCheckpoints> {
  const checkpoints = await FileCheckpoints.open({ file, stream: { ...stream, ...overrides }, problems, log });
  opened.push(checkpoints);
  return checkpoints;
}

/** As a server before left it. */
async function written(text: string): Promise<void> {
  await mkdir(join(folder, 'state'), { recursive: true });
  await writeFile(file, text);
}

async function keep7(): Promise<void> {
  const checkpoints = await open();
  checkpoints.save('iot-a', 's', at7);
  await checkpoints.close();
}

test('are there for the next server on the same stream', async () => {
  await keep7();
  expect((await open()).load('iot-a')).toEqual(new Map([['s', at7]]));
  expect(log.entries).toEqual([]);
});

test('keep which shards are finished, and forget those that are no more', async () => {
  const checkpoints = await open();
  const start = { type: 'AT_SEQUENCE_NUMBER', sequenceNumber: '5' } as const;
  checkpoints.save('iot-a', 's', { ...at7, finished: true });
  checkpoints.save('iot-a', 't', start);
  checkpoints.save('iot-a', 'u', at7);
  checkpoints.forget('iot-a', 'u');
  checkpoints.forget('iot-a', 'never there');
  checkpoints.forget('iot-b', 's');
  await checkpoints.close();
  expect((await open()).load('iot-a')).toEqual(
    new Map<string, ShardCheckpoint>([
      ['s', { ...at7, finished: true }],
      ['t', start],
    ]),
  );
});

test.each([
  ['open', { start: 60_000, end: 120_000, state: { sum: 3, 'k"e\u00e4y': [null] } }],
  ['closed', { start: 60_000, end: 120_000 }],
])('keep the tumbling window of a shard that is %s', async (_name, window) => {
  const checkpoints = await open();
  checkpoints.save('iot-a', 's', { ...at7, window });
  await checkpoints.close();
  expect((await open()).load('iot-a')).toEqual(new Map([['s', { ...at7, window }]]));
});

test.each([
  ['endpoint', { endpoint: 'aws' }],
  ['account', { arn: stream.arn.replace('123456789012', '999999999999') }],
  ['time of creation', { createdAt: '2026-01-15T12:00:01.000Z' }],
])('are not used for a stream with another %s: that is told, and they are kept', async (_name, other) => {
  await keep7();
  expect((await open(other)).load('iot-a')).toEqual(new Map());
  expect(log.entries).toMatchObject([
    { level: 'warn', message: expect.stringContaining('belongs to another stream (') },
  ]);
  expect(await readFile(`${file}.other`, 'utf8')).toContain('"7"');
});

describe('a file that names no stream', () => {
  const old = JSON.stringify({ 'iot-a': { s: at7 } });

  test('is used, and that is told, where it was written while the stream was there', async () => {
    await written(old);
    expect((await open()).load('iot-a')).toEqual(new Map([['s', at7]]));
    expect(log.entries).toMatchObject([{ message: expect.stringContaining('does not say which stream') }]);
  });

  test('is not used where it is older than the stream', async () => {
    await written(old);
    const before = Date.parse(stream.createdAt) / 1_000 - 60;
    await utimes(file, before, before);
    expect((await open()).load('iot-a')).toEqual(new Map());
    expect(log.entries).toMatchObject([{ message: expect.stringContaining('written before the stream was created') }]);
  });
});

test.each([
  ['nothing', '', 'it is no JSON'],
  ['null', 'null', 'the file is null'],
  ['a list', '[]', 'the file is []'],
  ['a number for a position', '{"iot-x":{"s":5}}', 'iot-x, s: is 5'],
  ['a text for a position', '{"iot-x":{"s":"junk"}}', 'iot-x, s: is "junk"'],
  ['an unknown type', '{"iot-x":{"s":{"type":"LATEST"}}}', 'the type "LATEST"'],
  ['junk for a number', '{"iot-x":{"s":{"type":"AFTER_SEQUENCE_NUMBER","sequenceNumber":"abc"}}}', '"abc" is none'],
  ['a number as such', '{"iot-x":{"s":{"type":"AFTER_SEQUENCE_NUMBER","sequenceNumber":7}}}', '7 is none'],
  [
    'an absurd number',
    `{"iot-x":{"s":{"type":"AFTER_SEQUENCE_NUMBER","sequenceNumber":"${'9'.repeat(57)}"}}}`,
    'is none of Kinesis',
  ],
  ['an absurd time', '{"iot-x":{"s":{"type":"AT_TIMESTAMP","timestamp":1e300}}}', '1e+300 is no time'],
  ['a shard that is finished in part', '{"iot-x":{"s":{"type":"TRIM_HORIZON","finished":0}}}', 'finished must be true'],
  ['a window without a time', '{"iot-x":{"s":{"type":"TRIM_HORIZON","window":{"start":0}}}}', 'window must have'],
  [
    'a state that is no object',
    '{"iot-x":{"s":{"type":"TRIM_HORIZON","window":{"start":0,"end":1,"state":7}}}}',
    'window state is 7',
  ],
  ['another version', '{"version":3}', 'version is 3'],
  ['no stream', '{"version":2,"positions":{}}', 'stream is undefined'],
])('a file with %s is named, with what to do, and another server can have it then', async (_name, text, words) => {
  await written(text);
  await expect(open()).rejects.toThrow(words);
  await expect(open()).rejects.toThrow(/^\/.*iot-checkpoints\.json: holds no checkpoints .*remove the file to start/);
});

test('a folder that cannot be written is told and counted, tried again, and ends nothing', async () => {
  // A file in the place of the folder: mkdir says EEXIST, as root too.
  await writeFile(join(folder, 'state'), '');
  const checkpoints = await open();
  checkpoints.save('iot-a', 's', at7);
  await eventually(() => (problems.list()[0]?.count ?? 0) >= 2);
  expect(problems.list()).toMatchObject([
    { what: 'checkpoints', message: expect.stringContaining('cannot be written') },
  ]);
  expect(checkpoints.load('iot-a')).toEqual(new Map([['s', at7]]));

  await rm(join(folder, 'state'));
  await eventually(() => problems.list().length === 0);
  expect(await readFile(file, 'utf8')).toContain('"7"');
});

describe('the lock', () => {
  test('is given back where the disk did not take who has it', async () => {
    await mkdir(`${file}.lock-owner`, { recursive: true }); // A folder in the place of the file: no one can write it.
    await (await open()).close();
    await expect(stat(`${file}.lock`)).rejects.toThrow('ENOENT');
  });

  test('keeps a second server out while the first runs, and not when it has closed', async () => {
    const first = await open();
    await expect(open()).rejects.toThrow(/is in use by the server with process id \d+ .*--state-folder/);
    await first.close();
    await expect(open()).resolves.toBeDefined();
  });

  test('of a server that was killed is taken over at once', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    await mkdir(`${file}.lock`, { recursive: true });
    await writeFile(`${file}.lock-owner`, JSON.stringify({ pid, host: hostname() }));
    const begin = performance.now();
    await open();
    expect(performance.now() - begin).toBeLessThan(2_000);
  });
});
