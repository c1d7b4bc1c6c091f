/** CPU time of the whole process, all its threads and the garbage collector, which is what Lambda bills and a laptop heats by. */
import { median } from './statistics.ts';

export interface Work {
  /** Once; must do the same each time. */
  run(): Promise<unknown>;
}

export interface CpuOptions {
  readonly rounds: number;
  /** Each measurement goes on until it has used this much: the clock of the system is coarse. */
  readonly leastMillis: number;
}

export interface Comparison {
  /** Microseconds of CPU a run, median over the rounds. */
  readonly ours: number;
  readonly base: number;
  /** Median of the ratios of each round: both sides of one are measured right after each other. */
  readonly ratio: number;
}

/** The two in turn, first once unmeasured, so that both are compiled. */
export async function compareCpu(ours: Work, base: Work, { rounds, leastMillis }: CpuOptions): Promise<Comparison> {
  await microsPerRun(ours, leastMillis);
  await microsPerRun(base, leastMillis);
  const pairs: { readonly ours: number; readonly base: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    pairs.push({ ours: await microsPerRun(ours, leastMillis), base: await microsPerRun(base, leastMillis) });
  }
  return {
    ours: median(pairs.map((pair) => pair.ours)),
    base: median(pairs.map((pair) => pair.base)),
    ratio: median(pairs.map((pair) => pair.ours / pair.base)),
  };
}

async function microsPerRun(work: Work, leastMillis: number): Promise<number> {
  const start = process.cpuUsage();
  for (let runs = 1; ; runs += 1) {
    await work.run();
    const { user, system } = process.cpuUsage(start);
    if (user + system >= leastMillis * 1_000) return (user + system) / runs;
  }
}
