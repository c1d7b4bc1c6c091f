/** The server on the AWS adapters, against an emulator that has no Lambda: it runs the consumers itself. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
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
import { createStack } from '../support/emulated-stack.ts';
import { describeWithEngine } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { type Moto, MOTO_START_MILLIS, startMoto } from '../support/moto.ts';
import { pipeline } from '../support/running-server.ts';

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
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
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

  async function start(checkpointFile = join(folder, 'checkpoints.json')): Promise<void> {
    const container = await awsContainer({
      stack: 'iot',
      client: { region: 'us-east-1', endpoint: moto.url },
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
      'iot-IoTS3EventProcessor': { 'shardId-000000000000': { type: 'AFTER_SEQUENCE_NUMBER' } },
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
    const client = new KinesisClient({ ...moto.clientOptions, endpoint: url, requestHandler: new NodeHttpHandler() });
    const Data = Buffer.from('{"sensorid":"kitchen","value":7}');
    const record = { PartitionKey: 'kitchen', Data };
    await client.send(new PutRecordCommand({ StreamName: names.stream, ...record }));
    const { FailedRecordCount } = await client.send(
      new PutRecordsCommand({ StreamName: names.stream, Records: [record, record, record] }),
    );
    client.destroy();
    expect(FailedRecordCount).toBe(0);
    await eventually(async () => (await history()).readings.length === 4);
  }, 30_000);

  test('a simulated fleet loses nothing', async () => {
    const options = parseOptions(['--url', url, '--count', '300', '--rate', '0', '--faults', '10%']) as SimulateOptions;
    const { counts, verification } = await simulate(options);
    expect(verification).toMatchObject({ archived: counts.total.accepted, lost: { count: 0 }, outOfOrder: 0 });
  }, 60_000);

  test('a file that holds no checkpoints is named', async () => {
    const file = join(folder, 'broken.json');
    await writeFile(file, '{');
    await expect(start(file)).rejects.toThrow(`${file}: holds no checkpoints`);
  });

  test('a stack that is not there is named', async () => {
    const client = { region: 'us-east-1', endpoint: moto.url };
    await expect(awsContainer({ stack: 'nowhere', client, log })).rejects.toThrow(
      'nowhere-SensorStream could not be looked up',
    );
  });
});
