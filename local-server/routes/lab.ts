/**
 * `/lab`: a fleet to watch, faults to inject, the clock to move. Off where everyone in the network could use it.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { catalogue } from '../lab/catalogue.ts';
import type { MappingControl, MappingDescription } from '../delivery/mapping-control.ts';
import type { Fleet } from '../lab/fleet.ts';
import type { Lab } from '../lab/lab.ts';
import {
  AdvanceClock,
  CatalogueReply,
  ChangeMapping,
  ClockReply,
  FaultParams,
  FaultReply,
  FaultsReply,
  FleetReply,
  InjectFault,
  MappingParams,
  MappingReply,
  MergeReply,
  MergeShards,
  ShardParams,
  SplitReply,
  StartFleet,
} from '../lab/schemas.ts';
import { InvalidRequest } from '../../core/errors.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import { MappingInUse } from '../delivery/mapping-control.ts';
import type { AccessToken } from '../http/access-token.ts';
import { sendProblem } from '../http/problem-details.ts';

export interface LabRouteOptions {
  readonly fleet: Fleet;
  /** Absent where the stack is not in memory. */
  readonly lab: Lab | undefined;
  /** None where the consumers of a deployed stack run elsewhere. */
  readonly mappings: readonly MappingControl[];
  /** Whether a fleet may send its readings here. */
  readonly simulation: boolean;
  /** Whether strangers are kept out: the server listens on loopback, or asks for a token. */
  readonly isPrivate: boolean;
  /** What clients must know, the fleet too. */
  readonly token: AccessToken | undefined;
  /** Where the server listens, for clients in this process. */
  readonly origin: () => string;
}

const tags = ['lab'];

export function labRoute(options: LabRouteOptions): FastifyPluginAsyncTypebox {
  const { fleet, lab, mappings, simulation, isPrivate, token, origin } = options;
  return async (app) => {
    app.addHook('onRequest', async (_request, reply) => {
      if (!isPrivate) {
        return sendProblem(reply, {
          status: 403,
          detail:
            'The lab is off: this server can be reached from other machines, and asks for no token. Start it without --no-auth or without --host.',
        });
      }
      return undefined;
    });
    app.addHook('preClose', async () => {
      lab?.close();
      await fleet.close();
    });

    app.get(
      '/lab/fleet',
      { schema: { summary: 'The fleet that runs in the server', tags, response: { 200: FleetReply } } },
      () => fleet.state(),
    );
    app.post(
      '/lab/fleet',
      {
        schema: { summary: 'Start a fleet against this server', tags, body: StartFleet, response: { 201: FleetReply } },
      },
      async ({ body }, reply) => {
        if (!simulation) {
          return sendProblem(reply, {
            status: 403,
            detail:
              'A fleet would write simulated readings into a deployed stack. Start the server with --allow-simulation if you want that.',
          });
        }
        if (fleet.running) {
          return sendProblem(reply, { status: 409, detail: 'A fleet is running; stop it with DELETE /lab/fleet.' });
        }
        const { devices = 10, rate = 10, faults = 0, transport = 'http', durationSeconds = 0, seed } = body;
        return reply
          .code(201)
          .send(
            fleet.start(
              { url: origin(), token: token?.reveal(), isOwn: true },
              { devices, rate, faults, transport, durationSeconds, seed },
            ),
          );
      },
    );
    app.delete('/lab/fleet', { schema: { summary: 'Stop the fleet', tags, response: { 200: FleetReply } } }, () =>
      fleet.stop(),
    );

    app.patch(
      '/lab/mappings/:mapping',
      {
        schema: {
          summary: 'Disable, enable or change an event source mapping',
          tags,
          params: MappingParams,
          body: ChangeMapping,
          response: { 202: MappingReply },
        },
      },
      async ({ params: { mapping: wanted }, body }, reply) => {
        const known = mappings.map((mapping) => ({ mapping, ...mapping.describe() }));
        const found = known.find(({ uuid, functionName }) => uuid === wanted || functionName === wanted);
        if (found === undefined) {
          const names = known.map(({ functionName }) => functionName).join(' and ');
          return sendProblem(reply, {
            status: 404,
            detail:
              known.length === 0
                ? 'No event source mapping runs in this server: the consumers of a deployed stack are changed at AWS.'
                : `There is no event source mapping ${wanted} here, but those of ${names}.`,
          });
        }
        checkChanges(body);
        try {
          return await reply.code(202).send(mappingReply(found.mapping.update(body)));
        } catch (error) {
          if (!(error instanceof MappingInUse)) throw error;
          return sendProblem(reply, { status: 409, detail: error.message });
        }
      },
    );

    await app.register(inMemory(lab));
  };
}

