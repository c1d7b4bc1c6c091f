/** A loss is put in at each place where one can happen, on the running server, and the account has to find it. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Container } from 'inversify';
import { pino } from 'pino';
import { MemoryEventStream } from '../../adapters/memory/memory-event-stream.ts';
import { Ports } from '../../adapters/tokens.ts';
import type { EventStream, PutOutcome, ShardPage, ShardReader } from '../../core/ports.ts';
import { StoreUnavailable } from '../../core/errors.ts';
import { MemoryCheckpoints, type ShardCheckpoint } from '../../local-server/delivery/checkpoints.ts';
import { ReadBack } from '../../local-server/account/read-back.ts';
import { memoryContainer } from '../../local-server/memory-container.ts';
import { appServices } from '../../local-server/module.ts';
import { type AppServices, buildApp } from '../../local-server/app.ts';
import { Services } from '../../local-server/tokens.ts';
import { eventually } from '../support/eventually.ts';
import { pipeline } from '../support/running-server.ts';

interface Account {
  readonly verdict: string;
  readonly text: string;
  readonly accepted: { readonly http: number };
  readonly archive: { readonly archived: number; readonly pending: number };
  readonly store: Readonly<Record<'stored' | 'replaced' | 'quarantined' | 'pending', number>>;
  readonly readBack: number;
  readonly overwrittenReadings: { readonly inBatch: number; readonly inTable: number | null };
  readonly problems: readonly { kind: string; side?: string; records: number; message: string; positions: object[] }[];
}

let close: () => Promise<void> = async () => undefined;
afterEach(() => close());

/** @param sabotage Changes what is bound, before anything is made. */
async function startServer(sabotage: (container: Container) => void = () => undefined, settings = pipeline) {
  const log = pino({ level: 'silent' });
  const options = {
    ...{ log, logger: log, pipeline: settings, stack: 'iot', shards: 1 },
    ...{ retentionHours: 24, retentionMiB: 512, writeLimits: false },
  };
  const container = memoryContainer(options);
  container.rebind(Services.readBack).toResolvedValue(
    (archive, table, quarantine, compression, failures) =>
      new ReadBack({
        ...{ archive, table, quarantine, compression, failures, everyMillis: 50, secondLookMillis: 100 },
        trimmedBefore: () => undefined,
      }),
    [Ports.eventArchive, Ports.sensorDataTable, Ports.quarantine, Ports.compression, Ports.failureArchive],
  );
  sabotage(container);
  const services = appServices(container);
  const app = await buildApp(services, { host: '127.0.0.1', ...options });
  close = () => app.close();
  await app.ready();
  const put = (...values: unknown[]) =>
    app.inject({
      method: 'POST',
      url: '/readings',
      payload: values.map((value, n) => ({ sensorid: `s${n}`, value, timestamp: '2026-01-15T12:00:00Z' })),
    });
  const account = async () => (await app.inject('/account')).json<Account>();
  const settled = async () => {
    let now = await account();
    await eventually(async () => {
      now = await account();
      return now.archive.pending === 0 && now.store.pending === 0;
    });
    return now;
  };
  return { app, services, put, account, settled };
}

function sabotageStream(lossy: (stream: EventStream) => EventStream['put']) {
  return (container: Container) => {
    container.rebind(Ports.eventStream).toResolvedValue((stream) => ({ put: lossy(stream) }), [MemoryEventStream]);
  };
}

function sabotageReader(lossy: (page: ShardPage) => ShardPage) {
  return (container: Container) => {
    container.rebind(Ports.shardReader).toResolvedValue(
      (reader): ShardReader => ({
        listShards: () => reader.listShards(),
        backlog: (shardId, position) => reader.backlog(shardId, position),
        read: async (...args) => lossy(await reader.read(...args)),
      }),
      [MemoryEventStream],
    );
  };
}

const taken = (outcome: PutOutcome | undefined) => outcome as Extract<PutOutcome, { taken: true }>;

/** The first event is not put, and is said to have been, in front of the others. */
const swallowing = sabotageStream((stream) => async (events, options) => {
  const outcomes = await stream.put(events.slice(1), options);
  const { shardId, sequenceNumber } = taken(outcomes[0]);
  return [{ taken: true, shardId, sequenceNumber: String(BigInt(sequenceNumber) - 1n) }, ...outcomes];
});

const sameNumber = sabotageStream((stream) => async (events, options) => {
  const outcomes = await stream.put(events, options);
  return outcomes.map(() => taken(outcomes[0]));
});

const skipping = sabotageReader((page) =>
  page.records.length < 3 ? page : { ...page, records: page.records.filter((_, n) => n !== 1) },
);

const expiring = sabotageReader((page) =>
  page.records.length < 3 ? page : { ...page, records: page.records.slice(2), trimmed: 2 },
);

/** Checkpoints that, when they are loaded, are further than they were saved. */
class JumpingCheckpoints extends MemoryCheckpoints {
  jumpTo: string | undefined;

