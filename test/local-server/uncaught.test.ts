import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { canGoOn } from '../../local-server/uncaught.ts';

test.each([
  ['a promise that nobody waited for', 'rejection', new TypeError('a bug'), true],
  ['a failure of the system', 'exception', Object.assign(new Error('write EPIPE'), { syscall: 'write' }), true],
  ['any other error', 'exception', new TypeError('a bug'), false],
  ['what is no error', 'exception', 'thrown text', false],
] as const)('after %s the server goes on, or not', (_name, kind, error, goesOn) => {
  expect(canGoOn(kind, error)).toBe(goesOn);
});

test('a process is told in words what nobody caught, lives on, and ends where it must', async () => {
  const program = `
    import { catchTheUncaught } from './local-server/uncaught.ts';
    const log = { error: ({ times }, message) => console.log(times, message) };
    catchTheUncaught(log, () => process.exit(1));
    for (let n = 0; n < 3; n += 1) void Promise.reject(new Error('floating'));
    setTimeout(() => { throw Object.assign(new Error('no space'), { syscall: 'write' }); }, 1);
    setTimeout(() => { throw new RangeError('unknown state'); }, 20);
    setTimeout(() => console.log('never'), 1_000);
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program]);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(1);
  expect(output.trim().split('\n')).toEqual([
    '1 an error that nobody caught, which is a bug; the server goes on: Error: floating',
    '2 an error that nobody caught, which is a bug; the server goes on: Error: floating',
    '1 an error that nobody caught, which is a bug; the server goes on: Error: no space',
    '1 an error that nobody caught, which is a bug; the server closes: RangeError: unknown state',
  ]);
}, 30_000);