function checkChanges(changes: object): void {
  const known = Object.keys(ChangeMapping.properties);
  for (const name of Object.keys(changes)) {
    if (known.includes(name)) continue;
    throw new InvalidRequest(
      name,
      `cannot be changed while the mapping runs; what can be changed is ${known.join(', ')}`,
    );
  }
}

function mappingReply({ uuid, functionName, lastModified, settings, ...description }: MappingDescription) {
  const { state, stateTransitionReason, lastProcessingResult } = description;
  return {
    ...{ id: uuid, name: functionName, state, stateTransitionReason, lastProcessingResult },
    lastModified: formatTimestamp(lastModified),
    settings: { ...settings },
  };
}

/** What is done to the pipeline itself. */
function inMemory(lab: Lab | undefined): FastifyPluginAsyncTypebox {
  const onlyInMemory = (reply: FastifyReply) =>
    sendProblem(reply, {
      status: 501,
      detail: 'A deployed stack has no lab: faults, shards and the clock can be had with --adapters memory.',
    });
  return async (app) => {
    app.get(
      '/lab/faults',
      {
        schema: { summary: 'Faults at work, and those that can be injected', tags, response: { 200: CatalogueReply } },
      },
      async (_request, reply) =>
        lab === undefined ? onlyInMemory(reply) : { faults: [...lab.faults()], catalogue: [...catalogue] },
    );
    app.post(
      '/lab/faults',
      { schema: { summary: 'Inject a fault', tags, body: InjectFault, response: { 201: FaultReply } } },
      async ({ body }, reply) =>
        lab === undefined ? onlyInMemory(reply) : reply.code(201).send(await lab.inject(body)),
    );
    app.delete(
      '/lab/faults',
      { schema: { summary: 'Remove every fault', tags, response: { 200: FaultsReply } } },
      async (_request, reply) => {
        if (lab === undefined) return onlyInMemory(reply);
        lab.removeAll();
        return { faults: [...lab.faults()] };
      },
    );
    app.delete(
      '/lab/faults/:id',
      { schema: { summary: 'Remove a fault', tags, params: FaultParams, response: { 200: FaultsReply } } },
      async ({ params: { id } }, reply) => {
        if (lab === undefined) return onlyInMemory(reply);
        if (!lab.remove(id)) return sendProblem(reply, { status: 404, detail: `No fault ${id} is at work.` });
        return { faults: [...lab.faults()] };
      },
    );
    app.post(
      '/lab/shards/:shardId/split',
      { schema: { summary: 'Split a shard', tags, params: ShardParams, response: { 200: SplitReply } } },
      async ({ params: { shardId } }, reply) => {
        if (lab === undefined) return onlyInMemory(reply);
        return { shards: lab.split(shardId).map((shard) => ({ ...shard, parentShardIds: [...shard.parentShardIds] })) };
      },
    );
    app.post(
      '/lab/shards/:shardId/merge',
      {
        schema: {
          summary: 'Merge a shard with its neighbour',
          tags,
          params: ShardParams,
          body: MergeShards,
          response: { 200: MergeReply },
        },
      },
      async ({ params: { shardId }, body: { adjacentShardId } }, reply) => {
        if (lab === undefined) return onlyInMemory(reply);
        const shard = lab.merge(shardId, adjacentShardId);
        return { shard: { ...shard, parentShardIds: [...shard.parentShardIds] } };
      },
    );
    app.get(
      '/lab/clock',
      { schema: { summary: 'The virtual clock', tags, response: { 200: ClockReply } } },
      async (_request, reply) => (lab === undefined ? onlyInMemory(reply) : lab.clock()),
    );
    app.post(
      '/lab/clock',
      { schema: { summary: 'Move the clock forward', tags, body: AdvanceClock, response: { 200: ClockReply } } },
      async ({ body: { advanceSeconds } }, reply) => {
        if (lab === undefined) return onlyInMemory(reply);
        lab.advance(advanceSeconds);
        return lab.clock();
      },
    );
  };
}