  override load(mapping: string): ReadonlyMap<string, ShardCheckpoint> {
    const { jumpTo } = this;
    const saved = super.load(mapping);
    if (jumpTo === undefined) return saved;
    return new Map([...saved.keys()].map((id) => [id, { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: jumpTo }]));
  }
}

describe('a loss is found where', () => {
  test.each([
    ['the stream swallows a record', swallowing, /^1 record lost to \S+: never read/, ['archive', 'store']],
    ['a consumer is not given a record', skipping, /^1 record lost to \S+: never read/, ['archive', 'store']],
    [
      'records expire before they are read',
      expiring,
      /^2 records lost to \S+: expired in the stream/,
      ['archive', 'store'],
    ],
  ] as const)('%s', async (_, sabotage, message, sides) => {
    const { put, settled, app } = await startServer(sabotage);
    expect((await put(1, 2, 3, 4)).statusCode).toBe(202);
    const { verdict, text, problems } = await settled();
    expect(problems).toMatchObject(
      sides.map((side) => ({ kind: 'lost', side, message: expect.stringMatching(message) })),
    );
    expect(problems[0]?.positions).not.toEqual([]);
    expect([verdict, text]).toEqual(['problems', '2 problems']);
    const pipelineState = (await app.inject('/pipeline')).json<{ account: object }>();
    expect(pipelineState.account).toMatchObject({
      verdict: 'problems',
      problems: problems.map((each) => each.message),
    });
  });

  test('two records have one number', async () => {
    const { put, account } = await startServer(sameNumber);
    await put(1, 2);
    await eventually(async () => (await account()).verdict === 'problems');
    expect((await account()).problems).toMatchObject([{ kind: 'same number', records: 1 }]);
  });

  test('a consumer goes on behind what it has not done', async () => {
    const checkpoints = new JumpingCheckpoints();
    const { put, settled, services } = await startServer((container) =>
      container.rebind(Services.checkpoints).toConstantValue(checkpoints),
    );
    await put(1);
    await settled();
    await restart(services, async () => {
      const { records } = (await put(2, 3)).json<{ records: { sequenceNumber: string }[] }>();
      checkpoints.jumpTo = records.at(-1)?.sequenceNumber;
    });
    await put(4);
    const { problems } = await settled();
    expect(problems).toMatchObject([
      { kind: 'lost', side: 'archive', records: 2, message: expect.stringContaining('never read') },
      { kind: 'lost', side: 'store', records: 2, message: expect.stringContaining('never read') },
    ]);
  });
});

/** Stores that say that they took what they did not take, or that have something else. Each put has a reading and what is none. */
const lyingStores = {
  'the archive keeps nothing': [
    ({ eventArchive }) => (eventArchive.put = async () => undefined),
    { kind: 'missing', side: 'archive', records: 2 },
  ],
  'the archive keeps other content': [
    ({ eventArchive }) => {
      const put = eventArchive.put.bind(eventArchive);
      eventArchive.put = async (key, body, options) =>
        put(key, gzipSync(gunzipSync(body).toString().replaceAll('"value":1,', '"value":2,')), options);
    },
    { kind: 'differs', side: 'archive', records: 1 },
  ],
  'the table keeps nothing': [
    ({ sensorDataTable }) => (sensorDataTable.put = async () => ({ notTaken: [] })),
    { kind: 'missing', side: 'store', records: 1 },
  ],
  'the table keeps another value': [
    ({ sensorDataTable }) => {
      const put = sensorDataTable.put.bind(sensorDataTable);
      sensorDataTable.put = (readings, options) =>
        put(
          readings.map((reading) => ({ ...reading, value: 2 })),
          options,
        );
    },
    { kind: 'differs', side: 'store', records: 1 },
  ],
  'the quarantine keeps nothing': [
    ({ quarantine }) => (quarantine.keep = async () => undefined),
    { kind: 'missing', side: 'store', records: 1 },
  ],
} as const satisfies Record<string, readonly [(services: AppServices) => unknown, object]>;

describe('a store is found out that lies:', () => {
  test.each(Object.keys(lyingStores) as (keyof typeof lyingStores)[])('%s', async (name) => {
    const [sabotage, expected] = lyingStores[name];
    const { app, put, account, services } = await startServer();
    sabotage(services);
    await put(1);
    const record = {
      Data: Buffer.from('no reading').toString('base64'),
      PartitionKey: 'k',
      StreamName: 'iot-SensorStream',
    };
    await app.inject({
      method: 'POST',
      url: '/',
      headers: { 'x-amz-target': 'Kinesis_20131202.PutRecord', 'content-type': 'application/x-amz-json-1.1' },
      payload: JSON.stringify(record),
    });
    await eventually(async () => (await account()).problems.some(({ records }) => records === expected.records));
    const { verdict, problems } = await account();
    expect([verdict, problems]).toEqual(['problems', [expect.objectContaining(expected)]]);
  });
});

