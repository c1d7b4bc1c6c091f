import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CsvOptions, FileProblem } from '../../../../local-server/simulator/csv/options.ts';
import { csvReadings } from '../../../../local-server/simulator/csv/reader.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulator-csv-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function collect(options: CsvOptions) {
  const readings: { sensorId: string; value: number | string; timestamp: string }[] = [];
  const problems: FileProblem[] = [];
  let skipped = 0;
  let failure: unknown;
  try {
    const observer = { onSkipped: () => skipped++, onProblem: (problem: FileProblem) => problems.push(problem) };
    for await (const { sensorId, value, timestamp } of csvReadings(options, observer)) {
      readings.push({ sensorId, value, timestamp });
    }
  } catch (error) {
    failure = error;
  }
  return { readings, problems, skipped, failure };
}

async function collectText(text: string | Uint8Array, options: Partial<CsvOptions> = {}) {
  const file = join(folder, 'readings.csv');
  await writeFile(file, text);
  return collect({ file, time: ['time'], values: ['v'], ...options });
}

async function read(text: string | Uint8Array, options: Partial<CsvOptions> = {}) {
  const { readings, problems, failure } = await collectText(text, options);
  if (failure !== undefined) throw failure as Error;
  expect(problems).toEqual([]);
  return readings;
}

