/** The page, the documents, and what the server says about itself. */
import { PutRecordCommand } from '@aws-sdk/client-kinesis';
import { expect } from '@jest/globals';
import { watchEvents } from '../../support/event-feed.ts';
import { eventually } from '../../support/eventually.ts';
import { facts } from './differences.ts';
import { type Checks, type ContractServer, getJson, kinesisClient, postJson, REJECTED } from './fixture.ts';

const serves = (path: string, type: string): Checks => ({
  [`serves ${type}`]: async ({ url }) => {
    const response = await fetch(url + path);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringContaining(type)]);
    expect((await response.text()).length).toBeGreaterThan(50);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  },
});

interface Mapping {
  readonly name: string;
  readonly oldestRecordAgeMillis: number;
  readonly invocations: number;
  readonly givenUpRecords: number;
  readonly shards: readonly { readonly shardId: string; readonly recordsBehind: number | null }[];
}

async function putRejected(server: ContractServer): Promise<void> {
  const kinesis = kinesisClient(server);
  const StreamName = server.services.identity.names.stream;
  await kinesis.send(new PutRecordCommand({ StreamName, PartitionKey: 'contract-watched', Data: REJECTED }));
  kinesis.destroy();
}

export const pageChecks: Readonly<Record<string, Checks>> = {
  'GET /': {
    ...serves('/', 'text/html'),
    'has a strict policy': async ({ url }) => {
      const policy = (await fetch(url)).headers.get('content-security-policy');
      expect(policy).toContain("default-src 'self'");
      expect(policy).not.toContain('unsafe');
    },
  },
  'GET /console.js': serves('/console.js', 'javascript'),
  'GET /console-feed.js': serves('/console-feed.js', 'javascript'),
  'GET /console.css': serves('/console.css', 'text/css'),
  'GET /docs': serves('/docs', 'text/html'),
  'GET /docs/docs.js': serves('/docs/docs.js', 'javascript'),
  'GET /docs/swagger-ui.css': serves('/docs/swagger-ui.css', 'text/css'),
  'GET /docs/swagger-ui-bundle.js': serves('/docs/swagger-ui-bundle.js', 'javascript'),
  'GET /docs/json': {
    'is the document of the interface': async (server) => {
      const document = await getJson<{ openapi: string; paths: object }>(server, '/docs/json');
      expect(document.openapi).toBe('3.1.0');
      expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(['/readings', '/archive', '/lab/fleet']));
    },
  },
  'GET /session': {
    'says that no token is needed on loopback': async (server) => {
      expect(await getJson(server, '/session')).toMatchObject({ tokenRequired: false });
    },
  },
  'POST /session': {
    'takes any token where none is needed': async (server) => {
      const response = await postJson(server, '/session', { token: 'anything' });
      expect([response.status, await response.json()]).toEqual([200, { tokenRequired: false, authenticated: true }]);
    },
  },
  'DELETE /session': {
    'logs out': async ({ url }) => {
      expect((await fetch(`${url}/session`, { method: 'DELETE' })).status).toBe(204);
    },
  },
  'GET /health': {
    'says who it is': async (server) => {
      expect(await getJson(server, '/health')).toMatchObject({ status: 'ok', stack: 'iot', adapters: server.side });
      expect(server.services.identity.accountId).toBe(facts.accountId[server.side]);
    },
  },
  'GET /ready': {
    'is ready, without problems': async (server) => {
      expect(await getJson(server, '/ready')).toMatchObject({ status: 'ready', stack: 'iot', problems: [] });
    },
  },
  'GET /account': {
    'finds every record on both sides, and names what was given up': async (server) => {
      interface Account {
        text: string;
        verdict: string;
        accepted: { http: number; kinesis: number };
        fromOthers: number;
        archive: Record<string, number>;
        store: Record<string, number>;
        problems: { kind: string; side: string; records: number }[];
      }
      const read = () => getJson<Account>(server, '/account');
      await eventually(async () => {
        const { archive, store } = await read();
        return archive.pending === 0 && store.pending === 0;
      });
      const { verdict, text, accepted, fromOthers, archive, store, problems } = await read();
      const total = accepted.http + accepted.kinesis + fromOthers;
      const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
      expect(accepted.http).toBeGreaterThan(0);
      expect(accepted.kinesis).toBeGreaterThan(0);
      expect([sum(archive), sum(store)]).toEqual([total, total]);
      expect(problems).toMatchObject([{ kind: 'given up', side: 'store', records: 1 }]);
      expect([verdict, text]).toEqual(['problems', '1 problem']);
    },
  },
  'GET /metrics': {
    'has the figures of the account and the consumers, as Prometheus reads them': async ({ url, services }) => {
      const response = await fetch(`${url}/metrics`);
      expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      const lines = (await response.text()).trim().split('\n');
      const sample = /^([a-z_0-9]+)(\{(?:[a-z_]+="[^"]*",?)+\})? (-?[\d.e+-]+)$/;
      const samples = lines
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => sample.exec(line) ?? [line]);
      expect(samples.filter(({ length }) => length === 1)).toEqual([]);
      const values = new Map(samples.map(([, name, labels = '', value]) => [`${name}${labels}`, Number(value)]));
      const { accepted, store } = services.accountState.read();
      expect(accepted.http).toBeGreaterThan(0);
      expect(values.get('iot_records_accepted_total{door="http"}')).toBe(accepted.http);
      const settled = 'iot_records_settled_total{consumer="store-readings",outcome="quarantined"}';
      expect(values.get(settled)).toBe(store.quarantined);
      expect(values.get('iot_verdict{verdict="problems"}')).toBe(1);
      expect(values.get('iot_verdict{verdict="all stored"}')).toBe(0);
      expect(values.get('iot_problem_records{kind="given up"}')).toBe(1);
      expect(values.get('iot_server_problems')).toBe(0);
    },
  },
  'GET /pipeline': {
    'shows the shards, both consumers, and what they gave up': async (server) => {
      const { stream, mappings, problems } = await getJson<{
        stream: { name: string; shards: { shardId: string }[] };
        mappings: Mapping[];
        problems: object[];
      }>(server, '/pipeline');
      const { names } = server.services.identity;
      expect(stream.name).toBe(names.stream);
      expect(stream.shards.length).toBeGreaterThanOrEqual(2);
      expect(mappings.map(({ name }) => name)).toEqual([names.archiveEvents, names.storeReadings]);
      expect(mappings.map(({ givenUpRecords }) => givenUpRecords)).toEqual([0, 1]);
      for (const { invocations, oldestRecordAgeMillis, shards } of mappings) {
        expect(invocations).toBeGreaterThan(0);
        expect(oldestRecordAgeMillis).toBeGreaterThanOrEqual(0);
        expect(shards.length).toBeGreaterThanOrEqual(2);
        const counted = shards.every(({ recordsBehind }) => typeof recordsBehind === 'number');
        if (facts.countsRecordsBehind[server.side]) expect(counted).toBe(true);
      }
      expect(problems).toEqual([]);
    },
    'tells the load of the process': async (server) => {
      const { process: load } = await getJson<{ process: object }>(server, '/pipeline');
      expect(load).toMatchObject({ rssBytes: expect.any(Number), heapUsedBytes: expect.any(Number) });
    },
  },
  'GET /events': {
    'tells what happens to a reading, and to a record that is none': async (server) => {
      const feed = await watchEvents(server.url);
      const timestamp = new Date().toISOString();
      await postJson(server, '/readings', { sensorid: 'contract-watched', value: 1, timestamp });
      await putRejected(server);
      const types = ['pipeline', 'archived', 'stored', 'quarantined', 'metrics', 'invocation'];
      await eventually(() => types.every((type) => feed.of(type).length > 0));
      expect(feed.of<{ readings: object[] }>('stored')[0]?.readings[0]).toMatchObject({
        sensorId: 'contract-watched',
        timestamp,
        value: 1,
      });
      expect(feed.of('quarantined')[0]).toMatchObject({ partitionKey: 'contract-watched' });
      await feed.close();
    },
    'ends with HEAD at once': async ({ url }) => {
      const response = await fetch(`${url}/events`, { method: 'HEAD' });
      expect([response.status, response.headers.get('content-type')]).toEqual([
        200,
        expect.stringContaining('text/event-stream'),
      ]);
    },
  },
};
