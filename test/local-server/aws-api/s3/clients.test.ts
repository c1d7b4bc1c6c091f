/** The archive as AWS's own clients read it: step 4 of the walk-through of 2015, on the whole server. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { callBoto3, type ClientHome, clientHome, describeWithBoto3, runCli } from '../../../support/aws-clients.ts';
import { describeWithEngine } from '../../../support/engines.ts';
import { type RunningServer, startServer } from '../../../support/running-server.ts';

/** Each call starts a Python interpreter, which takes its time on a busy machine. */
const PATIENCE = 120_000;

let server: RunningServer;
let home: ClientHome;
let bucket: string;
let undelivered: string;

beforeAll(async () => {
  server = await startServer();
  ({ bucket, undeliveredBucket: undelivered } = server.services.identity.names);
  home = await clientHome(server.url);
  const put = (text: string) => server.services.eventStream.put([{ partitionKey: 'k', data: Buffer.from(text) }]);
  await put('{"sensorid":"kitchen","value":21.5}');
  await put('not JSON');
  await server.caughtUp();
}, PATIENCE);
afterAll(async () => {
  await home.remove();
  await server.close();
});

describeWithEngine('aws', 'the AWS CLI', (executable) => {
  const aws = async (line: string) => runCli(executable, home, line.split(' '));

  test(
    'lists, copies and synchronises the archive',
    async () => {
      expect((await aws('s3 ls')).stdout).toMatch(new RegExp(`${bucket}\\n.*${undelivered}\\n`));
      expect((await aws(`s3 ls s3://${bucket}`)).stdout).toMatch(/^ +PRE \d{4}-\d\d-\d\d\/\n$/);
      expect((await aws(`s3 ls --recursive s3://${undelivered}`)).stdout).toMatch(/ quarantine\/.+\.json\n$/);

      expect(await aws(`s3 sync s3://${bucket} all`)).toMatchObject({ code: 0, stderr: '' });
      const files = (await readdir(join(home.folder, 'all'), { recursive: true })).filter((name) =>
        name.endsWith('.gz'),
      );
      const lines = await Promise.all(
        files.map(async (name) => gunzipSync(await readFile(join(home.folder, 'all', name))).toString()),
      );
      expect(lines.join('')).toContain('"data":{"sensorid":"kitchen","value":21.5}');
      expect(lines.join('')).toContain('"raw":');
      // Nothing is copied twice.
      expect((await aws(`s3 sync s3://${bucket} all`)).stdout).toBe('');

      const { stdout } = await aws(`s3 cp s3://${bucket}/${files[0]} one.gz`);
      expect(stdout).toContain('download: ');
      expect(await readFile(join(home.folder, 'one.gz'))).toEqual(
        await readFile(join(home.folder, 'all', String(files[0]))),
      );
    },
    PATIENCE,
  );

  test(
    'is told why it may not write, and what is not there',
    async () => {
      const upload = await aws(`s3 cp config s3://${bucket}/config`);
      expect(upload.code).not.toBe(0);
      expect(upload.stderr).toMatch(/\(AccessDenied\) .*PutObject operation: Access Denied\. S3 is read only here/);
      expect((await aws('s3 ls s3://other')).stderr).toMatch(/\(NoSuchBucket\) .*This server has /);
    },
    PATIENCE,
  );
});

describeWithBoto3('boto3', (python) => {
  test(
    'lists and reads objects',
    async () => {
      const [listed] = await callBoto3(python, home, [['s3', 'list_objects_v2', { Bucket: bucket }]]);
      const [{ Key, Size }] = listed?.answer?.Contents as [{ Key: string; Size: number }];
      const [whole, missing] = await callBoto3(python, home, [
        ['s3', 'get_object', { Bucket: bucket, Key }],
        ['s3', 'get_object', { Bucket: bucket, Key: 'none' }],
      ]);
      expect(whole?.answer).toMatchObject({ ContentLength: Size, ContentEncoding: 'gzip' });
      expect(gunzipSync(Buffer.from(String(whole?.answer?.Body), 'latin1')).toString()).toContain('"sequenceNumber"');
      expect(missing?.error).toMatchObject({ Code: 'NoSuchKey', Message: 'The specified key does not exist.' });
    },
    PATIENCE,
  );
});
