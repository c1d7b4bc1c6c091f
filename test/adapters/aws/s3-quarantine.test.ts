import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { S3Quarantine } from '../../../adapters/aws/s3-quarantine.ts';
import { StoreUnavailable } from '../../../core/errors.ts';
import { range, uniqueName } from '../../contracts/harness.ts';
import { quarantineContract } from '../../contracts/quarantine-contract.ts';
import { anyCharacter } from '../../support/any-character.ts';
import { describeWithEngine } from '../../support/engines.ts';
import { calls, chosenBy, cutAfter, cutBefore } from '../../support/fault-proxy/actions.ts';
import { s3Error, s3InternalError, slowDown } from '../../support/fault-proxy/s3-rules.ts';
import { bytesOf, noon, quarantinedRecord, sequenceNumber } from '../../support/record-factory.ts';
import { useS3Bucket } from '../../support/s3-bucket.ts';
import { Tape } from '../../support/tape.ts';

const putObject = calls('s3', 'PutObject');

describeWithEngine('moto_server', 'S3 quarantine on moto', (executable) => {
  const s3 = useS3Bucket(executable);
  const quarantineOfItsOwn = (overrides: { patienceMillis?: number } = {}) => {
    const prefix = `${uniqueName('quarantine')}/`;
    return { prefix, quarantine: new S3Quarantine({ ...s3().options, prefix, ...overrides }) };
  };

  quarantineContract('S3', async () => ({ quarantine: new S3Quarantine(s3().options) }));

  test('leaves an object that people can read', async () => {
    const { client, options } = s3();
    const { prefix, quarantine } = quarantineOfItsOwn();
    const kept = quarantinedRecord({ partitionKey: 'Küche', data: bytesOf('no JSON') });
    await quarantine.keep([kept]);
    const Key = `${prefix}2026-01-15/${sequenceNumber(1)}-shardId-000000000000.json`;
    const { Body, ContentType } = await client.send(new GetObjectCommand({ Bucket: options.bucket, Key }));
    expect(ContentType).toBe('application/json');
    expect(JSON.parse((await Body?.transformToString()) ?? '')).toEqual({
      shardId: 'shardId-000000000000',
      sequenceNumber: sequenceNumber(1),
      partitionKey: 'Küche',
      arrivedAt: '2026-01-15T12:00:00.000Z',
      quarantinedAt: '2026-01-15T12:00:01.000Z',
      reasons: kept.reasons,
      raw: Buffer.from('no JSON').toString('base64'),
    });
  });

  test('gives back exactly what it was given, whatever that is', async () => {
    const { quarantine } = quarantineOfItsOwn();
    let number = 0;
    const text = fc.string({ unit: anyCharacter });
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 64 }),
        text,
        fc.array(fc.record({ field: fc.constant('body' as const), rule: text, seen: text })),
        fc.integer({ min: 0, max: 86_400_000 }),
        async (data, partitionKey, reasons, millis) => {
          number += 1;
          const { record } = quarantinedRecord({ data, partitionKey, sequenceNumber: sequenceNumber(number) });
          const kept = { record, reasons, quarantinedAt: noon + millis };
          await quarantine.keep([kept]);
          const { records } = await quarantine.list({ prefix: `2026-01-15/${sequenceNumber(number)}`, limit: 1 });
          expect(records).toEqual([kept]);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('keeps the later of two that are the same record in one call', async () => {
    const { quarantine } = quarantineOfItsOwn();
    const earlier = quarantinedRecord();
    const later = { ...earlier, quarantinedAt: earlier.quarantinedAt + 1 };
    await quarantine.keep([earlier, later]);
    expect(await quarantine.list({ limit: 10 })).toEqual({ records: [later], more: false });
  });

  test('keeps all or throws, under any mix of faults', async () => {
    const { proxy } = s3();
    const faults = [slowDown, s3InternalError, cutBefore, cutAfter];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 4 }), { maxLength: 60 }), async (choices) => {
        const { quarantine } = quarantineOfItsOwn({ patienceMillis: 3_000 });
        proxy.rules = [chosenBy(new Tape(choices), putObject, faults)];
        const records = range(20).map((n) => quarantinedRecord({ sequenceNumber: sequenceNumber(n) }));
        const outcome = await quarantine.keep(records).catch((error: unknown) => error);
        if (outcome !== undefined) {
          expect(outcome).toBeInstanceOf(StoreUnavailable);
          proxy.rules = [];
          await quarantine.keep(records);
        }
        expect((await quarantine.list({ limit: 100 })).records).toEqual(records);
      }),
      { numRuns: 10 },
    );
  });

  test('throws where a single record is not taken in time', async () => {
    const { proxy } = s3();
    const { quarantine } = quarantineOfItsOwn();
    const unlucky = sequenceNumber(7);
    proxy.rules = [{ matches: (call) => putObject(call) && call.url.includes(unlucky), action: slowDown }];
    const records = range(10).map((n) => quarantinedRecord({ sequenceNumber: sequenceNumber(n) }));
    let left = 1_000;
    const kept = quarantine.keep(records, { remainingMillis: () => (left -= 10) });
    await expect(kept).rejects.toThrow(/^quarantine: did not take .*SlowDown/);
  });

  test('tries one record where no time is left, and tells that the others were not tried', async () => {
    const { proxy } = s3();
    const { prefix, quarantine } = quarantineOfItsOwn();
    const records = range(40).map((n) => quarantinedRecord({ sequenceNumber: sequenceNumber(n) }));
    await expect(quarantine.keep(records, { remainingMillis: () => 0 })).rejects.toThrow(
      /^quarantine: .*no time was left/,
    );
    // The proxy also has what the test before left under way.
    const sent = proxy.calls.filter((call) => putObject(call) && call.url.includes(prefix));
    expect(sent).toHaveLength(1);
  });

  test('leaves out what is deleted between the listing and the look at it', async () => {
    const { proxy } = s3();
    const { quarantine } = quarantineOfItsOwn();
    await quarantine.keep(range(2).map((n) => quarantinedRecord({ sequenceNumber: sequenceNumber(n) })));
    proxy.rules = [
      {
        matches: (call) => calls('s3', 'GetObject')(call) && call.url.includes(sequenceNumber(0)),
        action: s3Error(404, 'NoSuchKey'),
      },
    ];
    const { records } = await quarantine.list({ limit: 10 });
    expect(records.map(({ record }) => record.sequenceNumber)).toEqual([sequenceNumber(1)]);
  });

  test('names an object that is no record of the quarantine', async () => {
    const { client, options } = s3();
    const { prefix, quarantine } = quarantineOfItsOwn();
    await client.send(new PutObjectCommand({ Bucket: options.bucket, Key: `${prefix}notes.txt`, Body: 'notes' }));
    await expect(quarantine.list({ limit: 10 })).rejects.toThrow('notes.txt is no record of the quarantine');
  });
});
