import { expect, test } from '@jest/globals';
import { memoryWords } from '../../local-server/console/page/memory.ts';

const memory = { limitBytes: 64 * 1_048_576, usedBytes: 60 * 1_048_576, state: 'room', refusedPuts: 0 } as const;

test('nothing is said while there is room, or where the stores are elsewhere', () => {
  expect(memoryWords(undefined)).toBeUndefined();
  expect(memoryWords(memory)).toBeUndefined();
});

test('what is full, filling or dropped is said with how full it is', () => {
  expect(memoryWords({ ...memory, state: 'full', reason: 'Full (--memory-mib).', refusedPuts: 1 })).toBe(
    'The server takes no more readings. Full (--memory-mib). Its stores take 60.0 MiB of 64.0 MiB. 1 request refused so far.',
  );
  expect(memoryWords({ ...memory, state: 'filling' })).toBe(
    'The memory of the server is filling. Its stores take 60.0 MiB of 64.0 MiB.',
  );
  expect(memoryWords({ ...memory, state: 'filling', trimmedBefore: '2026-01-01T00:00:00.000Z' })).toContain(
    'everything that arrived before 2026-01-01T00:00:00.000Z',
  );
});
