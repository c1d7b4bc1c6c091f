/**
 * Real input through the running server: the hourly weather normals of Seattle, three sensors, 8,759 readings each.
 * What must come out is read from the file by other means than what goes in.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type ArchiveLine, parseArchiveLine } from '../../core/archive-line.ts';
import { parseOptions, type SimulateOptions } from '../../local-server/simulator/options.ts';
import { simulate } from '../../local-server/simulator/simulate.ts';
import { type RunningServer, startServer } from '../support/running-server.ts';

const file = join(
  dirname(createRequire(import.meta.url).resolve('vega-datasets')),
  '../data/seattle-weather-hourly-normals.csv',
);
const sensors = ['pressure', 'temperature', 'wind'];
const rows = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(','));
const expected = new Map(
  sensors.map((sensor, column) => [
    sensor,
    rows.map(([date, ...values]) => ({ timestamp: `${date}.000Z`, value: Number(values[column]) })),
  ]),
);

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({ shards: 4 });
  const columns = sensors.flatMap((sensor) => ['--value', sensor]);
  const options = parseOptions(['--url', server.url, '--csv', file, '--time', 'date', ...columns]) as SimulateOptions;
  const { counts, verification } = await simulate(options);
  expect(counts.total).toMatchObject({ accepted: 26_277, refused: 0 });
  expect(verification).toMatchObject({ lost: { count: 0 }, outOfOrder: 0 });
  await server.caughtUp();
}, 60_000);
afterAll(() => server.close());

async function* archiveLines(): AsyncGenerator<ArchiveLine> {
  let after: string | undefined;
  for (let more = true; more;) {
    const query = after === undefined ? '' : `&after=${encodeURIComponent(after)}`;
    const page = (await (await fetch(`${server.url}/archive?limit=10${query}`)).json()) as {
      objects: { key: string }[];
      more: boolean;
    };
    for (const { key } of page.objects) {
      const text = await (await fetch(`${server.url}/archive/${key}`)).text();
      yield* text.trimEnd().split('\n').map(parseArchiveLine);
      after = key;
    }
    more = page.more;
  }
}

test('all 26,277 readings are in the archive, exactly once without repeats, in order', async () => {
  const seen = new Set<string>();
  const archived = new Map<string, { timestamp: string; value: number }[]>(sensors.map((sensor) => [sensor, []]));
  for await (const { shardId, sequenceNumber, data } of archiveLines()) {
    if (seen.has(`${shardId} ${sequenceNumber}`)) continue;
    seen.add(`${shardId} ${sequenceNumber}`);
    const { sensorid, timestamp, value } = data as { sensorid: string; timestamp: string; value: number | string };
    archived.get(sensorid)?.push({ timestamp: new Date(timestamp).toISOString(), value: Number(value) });
  }
  expect(seen.size).toBe(26_277);
  expect(archived).toEqual(expected);
});

test.each(sensors)('the history of %s is complete and in order, page by page', async (sensor) => {
  const readings: unknown[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const query = `limit=1000&order=asc&cursor=${cursor}`;
    const page = (await (await fetch(`${server.url}/sensors/${sensor}/readings?${query}`)).json()) as {
      readings: unknown[];
      nextCursor?: string;
    };
    readings.push(...page.readings);
    cursor = page.nextCursor;
  }
  // They are of 2010.
  expect(readings).toEqual(expected.get(sensor)?.map((reading) => ({ ...reading, flags: ['far-past'] })));
});

test.each([
  ['over HTTP', []],
  ['as an AWS client', ['--kinesis']],
])('a fleet with every kind of fault, sent %s, loses nothing', async (_name, transport) => {
  const args = [
    '--url',
    server.url,
    '--devices',
    '50',
    '--rate',
    '0',
    '--count',
    '5000',
    '--faults',
    '20%',
    '--seed',
    '7',
  ];
  const { counts, verification } = await simulate(parseOptions([...args, ...transport]) as SimulateOptions);
  expect(counts.total.planned).toBe(5_000);
  expect(counts.total.accepted + counts.total.refused).toBe(5_000);
  expect(verification).toMatchObject({
    behind: [],
    archived: counts.total.accepted,
    lost: { count: 0 },
    outOfOrder: 0,
  });
});