describe('a CSV file', () => {
  test('of weather normals becomes one reading per row and value column', async () => {
    const build = dirname(createRequire(import.meta.url).resolve('vega-datasets'));
    const file = join(build, '..', 'data', 'seattle-weather-hourly-normals.csv');
    const { readings } = await collect({ file, time: ['date'], values: ['pressure', 'temperature', 'wind'] });
    expect(readings).toHaveLength(26_277);
    expect(readings.slice(0, 3)).toEqual([
      { sensorId: 'pressure', value: '1016.6', timestamp: '2010-01-01T01:00:00.000Z' },
      { sensorId: 'temperature', value: '4.0', timestamp: '2010-01-01T01:00:00.000Z' },
      { sensorId: 'wind', value: '3.8', timestamp: '2010-01-01T01:00:00.000Z' },
    ]);
    expect(readings.at(-1)).toEqual({ sensorId: 'wind', value: '4.0', timestamp: '2010-12-31T23:00:00.000Z' });
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

  test('leaves out empty cells, missing values and rows without a sensor id, and counts them', async () => {
    const text = 'time,id,v\n2010-01-01,a,\n2010-01-01,,1\n2010-01-01,a,-999.90\n2010-01-01,a,NA\n2010-01-01,a,2\n';
    const { readings, skipped } = await collectText(text, { sensor: 'id', missing: ['-999.9', 'NA'] });
    expect(readings.map(({ value }) => value)).toEqual(['2']);
    expect(skipped).toBe(4);
  });

  test('hands on what is no number as it is written', async () => {
    const text = 'time,v\n2010-01-01,n/a\n2010-01-01,0x10\n2010-01-01,45%\n';
    expect((await read(text)).map(({ value }) => value)).toEqual(['n/a', '0x10', '45%']);
  });

  test('keeps the digits of numbers', async () => {
    const cells = ['9007199254740993', '1e-400', '+007.50', '.5', '5.', '-0'];
    const readings = await read(`time,v\n${cells.map((cell) => `2010-01-01,${cell}\n`).join('')}`);
    expect(readings.map(({ value }) => value)).toEqual(['9007199254740993', '1e-400', '7.50', '0.5', '5', '-0']);
  });

  test.each<[string, string, Partial<CsvOptions>]>([
    ['semicolons', 'time;v\n2010-01-01;1\n', {}],
    ['tabs', 'time\tempty\tv\n2010-01-01\t\t1\n', {}],
    ['bars', 'time|v\n2010-01-01|1\n', {}],
    ['semicolons, with commas in a name', 'time;note, if any, or more, or none;v\n2010-01-01;;1\n', {}],
    ['CR at the ends of lines', 'time,v\r2010-01-01,1\r', {}],
    ['a byte order mark and quotes', '\ufefftime,v\n"2010-01-01","1"\n', {}],
    ['a quote inside a cell', 'time,note,v\n2010-01-01,5" pipe,1\n', {}],
    ['a delimiter at the end of each line but the first', 'time,v\n2010-01-01,1,\n', {}],
    ['lines before the header', 'Station 7\n\ntime,v\n2010-01-01,1\n', { skipRows: 1 }],
    ['a delimiter of its own', 'time~v\n2010-01-01~1\n', { delimiter: '~' }],
  ])('is read with %s', async (_, text, options) => {
    expect(await read(text, options)).toEqual([{ sensorId: 'v', value: '1', timestamp: '2010-01-01T00:00:00.000Z' }]);
  });

  test('with a header that lacks the name of its first column is read as R and pandas mean it', async () => {
    expect(await read('v,w\n2010-01-01,1,2\n2010-01-02,3,4\n', { time: [''] })).toEqual([
      { sensorId: 'v', value: '1', timestamp: '2010-01-01T00:00:00.000Z' },
      { sensorId: 'v', value: '3', timestamp: '2010-01-02T00:00:00.000Z' },
    ]);
  });

  // The form of the Air Quality data of UCI: https://archive.ics.uci.edu/dataset/360/air+quality
  test('with decimal commas, a date and a time of day, and -200 for missing values is read', async () => {
    const text =
      'Date;Time;CO(GT);T;;\n10/03/2004;18.00.00;2,6;13,6;;\n10/03/2004;19.00.00;-200;13,3;;\n28/03/2004;20.00.00;2;11,9;;\n';
    const { readings, problems, skipped } = await collectText(text, {
      time: ['Date', 'Time'],
      values: ['CO(GT)', 'T'],
      missing: ['-200'],
    });
    expect(readings).toEqual([
      { sensorId: 'CO(GT)', value: '2.6', timestamp: '2004-03-10T18:00:00.000Z' },
      { sensorId: 'T', value: '13.6', timestamp: '2004-03-10T18:00:00.000Z' },
      { sensorId: 'T', value: '13.3', timestamp: '2004-03-10T19:00:00.000Z' },
      { sensorId: 'CO(GT)', value: '2', timestamp: '2004-03-28T20:00:00.000Z' },
      { sensorId: 'T', value: '11.9', timestamp: '2004-03-28T20:00:00.000Z' },
    ]);
    expect([problems, skipped]).toEqual([[], 1]);
  });

  test('with decimal commas never takes a point for the decimal mark', async () => {
    const { readings, problems } = await collectText('time;v\n2010-01-01;1,5\n2010-01-02;1.234\n', { decimal: ',' });
    expect(readings.map(({ value }) => value)).toEqual(['1.5']);
    expect(problems).toEqual([
      { line: 3, problem: 'column "v": "1.234" has a point, and the decimal mark is a comma' },
    ]);
  });

  test.each([
    ['windows-1252', Buffer.from('time,K\xfcche\n2010-01-01,1\n', 'latin1'), 'windows-1252'],
    ['UTF-16 with a mark', Buffer.from('\ufefftime,Küche\n2010-01-01,1\n', 'utf16le'), undefined],
    ['UTF-16 without a mark', Buffer.from('time,Küche\n2010-01-01,1\n', 'utf16le'), undefined],
    ['UTF-16, big endian', Buffer.from('time,Küche\n2010-01-01,1\n', 'utf16le').swap16(), undefined],
  ])('may be in %s', async (_, bytes, encoding) => {
    const options = { values: ['Küche'], ...(encoding !== undefined && { encoding }) };
    expect(await read(bytes, options)).toMatchObject([{ sensorId: 'Küche', value: '1' }]);
  });

  test('tells a bad row with its line, and reads the rows around it', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => `${1_700_000_000 + index},${index}`);
    rows[15_000] = '1700015000,1,7';
    rows[15_002] = 'soon,1';
    rows[15_004] = '1700000000';
    const { readings, problems, failure } = await collectText(`time,v\n${rows.join('\n')}\n`);
    expect(failure).toBeUndefined();
    expect(readings).toHaveLength(19_997);
    expect(problems).toEqual([
      { line: 15_002, problem: 'has 3 cells, and the header has 2' },
      { line: 15_004, problem: '"soon" is no time (ISO 8601, or a number since 1970)' },
      { line: 15_006, problem: 'has 1 cells, and the header has 2' },
    ]);
  });

  test('tells units below the header and ids that no sensor can have', async () => {
    const { readings, problems } = await collectText('time,id,v\nUTC,,°C\n2010-01-01,a\u0007,1\n2010-01-01,b,1\n', {
      sensor: 'id',
    });
    expect(readings.map(({ sensorId }) => sensorId)).toEqual(['b']);
    expect(problems).toMatchObject([{ line: 3, problem: expect.stringMatching(/^column "v": .*control/) }]);
  });

  test('whose quote is never closed gives the rows before it, and says where it was', async () => {
    const rows = Array.from({ length: 300_000 }, (_, index) => `${1_700_000_000 + index},${index}`);
    rows[1_000] = '1700001000,"5';
    rows[250_000] = '1700250000,"5';
    const { readings, failure } = await collectText(`time,v\n${rows.join('\n')}\n`);
    expect(readings).toHaveLength(1_000);
    expect(failure).toMatchObject({ message: expect.stringMatching(/a quote that opens in line 1002 .* not closed/) });
  });

  test.each<[string, string | Uint8Array, string | RegExp, Partial<CsvOptions>]>([
    ['lacks a column', 'time,w\n2010-01-01,1\n', '--value: there is no column "v"; the columns are: time, w', {}],
    ['has the column twice', 'time,v,v\n2010-01-01,1,2\n', '--value: there are several columns "v"', {}],
    ['has no times', 'time,v\nhello,1\n', /^--time: column "time" begins with "hello", .* --time-format/, {}],
    ['has times that can be two', 'time,v\n1/2/2026,1\n', /^--time: "1\/2\/2026" .* d\/M\/yyyy and as M\/d\/yyyy/, {}],
    ['has numbers that can be two', 'time;v\n2026-01-01;1,234\n', /^--decimal: cannot tell .* "1,234"/, {}],
    ['is empty', '', /^--csv: .* is empty$/, {}],
    [
      'is Latin-1',
      Buffer.from('time,v\n2010-01-01,1\n\xfc,2\n', 'latin1'),
      /^--encoding: line 3 is not UTF-8: .*1252/,
      {},
    ],
    ['has another format', 'time,v\n2010-01-01,1\n', /^--time-format: "d.M.yyyy" .* "2010/, { timeFormat: 'd.M.yyyy' }],
  ])('that %s is refused with the reason', async (_, text, message, options) => {
    await expect(read(text, options)).rejects.toThrow(message);
  });

  test('that is not there is refused with its name', async () => {
    const { failure } = await collect({ file: join(folder, 'none.csv'), time: ['t'], values: ['v'] });
    expect(failure).toMatchObject({ message: expect.stringMatching(/^--csv: ENOENT.*none\.csv/) });
  });
});
