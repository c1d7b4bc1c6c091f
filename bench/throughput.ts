/**
 * How many readings a second go all the way on one machine, how that compares with what people would use instead, and how
 * long one reading takes. The client is the same for all sides: 500 readings a request over four connections.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { startMoto } from '../test/support/moto.ts';
import { findExecutable } from '../test/support/find-executable.ts';
import type { Answer, Finding, Question, Table } from './question.ts';
import { BOUND_MIB, memoryBehind } from './support/behind.ts';
import { formatCount, mebibytes } from './support/figures.ts';
import { HttpLoad } from './support/http-load.ts';
import { type MeasuredProcess, npmStart, startMeasured, startServer } from './support/measured-process.ts';
import { CONNECTIONS, putThrough } from './support/pipeline.ts';
import { type Format, requestBodies, STREAM_NAME } from './support/readings.ts';
import { median, percentile } from './support/statistics.ts';
import { kinesisTarget, readingsTarget } from './support/targets.ts';
import { putToVisible } from './support/visibility.ts';

const SENSORS = 1_000;
const PEER_RATIO = 5;
const BARE_SHARE = 0.5;
/** Beyond the batching window, which is 0 for the table. */
const VISIBLE_MILLIS = 50;

interface Sizes {
  readonly rounds: number;
  /** Readings a round, after a tenth of them that are not counted; a slow side gets fewer. */
  readonly ours: number;
  readonly kinesalite: number;
  /** 0: not compared. */
  readonly moto: number;
  readonly ingest: number;
  readonly visibleSeconds: number;
  /** Readings a portion, of which there are four; 0: not measured. */
  readonly behind: number;
}

const full: Sizes = {
  rounds: 5,
  ours: 2_000_000,
  kinesalite: 100_000,
  moto: 20_000,
  ingest: 300_000,
  visibleSeconds: 20,
  behind: 1_000_000,
};
const quick: Sizes = {
  rounds: 1,
  ours: 80_000,
  kinesalite: 15_000,
  moto: 0,
  ingest: 30_000,
  visibleSeconds: 1,
  behind: 0,
};

export const question: Question = {
  name: 'throughput',
  title: 'Offline throughput',

  async measure(effort, say): Promise<Answer> {
    const sizes = effort.quick ? quick : full;
    const endToEnd = await measureEndToEnd(sizes, say);
    const ingest = await measureIngest(sizes, say);
    say('put to visible');
    const visible = await putToVisible(sizes.visibleSeconds);
    const behind = sizes.behind === 0 ? [] : [await measureBehind(sizes.behind, say)];
    return {
      findings: [...endToEnd.findings, ...ingest.findings, visibleFinding(visible), ...behind],
      tables: [...endToEnd.tables, ...ingest.tables],
      notes: [
        ...endToEnd.notes,
        ...(effort.quick ? ['Not in a quick run: moto_server, and memory while the stores are down.'] : []),
      ],
    };
  },
};

/** Each round has every side once, so that a change of the machine's speed meets all. */
async function measureEndToEnd(sizes: Sizes, say: (progress: string) => void): Promise<Answer> {
  const moto = sizes.moto === 0 ? undefined : findExecutable('moto_server');
  const rates = { ours: [] as number[], ingest: [] as number[], kinesalite: [] as number[], moto: [] as number[] };
  const peaks: number[] = [];
  for (let round = 1; round <= sizes.rounds; round += 1) {
    say(`end to end, round ${round} of ${sizes.rounds}`);
    const ours = await oursEndToEnd(sizes.ours);
    rates.ours.push(ours.rate);
    rates.ingest.push(ours.putRate);
    peaks.push(ours.peakMebibytes);
    rates.kinesalite.push(await kinesalitePuts(sizes.kinesalite));
    if (moto !== undefined) rates.moto.push(await motoPuts(moto, sizes.moto));
  }
  const ratioTo = (peer: readonly number[]) => median(rates.ours.map((rate, round) => rate / (peer[round] ?? NaN)));
  const ratio = ratioTo(rates.kinesalite);
  const findings: Finding[] = [
    {
      what: 'HTTP request to archived and stored, against PutRecords alone into kinesalite',
      measured: `${ratio.toFixed(1)} ×`,
      target: { text: `≥ ${PEER_RATIO} ×`, met: ratio >= PEER_RATIO },
    },
  ];
  if (moto !== undefined) {
    findings.push({
      what: 'the same against PutRecords alone into moto_server',
      measured: `${ratioTo(rates.moto).toFixed(0)} ×`,
    });
  }
  return {
    findings,
    tables: [
      {
        caption: `Readings a second, ${sizes.rounds === 1 ? 'one round' : `median of ${sizes.rounds} rounds`}`,
        columns: ['', 'readings/s', 'readings a round'],
        rows: [
          ['this server, archived and stored', perSecond(rates.ours), formatCount(sizes.ours)],
          ['this server, answered (its consumers running)', perSecond(rates.ingest), formatCount(sizes.ours)],
          ['kinesalite, PutRecords alone', perSecond(rates.kinesalite), formatCount(sizes.kinesalite)],
          ...(moto === undefined
            ? []
            : [['moto_server, PutRecords alone', perSecond(rates.moto), formatCount(sizes.moto)]]),
        ],
      },
    ],
    notes: [
      `Memory of this server at most, with ${formatCount(sizes.ours + sizes.ours / 10)} readings in stream, table and archive: ${median(peaks).toFixed(0)} MiB.`,
      'Each round waits once for the batching window of the archiver, a second, which weighs the more the smaller the round is.',
      ...(moto === undefined && sizes.moto > 0 ? ['moto_server is not on PATH: not compared with it.'] : []),
    ],
  };
}

