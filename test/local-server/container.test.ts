import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Ports } from '../../adapters/tokens.ts';
import { localContainer } from '../../local-server/container.ts';
import { Services } from '../../local-server/tokens.ts';

test.each(Object.entries({ ...Ports, ...Services }))('the container resolves %s', (_name, token) => {
  const options = { stack: 'iot', shards: 1, retentionHours: 1, retentionMiB: 1, writeLimits: false };
  expect(localContainer({ ...options, log: pino({ level: 'silent' }) }).get<unknown>(token)).toBeDefined();
});
