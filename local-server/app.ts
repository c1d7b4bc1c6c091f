/** Builds the server. It never listens (`main.ts` does), so that tests can inject requests. */
import compress from '@fastify/compress';
import fastifySwagger from '@fastify/swagger';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type {
  Clock,
  EventArchive,
  EventStream,
  Metrics,
  Quarantine,
  SensorDataTable,
  ShardReader,
} from '../core/ports.ts';
import type { PutReadings } from '../core/put-readings.ts';
import type { SensorHistory } from '../core/sensor-history.ts';
import { awsApi } from './aws-api/aws-api.ts';
import type { StreamControl } from './aws-api/kinesis/stream-control.ts';
import type { Bucket } from './aws-api/s3/bucket.ts';
import { undeliveredBucket } from './aws-api/s3/undelivered-bucket.ts';
import type { Fleet } from './lab/fleet.ts';
import type { Lab } from './lab/lab.ts';
import type { Scoreboard } from './scoreboard/scoreboard.ts';
import type { DoorOptions } from './http/door-options.ts';
import { guardAccess } from './http/access.ts';
import type { AccessToken } from './http/access-token.ts';
import { guardDoors } from './http/doors.ts';
import { isLoopback } from './http/host-guard.ts';
import type { ServerOptions } from './options.ts';
import { guardQueries } from './http/query-guard.ts';
import { registerProblemDetails, sendFrameworkError } from './http/problem-details.ts';
import { transport, type TransportLimits, type TransportOptions } from './http/transport.ts';
import type { AccountState } from './account/account-state.ts';
import type { ReadBack } from './account/read-back.ts';
import { accountRoute } from './routes/account.ts';
import { docsRoute } from './routes/docs.ts';
import { eventsRoute } from './routes/events.ts';
import { historyRoute } from './routes/history.ts';
import { influxWriteRoute } from './routes/influx-write.ts';
import { labRoute } from './routes/lab.ts';
import { metricsRoute } from './routes/metrics.ts';
import { objectsRoute } from './routes/objects.ts';
import { pageRoute } from './routes/page.ts';
import { prometheusRoute } from './routes/prometheus.ts';
import { pipelineRoute } from './routes/pipeline.ts';
import { putReadingsRoute } from './routes/put-readings.ts';
import { quarantineRoute } from './routes/quarantine.ts';
import { scoreboardRoute } from './routes/scoreboard.ts';
import { sessionRoute } from './routes/session.ts';
import { type SensorDirectory, sensorsRoute } from './routes/sensors.ts';
import type { Checkpoints } from './delivery/checkpoints.ts';
import type { EventHub } from './watch/event-hub.ts';
import type { EventSourceMapping } from './delivery/event-source-mapping.ts';
import type { DescribedFunction } from './delivery/lambda-runtime.ts';
import type { PipelineMonitor } from './watch/pipeline-monitor.ts';
import { ProcessLoad } from './watch/process-load.ts';
import type { StackWatch } from './watch/stack-watch.ts';
import type { Problems } from './watch/problems.ts';
import type { StackIdentity } from './stack-identity.ts';
import type { Functions } from './tokens.ts';

/** What the server serves; `module.ts` wires it. */
export interface AppServices {
  readonly eventStream: EventStream;
  readonly shardReader: ShardReader;
  /** Absent on AWS. */
  readonly streamControl: StreamControl | undefined;
  readonly eventArchive: EventArchive;
  readonly failureArchive: EventArchive;
  readonly sensorDataTable: SensorDataTable;
  readonly metrics: Metrics;
  readonly quarantine: Quarantine;
  readonly clock: Clock;
  readonly putReadings: PutReadings;
  readonly sensorHistory: SensorHistory;
  readonly functions: Functions;
  readonly mappings: readonly EventSourceMapping[];
  readonly monitor: PipelineMonitor;
  readonly eventHub: EventHub;
  readonly accountState: AccountState;
  readonly problems: Problems;
  /** Absent in memory. */
  readonly readBack: Pick<ReadBack, 'start' | 'stop'>;
  readonly stackWatch: StackWatch | undefined;
  readonly checkpoints: Checkpoints;
  readonly identity: StackIdentity;
  readonly scoreboard: Scoreboard;
  readonly fleet: Fleet;
  /** Absent on AWS. */
  readonly lab: Lab | undefined;
  /** Absent on AWS. */
  readonly sensorDirectory: SensorDirectory | undefined;
}

export interface AppOptions extends Pick<ServerOptions, 'host' | 'retentionHours'> {
  readonly allowSimulation?: boolean;
  readonly logger: FastifyBaseLogger;
  readonly doors?: Partial<DoorOptions>;
  /** Without one everyone may use every route that the server has. */
  readonly token?: AccessToken | undefined;
  readonly tls?: TransportOptions['tls'];
  /** Time-outs and the most connections; `defaultLimits` of `http/transport.ts` if not given. */
  readonly limits?: Partial<TransportLimits>;
}

/** Percent-encoded, a sensor id of 256 characters of 4 bytes is this long. */
const MAX_PARAMETER_LENGTH = 256 * 4 * 3;

