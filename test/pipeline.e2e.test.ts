/**
 * The contract, end to end on an emulator of AWS: readings are put with the AWS CLI, the built bundles run in processes of
 * their own behind event source mappings, and the AWS CLI finds object, item, metric and answer. None of the clients is
 * ours.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { KinesisShardReader } from '../adapters/aws/kinesis-shard-reader.ts';
import { MemoryEventArchive } from '../adapters/memory/memory-event-archive.ts';
import { SystemClock } from '../adapters/node/system-clock.ts';
import { neverSet } from '../core/never-set.ts';
import { pipeline } from '../core/pipeline.ts';
import { stackNames } from '../core/stack-names.ts';
import { buildFunctions } from '../handlers/build.ts';
import { MemoryCheckpoints } from '../local-server/delivery/checkpoints.ts';
import { EventSourceMapping } from '../local-server/delivery/event-source-mapping.ts';
import { createStack } from './support/emulated-stack.ts';
import { describeWithEngine } from './support/engines.ts';
import { findExecutable } from './support/find-executable.ts';
import { eventually } from './support/eventually.ts';
import { lambdaNodes } from './support/lambda-nodes.ts';
import { type LambdaProcess, startLambdaProcess } from './support/lambda-process.ts';
import { type Moto, MOTO_START_MILLIS, startMoto } from './support/moto.ts';

const run = promisify(execFile);
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** moto's account. */
const names = stackNames('iot', '123456789012');

