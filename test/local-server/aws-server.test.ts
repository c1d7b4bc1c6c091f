/** The server on the AWS adapters, against an emulator that has no Lambda: it runs the consumers itself. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, DeleteBucketCommand } from '@aws-sdk/client-s3';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KinesisClient, PutRecordCommand, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { stackNames } from '../../core/stack-names.ts';
import { buildApp } from '../../local-server/app.ts';
import { awsContainer } from '../../local-server/aws-container.ts';
import { appServices } from '../../local-server/module.ts';
import { parseOptions, type SimulateOptions } from '../../local-server/simulator/options.ts';
import { simulate } from '../../local-server/simulator/simulate.ts';
import { clientAt, engineEnvironment } from '../support/aws-server.ts';
import { createStack } from '../support/emulated-stack.ts';
import { describeWithEngine } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { type Moto, MOTO_START_MILLIS, startMoto } from '../support/moto.ts';
import { pipeline } from '../support/running-server.ts';
import { s3Client } from '../support/s3-bucket.ts';

const names = stackNames('iot', '123456789012');
const log = pino({ level: 'silent' });

describeWithEngine('moto_server', 'the server on AWS adapters, with moto behind', (executable) => {
  let moto: Moto;
  let folder: string;
  let app: FastifyInstance;
  let url: string;
  const environment = { ...process.env };

  beforeAll(async () => {
    moto = await startMoto(executable);
    // The ordinary credential chain, which the server leaves to the SDK.
    Object.assign(process.env, engineEnvironment);
  }, MOTO_START_MILLIS);
  afterAll(async () => {
    process.env = environment;
    await moto.stop();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'server-'));
    await moto.reset();
    await createStack(names, 1, moto.clientOptions);
    await start();
  });
  afterEach(async () => {
    await app.close();
    await rm(folder, { recursive: true });
  });

  const client = () => clientAt(moto.url);

  async function start(checkpointFile = join(folder, 'checkpoints.json')): Promise<void> {
    const container = await awsContainer({
      stack: 'iot',
      client: client(),
      watchMillis: 200,
      runMappings: { checkpointFile },
      log,
      pipeline,
    });
    app = await buildApp(appServices(container), { host: '127.0.0.1', retentionHours: 24, logger: log });
    url = await app.listen({ host: '127.0.0.1', port: 0 });
  }

  const getJson = async <Body>(path: string) => (await (await fetch(url + path)).json()) as Body;
  const put = (value: number, sensorid = 'kitchen') =>
    fetch(`${url}/readings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sensorid, value }),
    });
  const history = () => getJson<{ readings: { value: number }[] }>('/sensors/kitchen/readings');
  const checkpoints = async () => {
    const { mappings } = await getJson<{ mappings: { shards: { checkpoint?: string }[] }[] }>('/pipeline');
    return mappings.map(({ shards }) => shards[0]?.checkpoint);
  };
  const archived = () => getJson<{ objects: { key: string }[] }>('/archive');

  test('a reading goes all the way, and everything is read back over the same interface', async () => {
    expect(await getJson('/health')).toMatchObject({ stack: 'iot', adapters: 'aws' });
    expect((await put(21)).status).toBe(202);
    await eventually(async () => (await history()).readings.length === 1 && (await archived()).objects.length === 1);
    const object = await fetch(`${url}/archive/${(await archived()).objects[0]?.key ?? ''}`);
    expect(JSON.parse(await object.text())).toMatchObject({ partitionKey: 'kitchen', data: { value: 21 } });
    expect((await getJson<{ statistics: object[] }>('/metrics/sensors/kitchen')).statistics).toHaveLength(1);
    expect(await getJson('/pipeline')).toMatchObject({
      stream: { name: 'iot-SensorStream', shards: [{ shardId: 'shardId-000000000000' }] },
      mappings: [{ name: 'iot-IoTS3EventProcessor' }, { name: 'iot-IoTDDBEventProcessor' }],
    });
  }, 30_000);

  test('a restart goes on behind the checkpoints', async () => {
    await put(1);
    await eventually(async () => (await history()).readings.length === 1 && (await archived()).objects.length === 1);
    await app.close();
    expect(JSON.parse(await readFile(join(folder, 'checkpoints.json'), 'utf8'))).toMatchObject({
      version: 2,
      stream: { endpoint: moto.url, arn: `arn:aws:kinesis:us-east-1:123456789012:stream/${names.stream}` },
      positions: { 'iot-IoTS3EventProcessor': { 'shardId-000000000000': { type: 'AFTER_SEQUENCE_NUMBER' } } },
    });

    await start();
    await put(2);
    await eventually(async () => (await history()).readings.length === 2 && (await archived()).objects.length === 2);
    const objects = await Promise.all(
      (await archived()).objects.map(async ({ key }) => (await fetch(`${url}/archive/${key}`)).text()),
    );
    expect(objects.map((text) => text.trimEnd().split('\n').length)).toEqual([1, 1]);
  }, 30_000);

  test('two shards whose records have the same numbers are archived whole in slow traffic', async () => {
    await app.close();
    await moto.reset();
    await createStack(names, 2, moto.clientOptions);
    await start();
    const lines = async () => {
      const { objects } = await archived();
      const texts = await Promise.all(objects.map(async ({ key }) => (await fetch(`${url}/archive/${key}`)).text()));
      return texts.flatMap((text) => text.trimEnd().split('\n'));
    };
    // On an emulator kitchen goes to the first shard and porch to the second, and both have the numbers 1 to 5.
    for (const round of [1, 2, 3, 4, 5]) {
      await put(round);
      await put(round, 'porch');
      await eventually(async () => (await lines()).length === 2 * round);
    }
    const keys = (await archived()).objects.map(({ key }) => key.split('/')[1]);
    expect(keys).toContain('5.shardId-000000000000.ndjson.gz');
    expect(keys).toContain('5.shardId-000000000001.ndjson.gz');
  }, 60_000);

  test('a key that S3 cannot have is not there, at once', async () => {
    for (const path of ['/archive/%0a', '/archive/%00', '/failures/%7f']) {
      const begin = performance.now();
      expect((await fetch(url + path)).status).toBe(404);
      expect(performance.now() - begin).toBeLessThan(5_000);
    }
  });

  test('a put through the Kinesis door is taken', async () => {
    const kinesis = new KinesisClient({ ...moto.clientOptions, endpoint: url, requestHandler: new NodeHttpHandler() });
    const Data = Buffer.from('{"sensorid":"kitchen","value":7}');
    const record = { PartitionKey: 'kitchen', Data };
    await kinesis.send(new PutRecordCommand({ StreamName: names.stream, ...record }));
    const { FailedRecordCount } = await kinesis.send(
      new PutRecordsCommand({ StreamName: names.stream, Records: [record, record, record] }),
    );
    kinesis.destroy();
    expect(FailedRecordCount).toBe(0);
    await eventually(async () => (await history()).readings.length === 4);
  }, 30_000);

  test('a simulated fleet loses nothing', async () => {
    const options = parseOptions(['--url', url, '--count', '300', '--rate', '0', '--faults', '10%']) as SimulateOptions;
    const { counts, verification } = await simulate(options);
    expect(verification).toMatchObject({ archived: counts.total.accepted, lost: { count: 0 }, outOfOrder: 0 });
  }, 180_000);

  test('a file that holds no checkpoints is named', async () => {
    const file = join(folder, 'broken.json');
    await writeFile(file, '{');
    await expect(start(file)).rejects.toThrow(`${file}: holds no checkpoints (it is no JSON)`);
  });

  test.each(['left running', 'started again'])(
    'a stream that was made anew is read from its beginning by a server that was %s',
    async (how) => {
      for (const value of [1, 2, 3]) await put(value);
      // Of both consumers: an object that is still under way would end up in the new bucket.
      await eventually(async () => (await checkpoints()).every((checkpoint) => checkpoint === '3'));
      if (how === 'started again') await app.close();
      await moto.reset();
      await createStack(names, 1, moto.clientOptions);
      if (how === 'started again') await start();
      expect((await put(4)).status).toBe(202);
      await eventually(async () => (await history()).readings.length === 1 && (await archived()).objects.length === 1);
      expect((await history()).readings).toMatchObject([{ value: 4 }]);
      if (how === 'started again') {
        expect(await readFile(join(folder, 'checkpoints.json.other'), 'utf8')).toContain('"sequenceNumber": "3"');
      }
    },
    30_000,
  );

  test('a second server on the same checkpoints is refused', async () => {
    await expect(start()).rejects.toThrow(`checkpoints.json: is in use by the server with process id ${process.pid}`);
  });

  test('is ready until a store is gone, says which, and is ready again when it is back', async () => {
    const ready = async () => {
      const response = await fetch(`${url}/ready`);
      const { problems } = (await response.json()) as { problems: { what: string }[] };
      return { status: response.status, problems };
    };
    expect(await ready()).toMatchObject({ status: 200, problems: [] });
    const s3 = s3Client(moto.clientOptions);
    await s3.send(new DeleteBucketCommand({ Bucket: names.bucket }));
    await eventually(async () => (await ready()).status === 503);
    expect((await ready()).problems).toMatchObject([
      { what: 'archive bucket', message: `${names.bucket} is not there`, since: expect.any(String) },
    ]);
    expect(await getJson('/health')).toMatchObject({ status: 'ok' });
    await s3.send(new CreateBucketCommand({ Bucket: names.bucket }));
    s3.destroy();
    await eventually(async () => (await ready()).status === 200);
  }, 30_000);

  test('everything that is missing is named at once, with what to do', async () => {
    await moto.reset();
    const dynamoDb = new DynamoDBClient(moto.clientOptions);
    await dynamoDb.send(
      new CreateTableCommand({
        TableName: names.table,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'N' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    );
    dynamoDb.destroy();
    const refused = (await awsContainer({ stack: 'iot', client: client(), log }).catch(
      (error: unknown) => error,
    )) as Error;
    for (const words of [
      `stream ${names.stream} is not there`,
      `aws kinesis create-stream --stream-name ${names.stream} --shard-count 2`,
      `archive bucket ${names.bucket} is not there`,
      `aws s3api create-bucket --bucket ${names.undeliveredBucket}`,
      `table ${names.table} has the key id (HASH, N), but needs SensorId (HASH, S) and Timestamp (RANGE, S)`,
      '--undelivered-bucket',
    ]) {
      expect(refused.message).toContain(words);
    }
  });

  test('resources with names of their own are used', async () => {
    const own = { stream: 'my-stream', bucket: 'my-archive', undeliveredBucket: 'my-undelivered', table: 'my-table' };
    await createStack({ ...names, ...own }, 1, moto.clientOptions);
    const container = await awsContainer({ stack: 'iot', client: client(), names: own, log });
    expect(appServices(container).identity.names).toMatchObject(own);
  });

  test('a server of this project is no AWS', async () => {
    const endpoints = { ...client().endpoints, kinesis: url };
    await expect(awsContainer({ stack: 'iot', client: { region: 'us-east-1', endpoints }, log })).rejects.toThrow(
      /^AWS_ENDPOINT_URL: is .*where a server of this project runs/,
    );
  });

  test('no fleet writes into the stack unasked', async () => {
    const response = await fetch(`${url}/lab/fleet`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining('--allow-simulation') });
  });

  test('a stack that is not there is named', async () => {
    await expect(awsContainer({ stack: 'nowhere', client: client(), log })).rejects.toThrow(
      'nowhere-SensorStream is not there',
    );
  });
});
