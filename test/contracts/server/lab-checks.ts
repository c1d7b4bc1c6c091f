/** The fleet with its scoreboard, and the lab. */
import { expect } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { type Checks, type ContractServer, getJson, postJson } from './fixture.ts';

interface Fleet {
  readonly running: boolean;
  readonly counts: { readonly total: { readonly accepted: number } } | null;
}
interface Faults {
  readonly faults: readonly { readonly id: string; readonly target: string }[];
}

const readFleet = (server: ContractServer) => getJson<Fleet>(server, '/lab/fleet');
const readFaults = (server: ContractServer) => getJson<Faults>(server, '/lab/faults');

async function stopFleet({ url }: ContractServer): Promise<Fleet> {
  const response = await fetch(`${url}/lab/fleet`, { method: 'DELETE' });
  expect(response.status).toBe(200);
  return (await response.json()) as Fleet;
}

const slowArchive = { target: 'archive', fault: 'slow', delayMillis: 1 };

async function inject(server: ContractServer): Promise<string> {
  const response = await postJson(server, '/lab/faults', slowArchive);
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

function change({ url }: ContractServer, mapping: string, changes: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${url}/lab/mappings/${mapping}`, { method: 'PATCH', headers, body: JSON.stringify(changes) });
}

const openShards = async (server: ContractServer) => {
  const shards = await server.services.shardReader.listShards();
  return shards.filter(({ endingSequenceNumber }) => endingSequenceNumber === undefined);
};

export const labChecks: Readonly<Record<string, Checks>> = {
  'POST /lab/fleet': {
    'starts a fleet, one at a time, whose readings are taken': async (server) => {
      const started = await postJson(server, '/lab/fleet', { devices: 3, rate: 50, transport: 'kinesis' });
      expect(started.status).toBe(201);
      await eventually(async () => ((await readFleet(server)).counts?.total.accepted ?? 0) >= 5);
      expect((await postJson(server, '/lab/fleet', {})).status).toBe(409);
      await stopFleet(server);
    },
  },
  'GET /lab/fleet': {
    'shows a fleet that has stopped': async (server) => {
      expect(await readFleet(server)).toMatchObject({ running: false });
    },
  },
  'DELETE /lab/fleet': {
    'stops the fleet, and does nothing where none runs': async (server) => {
      await postJson(server, '/lab/fleet', { devices: 1, rate: 1 });
      expect(await stopFleet(server)).toMatchObject({ running: false });
      expect(await stopFleet(server)).toMatchObject({ running: false });
    },
  },
  'GET /scoreboard': {
    'finds everything that a fleet sent, and nothing lost': async (server) => {
      await postJson(server, '/lab/fleet', { devices: 3, rate: 50, durationSeconds: 0.5 });
      await eventually(async () => !(await readFleet(server)).running);
      const accepted = (await readFleet(server)).counts?.total.accepted ?? 0;
      expect(accepted).toBeGreaterThan(0);
      const score = () => getJson<{ archived: number; pending: number }>(server, '/scoreboard');
      await eventually(async () => {
        const { archived, pending } = await score();
        return archived === accepted && pending === 0;
      });
      expect(await score()).toMatchObject({
        accepted,
        archived: accepted,
        stored: accepted,
        lost: 0,
        missingInTable: 0,
      });
    },
  },
  'GET /lab/faults': {
    'lists what can be injected': async (server) => {
      const { catalogue } = await getJson<{ catalogue: object[] }>(server, '/lab/faults');
      expect(catalogue).toContainEqual(expect.objectContaining({ target: 'archive', fault: 'slow' }));
    },
  },
  'POST /lab/faults': {
    'injects a fault': async (server) => {
      const id = await inject(server);
      expect((await readFaults(server)).faults).toContainEqual(expect.objectContaining({ id, target: 'archive' }));
    },
  },
  'DELETE /lab/faults/:id': {
    'removes a fault once': async (server) => {
      const url = `${server.url}/lab/faults/${await inject(server)}`;
      expect((await fetch(url, { method: 'DELETE' })).status).toBe(200);
      expect((await fetch(url, { method: 'DELETE' })).status).toBe(404);
    },
  },
  'DELETE /lab/faults': {
    'removes every fault': async (server) => {
      await inject(server);
      const response = await fetch(`${server.url}/lab/faults`, { method: 'DELETE' });
      expect(await response.json()).toEqual({ faults: [] });
    },
  },
  'POST /lab/shards/:shardId/split': {
    'closes a shard and opens two': async (server) => {
      const before = await openShards(server);
      const response = await postJson(server, `/lab/shards/${before[0]!.shardId}/split`, {});
      expect(response.status).toBe(200);
      expect(await openShards(server)).toHaveLength(before.length + 1);
    },
  },
  'POST /lab/shards/:shardId/merge': {
    'closes two shards and opens one': async (server) => {
      const before = [...(await openShards(server))].sort((a, b) =>
        BigInt(a.startingHashKey) < BigInt(b.startingHashKey) ? -1 : 1,
      );
      const adjacentShardId = before[1]!.shardId;
      const response = await postJson(server, `/lab/shards/${before[0]!.shardId}/merge`, { adjacentShardId });
      expect(response.status).toBe(200);
      expect(await openShards(server)).toHaveLength(before.length - 1);
    },
  },
  'PATCH /lab/mappings/:mapping': {
    'disables a consumer that runs here, and enables it': async (server) => {
      const { names } = server.services.identity;
      // While a change is under way the next one is refused with 409.
      for (const enabled of [false, true]) {
        await eventually(async () => (await change(server, names.archiveEvents, { enabled })).status === 202);
      }
    },
    'does not know another': async (server) => {
      expect((await change(server, 'nothing', { enabled: true })).status).toBe(404);
    },
  },
  'GET /lab/clock': {
    'tells the time of the pipeline': async (server) => {
      expect(await getJson(server, '/lab/clock')).toMatchObject({ now: expect.any(String), offsetMillis: 0 });
    },
  },
  'POST /lab/clock': {
    'moves it forward': async (server) => {
      expect((await postJson(server, '/lab/clock', { advanceSeconds: 1 })).status).toBe(200);
      expect(await getJson(server, '/lab/clock')).toMatchObject({ offsetMillis: 1_000 });
    },
  },
};
