/**
 * What more shards and more sensors do to one server: readings a second all the way, and memory. Each pair has a server of
 * its own, so that none inherits what another left behind.
 */
import { writeFile } from 'node:fs/promises';
import type { Answer, Question, Table } from './question.ts';
import { formatCount, mebibytes } from './support/figures.ts';
import { lineChart } from './support/line-chart.ts';
import { startServer } from './support/measured-process.ts';
import { putThrough } from './support/pipeline.ts';
import { requestBodies } from './support/readings.ts';
import { median } from './support/statistics.ts';

const chartFile = new URL('growth.svg', import.meta.url);

interface Load {
  readonly shards: readonly number[];
  readonly sensors: readonly number[];
  readonly readings: number;
  readonly rounds: number;
}

const full: Load = { shards: [1, 2, 4, 8, 16], sensors: [100, 10_000, 100_000], readings: 400_000, rounds: 3 };
const quick: Load = { shards: [2, 16], sensors: [10_000], readings: 20_000, rounds: 1 };

/** Of one pair: medians over the rounds. */
interface Point {
  readonly shards: number;
  readonly sensors: number;
  readonly readingsPerSecond: number;
  readonly peakMebibytes: number;
}

export const question: Question = {
  name: 'growth',
  title: 'Growth',

  async measure(effort, say): Promise<Answer> {
    const load = effort.quick ? quick : full;
    const points: Point[] = [];
    for (const sensors of load.sensors) {
      const bodies = requestBodies('NDJSON', load.readings, sensors);
      for (const shards of load.shards) {
        say(`${shards} shards, ${formatCount(sensors)} sensors`);
        points.push(await measurePoint(shards, sensors, bodies, load));
      }
    }
    if (!effort.quick) await writeFile(chartFile, chart(load, points));
    return {
      findings: spread(points),
      tables: [
        pointsTable(load, points, 'Readings a second, archived and stored', ({ readingsPerSecond }) =>
          formatCount(readingsPerSecond),
        ),
        pointsTable(load, points, 'Memory at most, MiB', ({ peakMebibytes }) => peakMebibytes.toFixed(0)),
      ],
      notes: [`${formatCount(load.readings)} readings each.`, ...(effort.quick ? [] : ['As a plot: growth.svg.'])],
    };
  },
};

async function measurePoint(
  shards: number,
  sensors: number,
  bodies: readonly Buffer[],
  { readings, rounds }: Load,
): Promise<Point> {
  const seconds: number[] = [];
  const peaks: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const server = await startServer(['--shards', String(shards)]);
    seconds.push((await putThrough(server.url, 'NDJSON', bodies, readings)).seconds);
    peaks.push(mebibytes((await server.usage()).peakRss));
    await server.stop();
  }
  return { shards, sensors, readingsPerSecond: readings / median(seconds), peakMebibytes: median(peaks) };
}

function spread(points: readonly Point[]) {
  const rates = points.map(({ readingsPerSecond }) => readingsPerSecond);
  const peaks = points.map(({ peakMebibytes }) => peakMebibytes);
  return [
    {
      what: 'Throughput: the slowest pair against the fastest',
      measured: `${(Math.min(...rates) / Math.max(...rates)).toFixed(2)} ×`,
    },
    {
      what: 'Memory: the largest pair against the smallest',
      measured: `${(Math.max(...peaks) / Math.min(...peaks)).toFixed(2)} ×`,
    },
  ];
}

function pointsTable(
  { shards, sensors }: Load,
  points: readonly Point[],
  caption: string,
  cell: (point: Point) => string,
): Table {
  return {
    caption,
    columns: ['shards', ...sensors.map((count) => `${formatCount(count)} sensors`)],
    rows: shards.map((row) => [String(row), ...points.filter((point) => point.shards === row).map(cell)]),
  };
}

function chart({ shards, sensors }: Load, points: readonly Point[]): string {
  const panel = (title: string, unit: string, value: (point: Point) => number) => ({
    title,
    unit,
    xLabel: 'shards',
    categories: shards.map(String),
    series: sensors.map((count) => ({
      name: `${formatCount(count)} sensors`,
      values: points.filter((point) => point.sensors === count).map(value),
    })),
  });
  return lineChart({
    title: 'One server as shards and sensors grow',
    panels: [
      panel('Archived and stored', 'readings/s', ({ readingsPerSecond }) => readingsPerSecond),
      panel('Memory at most', 'MiB', ({ peakMebibytes }) => peakMebibytes),
    ],
  });
}