/** What is smaller fits into one packet. */
const MIN_COMPRESSED_BYTES = 1_400;

/** The consumers run from `ready` until `close`, which finishes what is in flight. */
export async function buildApp(services: AppServices, options: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    serverFactory: transport({ log: options.logger, tls: options.tls, limits: options.limits ?? {} }),
    // Requests in flight are finished, idle connections are not waited for.
    forceCloseConnections: 'idle',
    // The doors refuse them, in words.
    return503OnClosing: false,
    frameworkErrors: sendFrameworkError,
    clientErrorHandler: () => undefined, // The transport has answered.
  });
  registerProblemDetails(app);
  const { allowedHosts = [], allowedOrigins = [] } = options.doors ?? {};
  guardDoors(app, {
    host: options.host,
    allowedHosts,
    allowedOrigins,
    historyFunction: services.identity.names.sensorHistory,
  });
  const access = await guardAccess(app, options.token, options.logger);
  guardQueries(app);

  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'IoT backend',
        description: 'Readings in, history out. Errors are problem details (RFC 9457).',
        version: '0.1.0',
      },
      ...(options.token !== undefined && {
        components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
        security: [{ token: [] }],
      }),
    },
  });

  const { clock, identity } = services;
  const { names, accountId, region } = identity;
  await app.register(awsApi, {
    ...{ eventStream: services.eventStream, shardReader: services.shardReader, clock },
    streamControl: services.streamControl,
    ...{ names, accountId, region },
    retentionInHours: options.retentionHours,
    functions: new Map(functionsHere(services).map((each) => [each.description.name, each])),
    consumers: new Set([names.archiveEvents, names.storeReadings]),
    mappings: services.mappings,
    buckets: bucketsOf(services),
  });

  await app.register(putReadingsRoute(services.putReadings));
  await app.register(influxWriteRoute(services.putReadings));
  // The routes from here on. Receipts are not compressed: it would take longer than checking the readings.
  await app.register(compress, { encodings: ['gzip', 'deflate'], threshold: MIN_COMPRESSED_BYTES });
  await app.register(sensorsRoute(services.sensorDirectory));
  await app.register(historyRoute(services.sensorHistory));
  await app.register(
    objectsRoute({
      path: '/archive',
      archive: services.eventArchive,
      gzip: true,
      contentType: 'application/x-ndjson; charset=utf-8',
    }),
  );
  await app.register(
    objectsRoute({
      path: '/failures',
      // Where Lambda files what it gives up, beside the quarantine.
      defaultPrefix: 'aws/lambda/',
      archive: services.failureArchive,
      contentType: 'application/json; charset=utf-8',
    }),
  );
  await app.register(quarantineRoute(services.quarantine));
  await app.register(metricsRoute(services.metrics, clock));
  const load = new ProcessLoad((message) => app.log.warn(message));
  await app.register(
    pipelineRoute({
      ...{ monitor: services.monitor, problems: services.problems, load, identity },
      attempts: access.attempts,
    }),
  );
  await app.register(accountRoute(services.accountState));
  await app.register(
    prometheusRoute({
      ...{ account: services.accountState, monitor: services.monitor, load, problems: services.problems },
      attempts: access.attempts,
    }),
  );
  await app.register(eventsRoute(services.eventHub));
  await app.register(scoreboardRoute(services.scoreboard));
  await app.register(
    labRoute({
      fleet: services.fleet,
      lab: services.lab,
      mappings: services.mappings,
      simulation: services.identity.adapters === 'memory' || options.allowSimulation === true,
      isPrivate: isLoopback(options.host) || options.token !== undefined,
      token: options.token,
      // Fastify does not know of the TLS that is in front of it.
      origin: () => (options.tls === undefined ? app.listeningOrigin : app.listeningOrigin.replace(/^http:/, 'https:')),
    }),
  );
  await app.register(sessionRoute(access));
  await app.register(docsRoute);
  await app.register(pageRoute);

  const { mappings } = services;
  app.addHook('onReady', async () => {
    load.start();
    for (const mapping of mappings) mapping.start();
    services.stackWatch?.start();
    if (services.mappings.length > 0) services.readBack.start();
  });
  app.addHook('onClose', async () => {
    load.stop();
    services.readBack.stop();
    await services.stackWatch?.stop();
    await Promise.all(mappings.map((mapping) => mapping.stop()));
    await services.checkpoints.close();
  });
  return app;
}

/** The consumers run here where their event source mappings do. */
function functionsHere({ functions, mappings }: AppServices): readonly DescribedFunction[] {
  const consumers = mappings.length > 0 ? [functions.archiveEvents, functions.storeReadings] : [];
  return [...consumers, functions.sensorHistory];
}

function bucketsOf({ eventArchive, failureArchive, quarantine, identity }: AppServices): ReadonlyMap<string, Bucket> {
  const { names, adapters } = identity;
  const undelivered = adapters === 'memory' ? undeliveredBucket(failureArchive, quarantine) : failureArchive;
  return new Map([
    [names.bucket, eventArchive],
    [names.undeliveredBucket, undelivered],
  ]);
}
