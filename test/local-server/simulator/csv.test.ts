import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CsvOptions, csvReadings } from '../../../local-server/simulator/csv.ts';
import type { SimulatedReading } from '../../../local-server/simulator/payload.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulator-csv-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(text: string, options: Partial<CsvOptions> = {}): Promise<SimulatedReading[]> {
  const file = join(folder, 'readings.csv');
  await writeFile(file, text);
  return collect({ file, time: 'time', values: ['v'], ...options });
}
async function collect(options: CsvOptions): Promise<SimulatedReading[]> {
  const readings: SimulatedReading[] = [];
  for await (const reading of csvReadings(options)) readings.push(reading);
  return readings;
}

describe('a CSV file', () => {
  test('of weather normals becomes one reading per row and value column', async () => {
    const build = dirname(createRequire(import.meta.url).resolve('vega-datasets'));
    const file = join(build, '..', 'data', 'seattle-weather-hourly-normals.csv');
    const readings = await collect({ file, time: 'date', values: ['pressure', 'temperature', 'wind'] });
    expect(readings).toHaveLength(26_277);
    expect(readings.slice(0, 3)).toEqual([
      { sensorId: 'pressure', value: 1016.6, timestamp: '2010-01-01T01:00:00.000Z' },
      { sensorId: 'temperature', value: 4, timestamp: '2010-01-01T01:00:00.000Z' },
      { sensorId: 'wind', value: 3.8, timestamp: '2010-01-01T01:00:00.000Z' },
    ]);
    expect(readings.at(-1)).toEqual({ sensorId: 'wind', value: 4, timestamp: '2010-12-31T23:00:00.000Z' });
  });

  test.each([
    ['2010/01/01 01:00', '2010-01-01T01:00:00.000Z'],
    ['2010/01/01 01:00:30', '2010-01-01T01:00:30.000Z'],
    ['2010-01-01 01:00', '2010-01-01T01:00:00.000Z'],
    ['2010-01-01T01:00:00+02:00', '2009-12-31T23:00:00.000Z'],
    ['2010/01/01', '2010-01-01T00:00:00.000Z'],
  ])('may write its times as %s', async (cell, timestamp) => {
    expect(await read(`time,v\n${cell},1\n`)).toEqual([{ sensorId: 'v', value: 1, timestamp }]);
  });

  test('names sensors by a column, and by id and column where there are several values', async () => {
    const text = 'time,id,v,w\n2010-01-01,a,1,2\n2010-01-01,b,3,4\n';
    expect((await read(text, { sensor: 'id' })).map(({ sensorId }) => sensorId)).toEqual(['a', 'b']);
    expect((await read(text, { sensor: 'id', values: ['v', 'w'] })).map(({ sensorId }) => sensorId)).toEqual([
      'a-v',
      'a-w',
      'b-v',
      'b-w',
    ]);
  });

  test('leaves out empty cells and rows without a sensor id, and counts them', async () => {
    let skipped = 0;
    const options = { sensor: 'id', onSkipped: () => skipped++ };
    expect(await read('time,id,v\n2010-01-01,a,\n2010-01-01,,1\n2010-01-01,a,2\n', options)).toHaveLength(1);
    expect(skipped).toBe(2);
  });

  test('hands on what is no number and, behind the first row, no time', async () => {
    expect(await read('time,v\n2010-01-01,n/a\nsoon,0x10\n')).toEqual([
      { sensorId: 'v', value: 'n/a', timestamp: '2010-01-01T00:00:00.000Z' },
      { sensorId: 'v', value: '0x10', timestamp: 'soon' },
    ]);
  });

  test('may begin with a byte order mark and quote its cells', async () => {
    expect(await read('\ufefftime,v\n"2010-01-01","1"\n')).toHaveLength(1);
  });

  test.each([
    ['lacks a column', 'time,w\n2010-01-01,1\n', '--value: there is no column "v"; the columns are: time, w'],
    ['has no times in that column', 'time,v\nhello,1\n', '--time: column "time" begins with "hello", which is no time'],
    ['is empty', '', /^--csv: .* is empty$/],
    ['breaks the format', 'time,v\n2010-01-01,1,2\n', /^.*readings\.csv: Invalid Record Length.* line 2/],
  ])('that %s is refused with the reason', async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  test('that is not there is refused with its name', async () => {
    await expect(collect({ file: join(folder, 'none.csv'), time: 't', values: ['v'] })).rejects.toThrow(
      /^--csv: ENOENT.*none\.csv/,
    );
  });
});