describe('records that were given up', () => {
  const once: typeof pipeline = {
    ...pipeline,
    storeReadings: {
      ...pipeline.storeReadings,
      mapping: { ...pipeline.storeReadings.mapping, maximumRetryAttempts: 0 },
    },
  };
  const giveUp = ({ services, put }: Awaited<ReturnType<typeof startServer>>) => {
    services.sensorDataTable.put = async () => {
      throw new StoreUnavailable('table', 'is away');
    };
    return put(1);
  };
  const givenUp = { kind: 'given up', side: 'store', records: 1 };

  test('are told, and their failure record is looked up', async () => {
    const server = await startServer(undefined, once);
    const asked: string[] = [];
    const { failureArchive } = server.services;
    const get = failureArchive.get.bind(failureArchive);
    failureArchive.get = (key) => {
      asked.push(key);
      return get(key);
    };
    await giveUp(server);
    await eventually(() => asked.length === 1);
    expect((await server.account()).problems).toMatchObject([givenUp]);
  });

  test('are missing where the failure destination did not keep them', async () => {
    const server = await startServer(undefined, once);
    server.services.failureArchive.put = async () => undefined;
    await giveUp(server);
    await eventually(async () => (await server.account()).problems.length === 2);
    expect((await server.account()).problems).toMatchObject([
      givenUp,
      {
        kind: 'failure record missing',
        records: 1,
        message: expect.stringMatching(/^1 record given up, and the failure destination does not have aws\/lambda\//),
      },
    ]);
  });
});

test('samples are read back, and nothing is missed where every store has them', async () => {
  const { put, account } = await startServer();
  await put(1, 2);
  await put('none');
  await eventually(async () => (await account()).readBack >= 2);
  expect(await account()).toMatchObject({ verdict: 'all stored', problems: [] });
});

test('a store that cannot be asked makes the account say that it cannot tell', async () => {
  const { put, account, services } = await startServer();
  services.eventArchive.get = async () => {
    throw new Error('archive: has no power');
  };
  await put(1);
  await eventually(async () => (await account()).verdict === 'cannot tell');
  expect((await account()).text).toBe('cannot tell (reading back failed: archive: has no power)');
});

async function restart({ mappings }: AppServices, meanwhile: () => Promise<unknown>): Promise<void> {
  await Promise.all(mappings.map((mapping) => mapping.stop()));
  await meanwhile();
  for (const mapping of mappings) mapping.start();
}

test('says that all is stored where every record is, and what became of each', async () => {
  const { put, settled, app } = await startServer();
  expect((await app.inject('/account')).json()).toMatchObject({ verdict: 'all stored', accepted: { http: 0 } });
  await put(1, 2, 3);
  const bytes = Buffer.from('no reading').toString('base64');
  await app.inject({
    method: 'POST',
    url: '/',
    headers: { 'x-amz-target': 'Kinesis_20131202.PutRecord', 'content-type': 'application/x-amz-json-1.1' },
    payload: JSON.stringify({ StreamName: 'iot-SensorStream', PartitionKey: 'a', Data: bytes }),
  });
  expect(await settled()).toMatchObject({
    verdict: 'all stored',
    text: 'all stored',
    accepted: { http: 3, kinesis: 1, lab: 0 },
    archive: { archived: 4 },
    store: { stored: 3, quarantined: 1, replaced: 0 },
    problems: [],
  });
});

test('counts values that a later reading of the same time took the place of, in a batch and in the table', async () => {
  const { app, put, settled } = await startServer();
  const reading = (value: number) => ({ sensorid: 's0', value, timestamp: '2026-01-15T12:00:00Z' });
  await app.inject({ method: 'POST', url: '/readings', payload: [1, 2, 2, 3].map(reading) });
  const first = await settled();
  expect(first.store.stored + first.store.replaced).toBe(4);
  expect(first.verdict).toBe('all stored');
  await put(4);
  const { overwrittenReadings } = await settled();
  expect(overwrittenReadings.inBatch + (overwrittenReadings.inTable ?? 0)).toBe(3);
});

test('counts a value that was replaced once, though its batch comes again', async () => {
  const { app, settled } = await startServer();
  const fault = { target: 'table', fault: 'throttled', count: 2 };
  expect((await app.inject({ method: 'POST', url: '/lab/faults', payload: fault })).statusCode).toBe(201);
  const reading = (value: number, second: number) => ({
    sensorid: 's',
    value,
    timestamp: `2026-01-15T12:00:0${second}Z`,
  });
  const readings = [reading(1, 0), reading(2, 0), reading(3, 1), reading(4, 1), reading(5, 2)];
  await app.inject({ method: 'POST', url: '/readings', payload: readings });
  expect((await settled()).overwrittenReadings).toEqual({ inBatch: 2, inTable: 0 });
});

test('is behind while a consumer is disabled, and says for how long', async () => {
  const { put, account, services, settled } = await startServer();
  await put(1);
  await settled();
  const [archiver] = services.mappings;
  await archiver!.stop();
  await put(2);
  await eventually(async () => (await account()).store.pending === 0);
  expect(await account()).toMatchObject({ verdict: 'behind', text: expect.stringMatching(/^behind \d+ s$/) });
  archiver!.start();
  expect((await settled()).verdict).toBe('all stored');
});