describeWithEngine('moto_server', 'the pipeline on moto, with the AWS CLI', (executable) => {
  let moto: Moto;
  let folder: string;
  let environment: Record<string, string>;

  async function aws<Result>(...args: string[]): Promise<Result> {
    const cli = findExecutable('aws');
    if (cli === undefined) throw new Error('the AWS CLI is not on PATH');
    const { stdout } = await run(cli, [...args, '--output', 'json'], { env: { ...process.env, ...environment } });
    return (stdout === '' ? undefined : JSON.parse(stdout)) as Result;
  }

  async function put(partitionKey: string, data: string | Uint8Array): Promise<string> {
    const file = join(folder, 'record');
    await writeFile(file, data);
    const { SequenceNumber } = await aws<{ SequenceNumber: string }>(
      ...['kinesis', 'put-record', '--stream-name', names.stream],
      ...['--partition-key', partitionKey, '--data', `fileb://${file}`],
    );
    return SequenceNumber;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pipeline-'));
    [moto] = await Promise.all([startMoto(executable), buildFunctions(join(folder, 'dist'))]);
    environment = {
      AWS_ENDPOINT_URL: moto.url,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }, MOTO_START_MILLIS);
  afterAll(async () => {
    await moto.stop();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => moto.reset());

  async function withFunctions(
    node: string,
    work: (functions: Record<'archiver' | 'storer' | 'history', LambdaProcess>) => Promise<void>,
  ): Promise<void> {
    const start = (name: string, variables: Record<string, string>) =>
      startLambdaProcess({
        node,
        bundleFolder: join(folder, 'dist', name),
        environment: { ...environment, ...variables },
      });
    const archiver = await start('archive-events', { ARCHIVE_BUCKET: names.bucket });
    const storer = await start('store-readings', {
      TABLE_NAME: names.table,
      UNDELIVERED_BUCKET: names.undeliveredBucket,
    });
    const history = await start('sensor-history', { TABLE_NAME: names.table });
    const kinesis = new KinesisClient({ ...moto.clientOptions, requestHandler: new NodeHttpHandler() });
    const mappings = [
      { name: names.archiveEvents, settings: pipeline.archiveEvents.mapping, function: archiver },
      { name: names.storeReadings, settings: pipeline.storeReadings.mapping, function: storer },
    ].map(
      (consumer) =>
        new EventSourceMapping({
          ...consumer,
          mappingId: consumer.name,
          functionArn: `arn:aws:lambda:us-east-1:123456789012:function:${consumer.name}`,
          source: { region: 'us-east-1', streamArn: `arn:stream/${names.stream}`, roleArn: 'arn:role' },
          reader: new KinesisShardReader({ client: kinesis, streamName: names.stream }),
          failures: new MemoryEventArchive(),
          checkpoints: new MemoryCheckpoints(),
          clock: new SystemClock(),
          steady: neverSet(new SystemClock()),
          log: quiet,
        }),
    );
    for (const mapping of mappings) mapping.start();
    try {
      await work({ archiver, storer, history });
    } finally {
      await Promise.all(mappings.map((mapping) => mapping.stop()));
      await Promise.all([archiver, storer, history].map((process) => process.stop()));
      kinesis.destroy();
    }
  }

  test.each(lambdaNodes)(
    'on $version: one reading becomes one object, one item, one metric value and one answer',
    async ({ path }) => {
      await createStack(names, 1, moto.clientOptions);
      const timestamp = new Date().toISOString();
      const sequenceNumber = await put('Küche', JSON.stringify({ sensorid: 'Küche', value: '22.53125', timestamp }));
      const noReading = await put('Küche', Buffer.from([0xff]));

      await withFunctions(path, async ({ archiver, storer, history }) => {
        const keys = async (bucket: string) => {
          const page = await aws<{ Contents?: { Key: string }[] }>('s3api', 'list-objects-v2', '--bucket', bucket);
          return (page.Contents ?? []).map(({ Key }) => Key);
        };
        await eventually(() => [archiver, storer].every(({ logged }) => logged.length > 0));

        const day = timestamp.slice(0, 10);
        expect(await keys(names.bucket)).toEqual([
          `${day}/${sequenceNumber}-${noReading}.shardId-000000000000.ndjson.gz`,
        ]);
        const file = join(folder, 'object');
        await aws('s3api', 'get-object', '--bucket', names.bucket, '--key', (await keys(names.bucket))[0]!, file);
        const lines = gunzipSync(await readFile(file))
          .toString()
          .trimEnd()
          .split('\n');
        expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
          { sequenceNumber, partitionKey: 'Küche', data: { sensorid: 'Küche', value: '22.53125', timestamp } },
          { sequenceNumber: noReading, raw: '/w==' },
        ]);
        expect(await keys(names.undeliveredBucket)).toEqual([
          `quarantine/${day}/${noReading}-shardId-000000000000.json`,
        ]);

        const { Items } = await aws<{ Items: object[] }>('dynamodb', 'scan', '--table-name', names.table);
        expect(Items).toMatchObject([
          { SensorId: { S: 'Küche' }, Timestamp: { S: timestamp }, Value: { N: '22.53125' } },
        ]);

        const { Metrics } = await aws<{ Metrics: object[] }>('cloudwatch', 'list-metrics', '--namespace', 'Sensors');
        expect(Metrics).toMatchObject([{ MetricName: 'SensorData', Dimensions: [{ Name: 'SensorId' }] }]);

        const { payload } = await history.invoke({ operation: 'query', sensorid: 'Küche' });
        expect(payload).toEqual({ Items: [{ SensorId: 'Küche', Timestamp: timestamp, Value: 22.53125 }], Count: 1 });

        expect(storer.logged).toMatchObject([
          { level: 'info', msg: 'stored', shardId: 'shardId-000000000000', records: 2, stored: 1, quarantined: 1 },
        ]);
        expect(JSON.stringify([archiver.logged, storer.logged])).not.toContain('22.53125');
      });
    },
    60_000,
  );

  test('the query function gives typed errors for bad input', async () => {
    await createStack(names, 1, moto.clientOptions);
    await withFunctions(process.execPath, async ({ history }) => {
      expect(await history.invoke({ operation: 'scan' })).toMatchObject({
        functionError: 'Unhandled',
        payload: { errorType: 'InvalidRequest', errorMessage: 'operation: is "scan", but must be "query"' },
      });
    });
  }, 30_000);
});
