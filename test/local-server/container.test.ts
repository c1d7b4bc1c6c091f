import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Ports } from '../../adapters/tokens.ts';
import { memoryContainer } from '../../local-server/memory-container.ts';
import { Services } from '../../local-server/tokens.ts';

/** Bound on AWS only, where `aws-server.test.ts` runs it. */
const { stackWatch: _stackWatch, ...inMemory } = Services;

test.each(Object.entries({ ...Ports, ...inMemory }))('the container resolves %s', (_name, token) => {
  const options = { stack: 'iot', shards: 1, retentionHours: 1, retentionMiB: 1, writeLimits: false };
  expect(memoryContainer({ ...options, log: pino({ level: 'silent' }) }).get<unknown>(token)).toBeDefined();
});
