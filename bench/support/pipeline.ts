/** What a benchmark asks the running server: whether everything that was put has gone all the way. */
import { setTimeout as pause } from 'node:timers/promises';
import { HttpLoad } from './http-load.ts';
import { targetOf } from './targets.ts';
import type { Format } from './readings.ts';

interface PipelineState {
  readonly mappings: readonly {
    readonly name: string;
    readonly records: number;
    readonly givenUpRecords: number;
    readonly trimmedRecords: number;
    readonly shards: readonly { readonly recordsBehind: number | null }[];
  }[];
}

export const CONNECTIONS = 4;
const POLL_MILLIS = 20;

export interface EndToEnd {
  /** From the first request to the last answer. */
  readonly putSeconds: number;
  /** From the first request to the moment in which both consumers are done. */
  readonly seconds: number;
}

/** Puts everything and waits until it is archived and stored. @throws Error where a reading went another way. */
export async function putThrough(
  url: string,
  format: Format,
  bodies: readonly Buffer[],
  readings: number,
): Promise<EndToEnd> {
  const before = await recordsDone(url);
  const startedAt = performance.now();
  const load = new HttpLoad(CONNECTIONS);
  const putSeconds = await load.send(targetOf(url, format), bodies);
  load.close();
  await caughtUp(url);
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = await recordsDone(url);
  for (const [name, done] of after) {
    const count = done - (before.get(name) ?? 0);
    if (count !== readings) throw new Error(`${name} was handed ${count} records, not ${readings}`);
  }
  const { records } = (await getJson(`${url}/quarantine?limit=1`)) as { readonly records: readonly unknown[] };
  if (records.length > 0) throw new Error('a reading is in the quarantine and not in the table');
  return { putSeconds, seconds };
}

/** Resolves when the checkpoints of both consumers have moved past everything. */
async function caughtUp(url: string): Promise<void> {
  for (;;) {
    const { mappings } = await pipelineState(url);
    if (mappings.every(({ shards }) => shards.every(({ recordsBehind }) => recordsBehind === 0))) return;
    await pause(POLL_MILLIS);
  }
}

/** Records that each consumer is done with. @throws Error where it lost or gave up some. */
async function recordsDone(url: string): Promise<ReadonlyMap<string, number>> {
  const { mappings } = await pipelineState(url);
  for (const { name, givenUpRecords, trimmedRecords } of mappings) {
    if (givenUpRecords + trimmedRecords > 0) {
      throw new Error(`${name} gave up ${givenUpRecords} records and never saw ${trimmedRecords}`);
    }
  }
  return new Map(mappings.map(({ name, records }) => [name, records]));
}

async function pipelineState(url: string): Promise<PipelineState> {
  return (await getJson(`${url}/pipeline`)) as PipelineState;
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}
