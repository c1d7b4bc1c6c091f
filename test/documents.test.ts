/** What source and documents refer to is there: decision records by number, and files by link. */
import { readdirSync, readFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['core', 'adapters', 'handlers', 'infra', 'local-server', 'test', 'bench', 'docs'];
const TEXT = /\.(?:ts|tsx|mjs|cjs|js|css|html|md)$/;

const files = [
  ...readdirSync(root, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : [])),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  ),
].filter((path) => TEXT.test(path));

const records = readdirSync(join(root, 'docs/adr'));

/** Numbers of the decision records that a text refers to, as `0007`. */
function recordsIn(text: string): string[] {
  const found = [...text.matchAll(/\badr\/(\d+)|\bADR (\d+)/g)];
  return found.map(([, path, word]) => path ?? (word ?? '').padStart(4, '0'));
}

describe('decision records', () => {
  test('have numbers of their own, which their titles repeat', () => {
    const numbers = records.map((name) => name.slice(0, 4));
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const name of records) {
      const [title = ''] = readFileSync(join(root, 'docs/adr', name), 'utf8').split('\n');
      expect([name, title]).toEqual([name, expect.stringMatching(new RegExp(`^# ${Number(name.slice(0, 4))}\\. `))]);
    }
  });

  test('are there for every reference', () => {
    const references = files.flatMap((file) =>
      recordsIn(readFileSync(join(root, file), 'utf8')).map((number) => ({ file, number })),
    );
    expect(references.length).toBeGreaterThan(10);
    const missing = references.filter(({ number }) => !records.some((name) => name.startsWith(`${number}-`)));
    expect(missing).toEqual([]);
  });

  test('are found by each way of writing', () => {
    expect(recordsIn('(docs/adr/0004), [ADR 6](adr/0006-x.md), ADR 10')).toEqual(['0004', '0006', '0006', '0010']);
  });
});

test.each(files.filter((file) => file.endsWith('.md')))('the links of %s lead to files', async (file) => {
  const text = readFileSync(join(root, file), 'utf8').replace(/```[\s\S]*?```/g, '');
  const targets = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)/g)].map(([, target]) => target ?? '');
  const missing: string[] = [];
  for (const target of targets) {
    const path = join(root, dirname(file), target);
    await access(path).catch(() => missing.push(relative(root, path)));
  }
  expect(missing).toEqual([]);
});
