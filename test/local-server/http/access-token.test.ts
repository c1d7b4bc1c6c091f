import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { AccessToken, accessToken } from '../../../local-server/http/access-token.ts';
import { FailedAttempts } from '../../../local-server/http/failed-attempts.ts';
import { Sessions } from '../../../local-server/http/sessions.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'token-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('where no token is given', () => {
  test.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1', 'app.localhost'])('none is needed on %s', async (host) => {
    expect(await accessToken({ type: 'as-needed' }, host)).toBeUndefined();
  });

  test.each(['0.0.0.0', '::', '192.168.1.7', 'pi.local', '', '128.0.0.1', 'localhost.example'])(
    'one is made on %j, and another one at the next start',
    async (host) => {
      const [one, other] = await Promise.all([1, 2].map(() => accessToken({ type: 'as-needed' }, host)));
      expect(one?.isMade).toBe(true);
      expect(one?.reveal()).toMatch(/^[0-9a-f]{48}$/);
      expect(one?.reveal()).not.toBe(other?.reveal());
    },
  );
});

test('a token that is given is asked for on loopback too; --no-auth asks for none anywhere', async () => {
  const given = await accessToken({ type: 'given', token: 'abc', by: '--token' }, '127.0.0.1');
  expect(given).toMatchObject({ isMade: false });
  expect(await accessToken({ type: 'none' }, '0.0.0.0')).toBeUndefined();
});

test('a file holds the token in its one line', async () => {
  const file = join(folder, 'token');
  await writeFile(file, 's3cret\n');
  expect((await accessToken({ type: 'file', file }, '::1'))?.matches('s3cret')).toBe(true);
});

test.each([
  ['', /--token-file: holds a token of 0 characters/],
  ['two words', /without spaces/],
  ['schlüssel', /ASCII/],
  ['a\nb', /without spaces/],
])('a file with %j is refused without showing what it holds', async (content, words) => {
  const file = join(folder, 'bad');
  await writeFile(file, content);
  const failure = await accessToken({ type: 'file', file }, '::1').catch(String);
  expect(failure).toMatch(words);
  if (content !== '') expect(failure).not.toContain(content);
});

test('a file that is not there is named, with the line that makes one', async () => {
  await expect(accessToken({ type: 'file', file: join(folder, 'none') }, '::1')).rejects.toThrow(
    /--token-file: .*none cannot be read.*openssl rand/,
  );
});

test('a token does not show itself', () => {
  const token = new AccessToken('s3cret');
  expect(JSON.stringify({ token }) + inspect(token, { showHidden: true })).not.toContain('s3cret');
});

test('sessions end after a week, and the oldest where there are too many', () => {
  let now = 0;
  const sessions = new Sessions(() => now);
  const first = sessions.begin();
  now = 7 * 86_400_000 - 1;
  expect(sessions.has(first)).toBe(true);
  now += 1;
  expect(sessions.has(first)).toBe(false);
  const second = sessions.begin();
  for (let n = 0; n < 999; n += 1) sessions.begin();
  expect(sessions.has(second)).toBe(true);
  sessions.begin();
  expect(sessions.has(second)).toBe(false);
  expect(sessions.has(undefined)).toBe(false);
});

describe('failed attempts', () => {
  const start = () => {
    const lines: string[] = [];
    const clock = { now: 0 };
    const log = { warn: (_bindings: unknown, message?: string) => void lines.push(message ?? '') };
    return { lines, clock, attempts: new FailedAttempts(log, () => clock.now) };
  };

  test('leave ten tries, and one more every two seconds', () => {
    const { attempts, clock } = start();
    for (let n = 0; n < 10; n += 1) {
      expect(attempts.waitSeconds('a')).toBe(0);
      attempts.failed('a');
    }
    expect([attempts.waitSeconds('a'), attempts.waitSeconds('b')]).toEqual([2, 0]);
    clock.now = 1_999;
    expect(attempts.waitSeconds('a')).toBe(1);
    clock.now = 2_000;
    expect(attempts.waitSeconds('a')).toBe(0);
    attempts.failed('a');
    expect(attempts.waitSeconds('a')).toBe(2);
    clock.now = 60_000;
    for (let n = 0; n < 10; n += 1) attempts.failed('a');
    attempts.succeeded('a');
    expect(attempts.waitSeconds('a')).toBe(0);
  });

  test('are told in one line every ten seconds at most, with their number', () => {
    const { attempts, clock, lines } = start();
    for (let n = 0; n < 20; n += 1) attempts.failed('a');
    clock.now = 10_000;
    attempts.failed('b');
    expect(lines).toEqual(['a wrong token from a', '20 wrong tokens, the last from b']);
    expect(attempts.total).toBe(21);
  });

  test('of many addresses take no more memory than those of a thousand', () => {
    const { attempts } = start();
    for (let n = 0; n < 10; n += 1) attempts.failed('first');
    for (let n = 0; n < 999; n += 1) attempts.failed(`a${n}`);
    expect(attempts.waitSeconds('first')).toBe(2);
    attempts.failed('one more');
    expect(attempts.waitSeconds('first')).toBe(0);
  });
});
