/** The quarantine and what mappings gave up as one bucket. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MemoryEventArchive } from '../../../../adapters/memory/memory-event-archive.ts';
import { MemoryQuarantine } from '../../../../adapters/memory/memory-quarantine.ts';
import type { QuarantinedRecord } from '../../../../core/ports.ts';
import { decodeQuarantined } from '../../../../core/quarantine-object.ts';
import { undeliveredBucket } from '../../../../local-server/aws-api/s3/undelivered-bucket.ts';

const NOON = Date.UTC(2026, 0, 1, 12);

function quarantined(index: number): QuarantinedRecord {
  const record = {
    shardId: 'shardId-000000000000',
    ...{ sequenceNumber: String(100 + index), partitionKey: 'k', arrivedAt: NOON, data: new Uint8Array([index]) },
  };
  return { record, reasons: [], quarantinedAt: NOON + index };
}

const keyOf = (index: number) => `quarantine/2026-01-01/${100 + index}-shardId-000000000000.json`;

async function setUp(failures: readonly string[], records: number) {
  const [archive, quarantine] = [new MemoryEventArchive(), new MemoryQuarantine()];
  for (const key of failures) await archive.put(key, Buffer.from(key));
  await quarantine.keep(Array.from({ length: records }, (_, index) => quarantined(index)));
  const all = [...failures, ...Array.from({ length: records }, (_, index) => keyOf(index))].sort();
  return { bucket: undeliveredBucket(archive, quarantine), all };
}

test('pages have the objects of both in order, whatever the prefix and the start', async () => {
  const names = ['aws/lambda/1', 'aws/lambda/2', 'b', 'quarantine', 'quarantine/0', 'quarantine/9', 'quarantinf', 'z'];
  const asked = fc.record({
    failures: fc.subarray(names),
    records: fc.nat({ max: 5 }),
    prefix: fc.constantFrom('', 'a', 'q', 'quarantine', 'quarantine/', 'quarantine/2026-01-01/10', 'quarantine/x', 'z'),
    start: fc.constantFrom('', 'b', 'quarantine/', keyOf(1), 'quarantine/2026-01-02', 'r'),
    limit: fc.integer({ min: 1, max: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(asked, async ({ failures, records, prefix, start, limit }) => {
      const { bucket, all } = await setUp(failures, records);
      const seen: string[] = [];
      let after = start;
      for (let more = true; more;) {
        const page = await bucket.list({ prefix, after, limit });
        expect(page.objects.length).toBeLessThanOrEqual(limit);
        seen.push(...page.objects.map(({ key }) => key));
        after = seen.at(-1) ?? after;
        more = page.more;
      }
      expect(seen).toEqual(all.filter((key) => key.startsWith(prefix) && key > start));
    }),
  );
});

test('an object of the quarantine is what S3 has on AWS, and is described as it is', async () => {
  const { bucket } = await setUp(['aws/lambda/1'], 2);
  const [object] = (await bucket.list({ prefix: 'quarantine/', limit: 1 })).objects;
  const body = await bucket.get(keyOf(0));
  expect(decodeQuarantined('any', body!)).toEqual(quarantined(0));
  expect(object).toMatchObject({ key: keyOf(0), size: body!.length, modifiedAt: NOON });
  expect(Buffer.from((await bucket.get('aws/lambda/1'))!).toString()).toBe('aws/lambda/1');
  for (const key of ['aws/lambda/2', 'quarantine/', keyOf(2), `${keyOf(0)}x`]) {
    expect(await bucket.get(key)).toBeUndefined();
  }
});
