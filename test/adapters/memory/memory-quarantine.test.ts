import { expect, test } from '@jest/globals';
import { MemoryQuarantine } from '../../../adapters/memory/memory-quarantine.ts';
import { quarantineContract } from '../../contracts/quarantine-contract.ts';
import { quarantinedRecord } from '../../support/record-factory.ts';

quarantineContract('memory', async () => ({ quarantine: new MemoryQuarantine() }));

test('keeps records of different shards apart that have the same sequence number', async () => {
  const quarantine = new MemoryQuarantine();
  const records = ['shardId-000000000000', 'shardId-000000000001'].map((shardId) =>
    quarantinedRecord({ shardId, sequenceNumber: '7' }),
  );
  await quarantine.keep([...records, ...records]);
  expect(await quarantine.list({ limit: 10 })).toEqual({ records, more: false });
  const after = '2026-01-15/7-shardId-000000000000.json';
  expect(await quarantine.list({ limit: 10, after })).toEqual({ records: records.slice(1), more: false });
});
