/** What the server holds before the contract looks at it: readings of every kind, put through every door that takes them. */
import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import type { AppServices } from '../../../local-server/app.ts';
import { pipeline } from '../../support/running-server.ts';
import { eventually } from '../../support/eventually.ts';
import type { Side } from './differences.ts';

/** A running server with two shards, a fleet that may run, and `contractPipeline`. */
export interface ContractServer {
  readonly side: Side;
  readonly url: string;
  readonly services: AppServices;
  close(): Promise<void>;
}

/** What is looked at, by title. */
export type Checks = Readonly<Record<string, (server: ContractServer) => Promise<void>>>;

/** A batch that fails is given up at once, so that there are failures to show. */
export const contractPipeline: typeof pipeline = {
  ...pipeline,
  storeReadings: {
    ...pipeline.storeReadings,
    mapping: { ...pipeline.storeReadings.mapping, maximumRetryAttempts: 0 },
  },
};

/** Where the history of `SENSOR` begins, a minute per reading. */
const START = Date.UTC(2026, 0, 1);
export const SENSOR = 'contract/Küche 1';
export const VALUES = [20, 21, 22, 23, 24];
/** Bytes that are no reading. */
export const REJECTED = Buffer.from([0xff, 0x00]);
/** The table refuses the readings of this sensor for good. */
export const GIVEN_UP = 'contract-given-up';
export const MEASURED = 'contract-measured';

export const at = (minute: number): string => new Date(START + minute * 60_000).toISOString();

export async function getJson<Body>(server: ContractServer, path: string): Promise<Body> {
  const response = await fetch(server.url + path);
  if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Body;
}

export function postJson(server: ContractServer, path: string, body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

export function kinesisClient({ url, services }: ContractServer): KinesisClient {
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  return new KinesisClient({ endpoint: url, region: services.identity.region, credentials });
}

/** A call of Kinesis below the SDK, which would not send what is wrong. */
export function callKinesis(server: ContractServer, operation: string, input: object): Promise<Response> {
  return fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Kinesis_20131202.${operation}` },
    body: JSON.stringify(input),
  });
}

/** A call of another service, as far as the server looks at signatures. */
export function callAws(server: ContractServer, service: string, method: string, path: string, body?: string) {
  const authorization = `AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/${service}/aws4_request, Signature=0`;
  return fetch(server.url + path, { method, headers: { authorization }, ...(body !== undefined && { body }) });
}

export interface QuarantinePage {
  readonly records: readonly { readonly key: string; readonly reason: string; readonly raw: string }[];
  readonly more: boolean;
}
export interface ObjectsPage {
  readonly objects: readonly { readonly key: string; readonly size: number }[];
  readonly more: boolean;
}

/** Fills the server, and waits until both consumers are done with what came in. */
export async function fill(server: ContractServer): Promise<void> {
  const { sensorDataTable } = server.services;
  const put = sensorDataTable.put.bind(sensorDataTable);
  sensorDataTable.put = async (readings, options) => {
    if (readings.some(({ sensorId }) => sensorId === GIVEN_UP)) throw new TypeError('a bug, by this test');
    return put(readings, options);
  };

  const readings = VALUES.map((value, minute) => ({ sensorid: SENSOR, value, timestamp: at(minute) }));
  await postJson(server, '/readings', [
    ...readings,
    { sensorid: GIVEN_UP, value: 1 },
    { sensorid: MEASURED, value: 1 },
    { sensorid: MEASURED, value: 3, timestamp: new Date(Date.now() - 60_000).toISOString() },
  ]);
  const kinesis = kinesisClient(server);
  const StreamName = server.services.identity.names.stream;
  await kinesis.send(new PutRecordCommand({ StreamName, PartitionKey: 'contract-rejected', Data: REJECTED }));
  kinesis.destroy();

  const sensor = encodeURIComponent(SENSOR);
  await eventually(async () => {
    const [history, { records }, failures, archive] = await Promise.all([
      getJson<{ readings: object[] }>(server, `/sensors/${sensor}/readings`),
      getJson<QuarantinePage>(server, '/quarantine'),
      getJson<ObjectsPage>(server, '/failures'),
      getJson<ObjectsPage>(server, '/archive'),
    ]);
    const counts = [history.readings.length, records.length, failures.objects.length, archive.objects.length];
    return counts.every((count, index) => count >= [VALUES.length, 1, 1, 1][index]!) && archivedAll(server, archive);
  });
}

async function archivedAll(server: ContractServer, { objects }: ObjectsPage): Promise<boolean> {
  const texts = await Promise.all(objects.map(async ({ key }) => (await fetch(`${server.url}/archive/${key}`)).text()));
  return texts.join('').trimEnd().split('\n').length >= VALUES.length + 4;
}
