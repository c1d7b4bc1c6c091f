import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { describeWithEngine } from './engines.ts';
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
