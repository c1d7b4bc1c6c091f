import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findExecutable } from './find-executable.ts';

describe('finding a program', () => {
  const path = process.env.PATH;
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'engines-'));
    process.env.PATH = ['', join(folder, 'missing'), folder].join(delimiter);
  });

  afterEach(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  });

  test('takes the first name that a folder of PATH offers', () => {
    writeFileSync(join(folder, 'second'), '', { mode: 0o755 });
    expect(findExecutable('first', 'second')).toBe(join(folder, 'second'));
  });

  test('passes over what cannot be run', () => {
    writeFileSync(join(folder, 'notes'), '', { mode: 0o644 });
    expect(findExecutable('notes')).toBeUndefined();
  });

  test('does not take a folder for a program', () => {
    expect(findExecutable('.')).toBeUndefined();
  });
});
