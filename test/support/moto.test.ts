import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { describeWithEngine } from './engines.ts';
import { range } from '../contracts/harness.ts';
import { createStream } from './kinesalite.ts';
import { MOTO_START_MILLIS, startMoto } from './moto.ts';

describeWithEngine('moto_server', 'moto', (executable) => {
  test(
    'serves clients, forgets on reset, and no longer answers once stopped',
    async () => {
      const moto = await startMoto(executable);
      const client = new S3Client({ ...moto.clientOptions, forcePathStyle: true });
      const buckets = async (): Promise<unknown> => (await client.send(new ListBucketsCommand({}))).Buckets ?? [];
      try {
        await client.send(new CreateBucketCommand({ Bucket: 'kept-until-reset' }));
        expect(await buckets()).toMatchObject([{ Name: 'kept-until-reset' }]);
        await moto.reset();
        expect(await buckets()).toEqual([]);
      } finally {
        client.destroy();
        await moto.stop();
      }
      await expect(fetch(moto.url)).rejects.toThrow('fetch failed');
    },
    MOTO_START_MILLIS,
  );

  test(
    'gives each of many puts at the same moment a number of its own',
    async () => {
      const moto = await startMoto(executable, { SWITCH_SECONDS: '0.000001' });
      const client = new KinesisClient({
        ...moto.clientOptions,
        requestHandler: new NodeHttpHandler({ httpAgent: { maxSockets: 32 } }),
      });
      try {
        await createStream(client, 'events', 1);
        const put = new PutRecordCommand({ StreamName: 'events', PartitionKey: 'k', Data: Buffer.from('x') });
        const answers = await Promise.all(range(600).map(() => client.send(put)));
        expect(new Set(answers.map(({ SequenceNumber }) => SequenceNumber)).size).toBe(600);
      } finally {
        client.destroy();
        await moto.stop();
      }
    },
    MOTO_START_MILLIS,
  );
});

describe('an engine that does not start', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'moto-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  test('is reported with what it said', async () => {
    const executable = join(folder, 'broken');
    writeFileSync(executable, '#!/bin/sh\necho "no module named moto" >&2\nexit 1\n');
    chmodSync(executable, 0o755);
    await expect(startMoto(executable)).rejects.toThrow('no module named moto');
  });
});
