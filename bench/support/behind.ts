/** What the server's memory does while its consumers get nowhere and devices go on. */
import { mebibytes } from './figures.ts';
import { HttpLoad } from './http-load.ts';
import { startServer } from './measured-process.ts';
import { CONNECTIONS } from './pipeline.ts';
import { requestBodies } from './readings.ts';
import { readingsTarget } from './targets.ts';

/** Small, so that the bound is reached soon. */
export const BOUND_MIB = 64;
const SENSORS = 1_000;

/** @returns Resident memory in MiB after each portion of readings. */
export async function memoryBehind(portions: number, readings: number): Promise<number[]> {
  const server = await startServer(['--retention-mib', String(BOUND_MIB), '--log-level', 'fatal']);
  const load = new HttpLoad(CONNECTIONS);
  const lab = { url: `${server.url}/lab/faults`, headers: { 'content-type': 'application/json' }, status: 201 };
  for (const target of ['archive', 'table']) {
    await load.post(lab, Buffer.from(JSON.stringify({ target, fault: 'unavailable' })));
  }
  const bodies = requestBodies('NDJSON', readings, SENSORS);
  const resident: number[] = [];
  for (let portion = 0; portion < portions; portion += 1) {
    await load.send(readingsTarget(server.url, 'NDJSON'), bodies);
    resident.push(mebibytes((await server.usage()).rss));
  }
  load.close();
  await server.stop();
  return resident;
}
