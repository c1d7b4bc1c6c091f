/** How long it takes until a reading that was put can be read, while a fleet puts others. */
import { setTimeout as pause } from 'node:timers/promises';
import { HttpLoad } from './http-load.ts';
import { startServer } from './measured-process.ts';
import { readings } from './readings.ts';
import { readingsTarget } from './targets.ts';

const RATE = 1_000;
/** The fleet puts so many at once, and a probe goes out as often as that comes around. */
const READINGS_PER_REQUEST = 20;
const INTERVAL_MILLIS = (READINGS_PER_REQUEST * 1_000) / RATE;

/** In which both processes compile what they run often; not counted. */
const WARM_UP_SECONDS = 2;

/** @returns Milliseconds from the put of each probe to the first answer of the history that has it. */
export async function putToVisible(seconds: number): Promise<number[]> {
  const server = await startServer();
  const load = new HttpLoad(64);
  const target = readingsTarget(server.url, 'NDJSON');
  const warmUpTurns = (WARM_UP_SECONDS * 1_000) / INTERVAL_MILLIS;
  const turns = warmUpTurns + (seconds * 1_000) / INTERVAL_MILLIS;
  const fleet = readings(turns * READINGS_PER_REQUEST, RATE);
  const startedAt = performance.now();
  const probes: Promise<number>[] = [];
  const puts: Promise<void>[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    // By the clock: a request that takes long does not make the load smaller.
    await pause(Math.max(0, startedAt + turn * INTERVAL_MILLIS - performance.now()));
    const batch = Array.from({ length: READINGS_PER_REQUEST }, () => fleet.next().value?.json ?? '');
    puts.push(load.post(target, Buffer.from(batch.join('\n'))));
    probes.push(probe(server.url, load, turn));
  }
  await Promise.all(puts);
  const millis = await Promise.all(probes.slice(warmUpTurns));
  load.close();
  await server.stop();
  return millis;
}

async function probe(url: string, load: HttpLoad, turn: number): Promise<number> {
  const sensorid = `probe-${turn}`;
  const startedAt = performance.now();
  await load.post(readingsTarget(url, 'JSON'), Buffer.from(JSON.stringify({ sensorid, value: turn })));
  for (;;) {
    const response = await fetch(`${url}/sensors/${sensorid}/readings?limit=1`);
    const { readings: found } = (await response.json()) as { readonly readings: readonly unknown[] };
    if (found.length > 0) return performance.now() - startedAt;
  }
}
