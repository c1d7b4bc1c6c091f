/**
 * Public data files as a person would load them, through the running server. What must come out is read from the files by other
 * means than what goes in.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseOptions, type SimulateOptions } from '../../local-server/simulator/options.ts';
import { simulate } from '../../local-server/simulator/simulate.ts';
import { type RunningServer, startServer } from '../support/running-server.ts';

const data = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '../data');

let server: RunningServer;
let folder: string;
beforeAll(async () => {
  server = await startServer();
  folder = await mkdtemp(join(tmpdir(), 'csv-replay-'));
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function replay(file: string, ...columns: string[]) {
  const report = await simulate(parseOptions(['--url', server.url, '--csv', file, ...columns]) as SimulateOptions);
  expect(report.verification).toMatchObject({ lost: { count: 0 }, outOfOrder: 0 });
  await server.caughtUp();
  return report.counts;
}

async function history(sensor: string) {
  const readings: { timestamp: string; value: number }[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const address = `${server.url}/sensors/${encodeURIComponent(sensor)}/readings?limit=500&order=asc&cursor=${cursor}`;
    const page = (await (await fetch(address)).json()) as { readings: typeof readings; nextCursor?: string };
    readings.push(...page.readings);
    cursor = page.nextCursor;
  }
  return readings.map(({ timestamp, value }) => ({ timestamp, value }));
}

async function linesOf(file: string): Promise<readonly (readonly string[])[]> {
  const text = await readFile(join(data, file), 'utf8');
  return text
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','));
}

/** V8 reads `Jan 1 2000` as local time. */
const at = (date: string | undefined) => new Date(`${date} UTC`).toISOString();

test('carbon dioxide since 1958: 741 readings, 142 of them from before 1970', async () => {
  const counts = await replay(join(data, 'co2-concentration.csv'), '--time', 'Date', '--value', 'CO2');
  expect(counts.total).toMatchObject({ accepted: 741, refused: 0 });
  const rows = await linesOf('co2-concentration.csv');
  expect(await history('CO2')).toEqual(
    rows.map(([date, value]) => ({ timestamp: `${date}T00:00:00.000Z`, value: Number(value) })),
  );
});

test('prices of shares, with months by name and a sensor per row', async () => {
  const counts = await replay(join(data, 'stocks.csv'), '--time', 'date', '--value', 'price', '--sensor', 'symbol');
  expect(counts.total).toMatchObject({ accepted: 560, refused: 0 });
  const rows = await linesOf('stocks.csv');
  const symbols = [...new Set(rows.map(([symbol]) => symbol ?? ''))];
  expect(symbols).toHaveLength(5);
  for (const symbol of symbols) {
    const own = rows.filter(([of]) => of === symbol);
    expect(await history(symbol)).toEqual(
      own.map(([, date, price]) => ({ timestamp: at(date), value: Number(price) })),
    );
  }
});

test('the temperature of the world, by year', async () => {
  const counts = await replay(join(data, 'global-temp.csv'), '--time', 'year', '--value', 'temp');
  const rows = await linesOf('global-temp.csv');
  expect(counts.total).toMatchObject({ accepted: rows.length, refused: 0 });
  expect(await history('temp')).toEqual(
    rows.map(([year, value]) => ({ timestamp: `${year}-01-01T00:00:00.000Z`, value: Number(value) })),
  );
});

test('digits that no double holds are in the archive as they are in the file', async () => {
  const file = join(folder, 'digits.csv');
  await writeFile(
    file,
    'time;energy\n2026-11-25T10:00:00Z;9007199254740993\n2026-11-25T10:00:01Z;0,10000000000000000001\n',
  );
  const counts = await replay(file, '--time', 'time', '--value', 'energy');
  expect(counts.total).toMatchObject({ accepted: 2, refused: 0 });
  const { objects } = (await (await fetch(`${server.url}/archive?limit=1000`)).json()) as {
    objects: { key: string }[];
  };
  const texts = await Promise.all(objects.map(async ({ key }) => (await fetch(`${server.url}/archive/${key}`)).text()));
  const values = texts
    .join('')
    .split('\n')
    .filter((line) => line.includes('"energy"'))
    .map((line) => /"value":([^,]+),/.exec(line)?.[1]);
  expect(new Set(values)).toEqual(new Set(['9007199254740993', '0.10000000000000000001']));
});
