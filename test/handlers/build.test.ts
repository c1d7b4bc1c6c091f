import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { buildFunctions, type FunctionName, functionNames } from '../../handlers/build.ts';
import { startLambdaProcess } from '../support/lambda-process.ts';

let folder: string;
let metafiles: Record<FunctionName, Metafile>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'functions-'));
  metafiles = await buildFunctions(folder);
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

const packagesIn = (name: FunctionName) =>
  new Set(
    Object.keys(metafiles[name].inputs).flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []),
  );

describe('a bundle holds only the clients that its function uses', () => {
  test.each<[FunctionName, string[]]>([
    ['archive-events', ['@aws-sdk/client-s3']],
    ['store-readings', ['@aws-sdk/client-cloudwatch', '@aws-sdk/client-dynamodb', '@aws-sdk/client-s3']],
    ['sensor-history', ['@aws-sdk/client-dynamodb']],
  ])('%s: %s', (name, clients) => {
    // The credentials chain brings clients of its own, nested in its packages.
    const found = [...packagesIn(name)].filter((part) =>
      /^@aws-sdk\/client-(s3|dynamodb|cloudwatch|kinesis|lambda)$/.test(part),
    );
    expect(found.sort()).toEqual(clients);
  });

  test.each(functionNames)('%s has neither the server nor the container nor the memory adapters', (name) => {
    const packages = packagesIn(name);
    expect(['fastify', 'inversify', 'typebox'].filter((part) => packages.has(part))).toEqual([]);
    const ours = Object.keys(metafiles[name].inputs).filter((file) => !file.includes('node_modules'));
    expect(ours.filter((file) => /^(local-server|infra|test|adapters\/memory)\//.test(file))).toEqual([]);
  });
});

test.each(['archive-events', 'store-readings'] as const)(
  '%s does not have Node read its source map to learn who made the logger',
  (name) => {
    const asker = metafiles[name].inputs['node_modules/pino/lib/caller.js'];
    // The stub's size: with a pino that asks elsewhere, there is none.
    expect(asker?.bytes).toBeLessThan(100);
  },
);

describe('a function whose environment is not complete', () => {
  test.each<[FunctionName, Record<string, string>, string]>([
    ['archive-events', {}, 'ARCHIVE_BUCKET is missing'],
    ['store-readings', {}, 'TABLE_NAME is missing; UNDELIVERED_BUCKET is missing'],
    ['store-readings', { TABLE_NAME: 't', UNDELIVERED_BUCKET: 'b', TTL_DAYS: '0' }, 'TTL_DAYS is 0'],
    ['sensor-history', { TABLE_NAME: 't', LOG_LEVEL: 'loud' }, 'LOG_LEVEL is loud'],
  ])('%s fails at start and names what is wrong (%j)', async (name, environment, problem) => {
    const start = startLambdaProcess({
      bundleFolder: join(folder, name),
      environment: { AWS_REGION: 'us-east-1', ...environment },
    });
    await expect(start).rejects.toThrow(problem);
  });
});