async function oursEndToEnd(count: number) {
  const server = await startServer();
  const put = (readings: number) =>
    putThrough(server.url, 'NDJSON', requestBodies('NDJSON', readings, SENSORS), readings);
  await put(count / 10);
  const { seconds, putSeconds } = await put(count);
  const { peakRss } = await server.usage();
  await server.stop();
  return { rate: count / seconds, putRate: count / putSeconds, peakMebibytes: mebibytes(peakRss) };
}

async function kinesalitePuts(count: number): Promise<number> {
  const engine = await startMeasured('bench/support/kinesalite-process.ts');
  const seconds = await putRecords(engine.url, count);
  await engine.stop();
  return count / seconds;
}

async function motoPuts(executable: string, count: number): Promise<number> {
  const engine = await startMoto(executable);
  const load = new HttpLoad(1);
  const stream = Buffer.from(JSON.stringify({ StreamName: STREAM_NAME, ShardCount: 2 }));
  await load.post(kinesisTarget(engine.url, 'CreateStream'), stream);
  load.close();
  // It makes the stream active a moment later.
  await pause(1_000);
  const seconds = await putRecords(engine.url, count);
  await engine.stop();
  return count / seconds;
}

async function putRecords(url: string, count: number): Promise<number> {
  const load = new HttpLoad(CONNECTIONS);
  const put = (readings: number) =>
    load.send(kinesisTarget(url, 'PutRecords'), requestBodies('PutRecords', readings, SENSORS));
  await put(count / 10);
  const seconds = await put(count);
  load.close();
  return seconds;
}

/** All servers stay up and are warm; the stream of ours keeps what it takes, as it would. */
async function measureIngest(sizes: Sizes, say: (progress: string) => void): Promise<Answer> {
  const answers: { readonly finding: Finding; readonly row: readonly string[] }[] = [];
  for (const format of ['JSON', 'NDJSON'] as const) {
    say(`ingest alone, ${format}`);
    const { ours, bare, keeping } = await ingestRates(format, sizes);
    const share = median(ours.map((rate, round) => rate / (bare[round] ?? NaN)));
    answers.push({
      finding: {
        what: `Ingest alone, ${format}, against a bare Fastify route that parses the same body`,
        measured: `${(share * 100).toFixed(0)} %`,
        target: { text: `≥ ${BARE_SHARE * 100} %`, met: share >= BARE_SHARE },
      },
      row: [format, perSecond(ours), perSecond(bare), perSecond(keeping)],
    });
  }
  const table: Table = {
    caption: 'Ingest alone, readings a second',
    columns: ['', 'this server', 'bare Fastify', 'bare Fastify that keeps the bodies'],
    rows: answers.map(({ row }) => row),
  };
  return { findings: answers.map(({ finding }) => finding), tables: [table], notes: [] };
}

async function ingestRates(format: Extract<Format, 'JSON' | 'NDJSON'>, sizes: Sizes) {
  const { flags } = npmStart;
  const [ours, bare, keeping] = await Promise.all([
    startMeasured('bench/support/ingest-process.ts', [], flags),
    startMeasured('bench/support/fastify-process.ts', [], flags),
    startMeasured('bench/support/fastify-process.ts', ['--keep'], flags),
  ]);
  const bodies = requestBodies(format, sizes.ingest, SENSORS);
  const load = new HttpLoad(CONNECTIONS);
  const rate = async ({ url }: MeasuredProcess) =>
    sizes.ingest / (await load.send(readingsTarget(url, format), bodies));
  const rates = { ours: [] as number[], bare: [] as number[], keeping: [] as number[] };
  for (const side of [ours, bare, keeping]) await rate(side);
  for (let round = 0; round < sizes.rounds; round += 1) {
    rates.ours.push(await rate(ours));
    rates.bare.push(await rate(bare));
    rates.keeping.push(await rate(keeping));
  }
  load.close();
  await Promise.all([ours, bare, keeping].map((side) => side.stop()));
  return rates;
}

function visibleFinding(millis: readonly number[]): Finding {
  const p99 = percentile(millis, 0.99);
  return {
    what: `Put to visible in the history at 1,000 readings a second, p99 of ${millis.length} (p50 ${median(millis).toFixed(1)} ms)`,
    measured: `${p99.toFixed(1)} ms`,
    target: { text: `≤ ${VISIBLE_MILLIS} ms`, met: p99 <= VISIBLE_MILLIS },
  };
}

async function measureBehind(portion: number, say: (progress: string) => void): Promise<Finding> {
  say('memory while the stores are down');
  const quarters = await memoryBehind(4, portion);
  return {
    what: `Memory while both stores are down and the stream may hold ${BOUND_MIB} MiB, in quarters of ${formatCount(portion * 4)} readings`,
    measured: `${quarters.map((mebibyte) => mebibyte.toFixed(0)).join(', ')} MiB`,
  };
}

function perSecond(rates: readonly number[]): string {
  return formatCount(median(rates));
}
