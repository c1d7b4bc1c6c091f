import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { createLambdaFunction } from '../../../local-server/delivery/lambda-runtime.ts';
import { describeWithEngine } from '../../support/engines.ts';
import { FakeEventStream } from './fake-event-stream.ts';
import { accountId, frontDoor, names, region } from './front-door.ts';

const identity = { accountId, region };
const clock = { now: () => Date.UTC(2026, 0, 1) };
const streamName = names.stream;
/** Each call starts a Python interpreter, which takes its time on a busy machine. */
const PATIENCE = 60_000;

describeWithEngine('aws', 'the AWS CLI, unchanged', (executable) => {
  let app: FastifyInstance;
  let stream: FakeEventStream;
  let folder: string;
  let environment: NodeJS.ProcessEnv;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aws-cli-'));
    // Version 2 would take arguments for base64; version 1 does not know the setting.
    await writeFile(join(folder, 'config'), '[default]\ncli_binary_format = raw-in-base64-out\n');
    stream = new FakeEventStream();
    const handler = async (event: { fail?: boolean }) => {
      if (event.fail === true) throw new Error('asked to fail');
      return { Items: [], Count: 0 };
    };
    const history = { name: 'iot-IoTAPI', handler, timeoutInSeconds: 60, memoryInMiB: 256, clock, ...identity };
    const functions = new Map([[history.name, createLambdaFunction(history)]]);
    app = await frontDoor({ eventStream: stream, shardReader: stream, clock, functions });
    environment = {
      ...process.env,
      AWS_ENDPOINT_URL: await app.listen({ host: '127.0.0.1', port: 0 }),
      AWS_ACCESS_KEY_ID: 'any',
      AWS_SECRET_ACCESS_KEY: 'any',
      AWS_DEFAULT_REGION: identity.region,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      // Settings of whoever runs the tests stay out of them.
      AWS_CONFIG_FILE: join(folder, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
      AWS_PAGER: '',
      NO_PROXY: '127.0.0.1',
    };
    delete environment.AWS_PROFILE;
    delete environment.AWS_SESSION_TOKEN;
  });

  afterAll(async () => {
    await app.close();
    await rm(folder, { recursive: true });
  });

  async function aws(...args: string[]): Promise<unknown> {
    const all = [...args, '--output', 'json'];
    const { stdout } = await promisify(execFile)(executable, all, { env: environment, cwd: folder });
    return JSON.parse(stdout) as unknown;
  }

  test(
    'puts one record',
    async () => {
      const put = [
        'put-record',
        '--stream-name',
        streamName,
        '--partition-key',
        'Küche',
        '--data',
        '{"value":"22.0 °C"}',
      ];
      expect(await aws('kinesis', ...put)).toEqual({ ShardId: 'shardId-000000000001', SequenceNumber: '4901' });
      expect(stream.taken).toEqual([{ partitionKey: 'Küche', data: Buffer.from('{"value":"22.0 °C"}') }]);
    },
    PATIENCE,
  );

  test(
    'puts several records and shows which were throttled',
    async () => {
      stream.refused.set('busy', 'ProvisionedThroughputExceededException');
      const records = ['PartitionKey=a,Data=22', 'PartitionKey=busy,Data=23'];
      expect(await aws('kinesis', 'put-records', '--stream-name', streamName, '--records', ...records)).toMatchObject({
        FailedRecordCount: 1,
        Records: [{ ShardId: 'shardId-000000000001' }, { ErrorCode: 'ProvisionedThroughputExceededException' }],
      });
    },
    PATIENCE,
  );

  test(
    'describes the stream and lists its shards',
    async () => {
      const [summary, shards] = await Promise.all([
        aws('kinesis', 'describe-stream-summary', '--stream-name', streamName),
        aws('kinesis', 'list-shards', '--stream-name', streamName),
      ]);
      expect(summary).toMatchObject({ StreamDescriptionSummary: { StreamName: streamName, OpenShardCount: 3 } });
      expect(shards).toMatchObject({ Shards: [0, 1, 2, 3].map((n) => ({ ShardId: `shardId-00000000000${n}` })) });
    },
    PATIENCE,
  );

  test(
    'shows an error by its type and message',
    async () => {
      await expect(aws('kinesis', 'describe-stream-summary', '--stream-name', 'other')).rejects.toMatchObject({
        stderr: expect.stringContaining(
          '(ResourceNotFoundException) when calling the DescribeStreamSummary operation: Stream other under account 000000000000 not found.',
        ),
      });
    },
    PATIENCE,
  );

  test(
    'invokes a function',
    async () => {
      const invoke = async (payload: string, file: string) => {
        const answer = await aws('lambda', 'invoke', '--function-name', 'iot-IoTAPI', '--payload', payload, file);
        return { answer, payload: JSON.parse(await readFile(join(folder, file), 'utf8')) as unknown };
      };
      const [fine, failed] = await Promise.all([
        invoke('{"operation":"query"}', 'fine.json'),
        invoke('{"fail":true}', 'failed.json'),
      ]);
      expect(fine).toEqual({
        answer: { StatusCode: 200, ExecutedVersion: '$LATEST' },
        payload: { Items: [], Count: 0 },
      });
      expect(failed).toMatchObject({
        answer: { StatusCode: 200, FunctionError: 'Unhandled' },
        payload: { errorMessage: 'asked to fail' },
      });
    },
    PATIENCE,
  );
});
