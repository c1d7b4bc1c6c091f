/** Which routes a server has, and which operations each of its AWS doors offers: told by the server, not by a list. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { callAws, callKinesis, type ContractServer } from './fixture.ts';

/** Fastify tells of each server that it makes on this channel, before it has routes. */
const CHANNEL = 'fastify.initialization';

/** Builds a server and answers with the routes that it registered: `GET /archive/*`, `ALL /* (kinesis)`. */
export async function routesOf<Server>(build: () => Promise<Server>): Promise<{ server: Server; routes: Set<string> }> {
  const routes = new Set<string>();
  const listen = (message: unknown): void => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook('onRoute', (route) => namesOf(route).forEach((name) => routes.add(name)));
  };
  subscribe(CHANNEL, listen);
  try {
    return { server: await build(), routes };
  } finally {
    unsubscribe(CHANNEL, listen);
  }
}

function namesOf({ method, url, constraints }: RouteOptions): string[] {
  const door = (constraints as { readonly aws?: string } | undefined)?.aws;
  const path = door === undefined ? url : `${url} (${door})`;
  const methods = [method].flat();
  return methods.includes('TRACE') ? [`ALL ${path}`] : methods.map((each) => `${each} ${path}`);
}

/** `kinesis PutRecord` …: a door that refuses an operation names those that it has. */
export async function operationsOf(server: ContractServer): Promise<string[]> {
  const refusals = {
    kinesis: callKinesis(server, 'NoSuchOperation', {}),
    lambda: callAws(server, 'lambda', 'DELETE', '/2015-03-31/no-such-operation'),
    s3: callAws(server, 's3', 'GET', '/bucket?acl'),
  };
  const offered = Object.entries(refusals).map(async ([door, refusal]) => {
    const text = await (await refusal).text();
    if (!text.includes('is not offered here.')) throw new Error(`${door} took what no service has: ${text}`);
    const list = /not offered here\. \w+ has ([\w, ]+) here\./.exec(text)?.[1];
    return (list?.split(', ') ?? []).map((operation) => `${door} ${operation}`);
  });
  return (await Promise.all(offered)).flat();
}
