/** Binds the server itself: use cases, the handlers as functions, an event source mapping for each consumer, the lab. */
import type { Container } from 'inversify';
import { ContainerModule } from 'inversify';
import { Ports } from '../adapters/tokens.ts';
import { ArchiveEvents } from '../core/archive-events.ts';
import { type ConsumerSettings, pipeline as defaultPipeline, type Pipeline } from '../core/pipeline.ts';
import { PutReadings } from '../core/put-readings.ts';
import { SensorHistory } from '../core/sensor-history.ts';
import { StoreReadings } from '../core/store-readings.ts';
import { createArchiveEventsHandler } from '../handlers/archive-events.ts';
import type { Logger } from '../handlers/logger.ts';
import { createSensorHistoryHandler } from '../handlers/sensor-history.ts';
import { createStoreReadingsHandler } from '../handlers/store-readings.ts';
import type { Side } from '../core/account/fate.ts';
import { AccountState } from './account/account-state.ts';
import { ReadBack } from './account/read-back.ts';
import { TrafficAccount } from './account/traffic-account.ts';
import type { AppServices } from './app.ts';
import { EventHub } from './watch/event-hub.ts';
import { EventSourceMapping } from './delivery/event-source-mapping.ts';
import { Faults } from './lab/faults.ts';
import { faultyFunction, faultyHandler } from './lab/faulty-handlers.ts';
import { mappingIdOf } from './delivery/mapping-id.ts';
import { faultyArchive, faultyMetrics, faultyQuarantine, faultyStream, faultyTable } from './lab/faulty-ports.ts';
import { Fleet } from './lab/fleet.ts';
import { Latency } from './scoreboard/latency.ts';
import { Scoreboard } from './scoreboard/scoreboard.ts';
import { createLambdaFunction, formatFunctionArn, type LambdaFunction } from './delivery/lambda-runtime.ts';
import { observedArchive, observedMetrics, observedQuarantine, observedTable } from './watch/observed-ports.ts';
import { PipelineMonitor } from './watch/pipeline-monitor.ts';
import { watchedReader } from './watch/watched-reader.ts';
import { Problems } from './watch/problems.ts';
import { type StackIdentity } from './stack-identity.ts';
import { type Functions, Services } from './tokens.ts';

/** Why the account of all traffic cannot tell. */
const ELSEWHERE = 'the consumers run at AWS, and this server does not see what they do';

export interface ContainerOptions {
  readonly log: Logger;
  /** Settings of the consumers; those of `core/pipeline.ts` if not given. */
  readonly pipeline?: Pipeline;
  /** Most clients of `GET /events` at a time. */
  readonly maxWatchers?: number;
}

/** What `app.ts` serves. */
export function appServices(container: Container): AppServices {
  const { shardReader, eventArchive, failureArchive, metrics, quarantine, clock } = Ports;
  return {
    eventStream: container.get(Services.kinesisStream),
    accountState: container.get(Services.accountState),
    shardReader: container.get(shardReader),
    streamControl: container.get(Services.streamControl, { optional: true }),
    eventArchive: container.get(eventArchive),
    failureArchive: container.get(failureArchive),
    sensorDataTable: container.get(Ports.sensorDataTable),
    metrics: container.get(metrics),
    quarantine: container.get(quarantine),
    clock: container.get(clock),
    putReadings: container.get(Services.putReadings),
    sensorHistory: container.get(Services.sensorHistory),
    functions: container.get(Services.functions),
    mappings: container.get(Services.mappings),
    monitor: container.get(Services.monitor),
    eventHub: container.get(Services.eventHub),
    problems: container.get(Services.problems),
    readBack: container.get(Services.readBack),
    stackWatch: container.get(Services.stackWatch, { optional: true }),
    checkpoints: container.get(Services.checkpoints),
    identity: container.get(Services.identity),
    scoreboard: container.get(Services.scoreboard),
    fleet: container.get(Services.fleet),
    lab: container.get(Services.lab, { optional: true }),
    sensorDirectory: container.get(Services.sensorDirectory, { optional: true }),
  };
}

export function serverModule(
  identity: StackIdentity,
  { log, pipeline = defaultPipeline, maxWatchers }: ContainerOptions,
): ContainerModule {
  const { names, accountId, region } = identity;
  return new ContainerModule(({ bind }) => {
    bind(Services.identity).toConstantValue(identity);
    bind(Services.eventHub).toDynamicValue(() => new EventHub({ maxWatchers }));
    bind(Services.problems).toDynamicValue(() => new Problems(log));
    bind(Services.faults).toResolvedValue(
      (clock, steady) => new Faults(clock, steady),
      [Ports.clock, Ports.steadyClock],
    );
    bind(Services.latency).toDynamicValue(() => new Latency(() => Date.now()));
    bind(Services.producerStream).toResolvedValue(
      (stream, faults) => faultyStream(stream, faults),
      [Ports.eventStream, Services.faults],
    );
    bind(Services.readBack).toResolvedValue(
      (archive, table, quarantine, compression, failures, memory) =>
        new ReadBack({
          ...{ archive, table, quarantine, compression, failures },
          trimmedBefore: () => memory.statistics()?.trimmedBefore,
        }),
      [
        Ports.eventArchive,
        Ports.sensorDataTable,
        Ports.quarantine,
        Ports.compression,
        Ports.failureArchive,
        Services.memory,
      ],
    );
    bind(Services.traffic).toResolvedValue((readBack) => new TrafficAccount(readBack), [Services.readBack]);
    bind(Services.accountState).toResolvedValue(
      (traffic, readBack, clock, mappings) =>
        new AccountState(traffic, readBack, mappings.length === 0 ? [ELSEWHERE] : [], clock.now()),
      [Services.traffic, Services.readBack, Ports.clock, Services.mappings],
    );
    bind(Services.kinesisStream).toResolvedValue(
      (stream, traffic) => traffic.stream('kinesis', stream),
      [Services.producerStream, Services.traffic],
    );
    bind(Services.putReadings).toResolvedValue(
      (stream, clock, compression, traffic) => new PutReadings(traffic.stream('http', stream), clock, compression),
      [Services.producerStream, Ports.clock, Ports.compression, Services.traffic],
    );
    bind(Services.archiveEvents).toResolvedValue(
      (archive, compression, hub, faults) =>
        new ArchiveEvents(observedArchive(faultyArchive(archive, faults), hub), compression),
      [Ports.eventArchive, Ports.compression, Services.eventHub, Services.faults],
    );
    bind(Services.storeReadings).toResolvedValue(
      (table, metrics, quarantine, clock, compression, hub, faults, latency) =>
        new StoreReadings(
          observedTable(observedTable(faultyTable(table, faults), latency), hub),
          observedMetrics(faultyMetrics(metrics, faults), hub),
          observedQuarantine(faultyQuarantine(quarantine, faults), hub),
          clock,
          compression,
        ),
      [
        Ports.sensorDataTable,
        Ports.metrics,
        Ports.quarantine,
        Ports.clock,
        Ports.compression,
        Services.eventHub,
        Services.faults,
        Services.latency,
      ],
    );
    bind(Services.sensorHistory).toResolvedValue(
      (table, clock) => new SensorHistory(table, clock),
      [Ports.sensorDataTable, Ports.clock],
    );
    bind(Services.functions).toResolvedValue(
      (archiveEvents, storeReadings, sensorHistory, clock, faults, traffic): Functions => {
        const archive = createArchiveEventsHandler(traffic.archiveEvents(archiveEvents), clock, log);
        const store = createStoreReadingsHandler(traffic.storeReadings(storeReadings), clock, log);
        const runtime = { clock, accountId, region };
        return {
          archiveEvents: createLambdaFunction({
            ...runtime,
            ...pipeline.archiveEvents,
            name: names.archiveEvents,
            handler: faultyHandler('archive-events', archive, faults),
          }),
          storeReadings: createLambdaFunction({
            ...runtime,
            ...pipeline.storeReadings,
            name: names.storeReadings,
            handler: faultyHandler('store-readings', store, faults),
          }),
          sensorHistory: createLambdaFunction({
            ...runtime,
            ...pipeline.sensorHistory,
            name: names.sensorHistory,
            handler: createSensorHistoryHandler(sensorHistory),
          }),
        };
      },
      [
        Services.archiveEvents,
        Services.storeReadings,
        Services.sensorHistory,
        Ports.clock,
        Services.faults,
        Services.traffic,
      ],
    );
    bind(Services.mappings).toResolvedValue(
      (functions, faults, shardReader, failures, clock, steady, checkpoints, problems, traffic) => {
        const reader = watchedReader(shardReader, problems);
        const streamArn = `arn:aws:kinesis:${region}:${accountId}:stream/${names.stream}`;
        const mapping = (side: Side, name: string, { mapping: settings }: ConsumerSettings, lambda: LambdaFunction) => {
          const functionArn = formatFunctionArn({ name, region, accountId });
          const filters = () => here.settings.filterCriteria;
          const here: EventSourceMapping = new EventSourceMapping({
            mappingId: mappingIdOf(streamArn, functionArn),
            name,
            settings,
            function: lambda,
            functionArn,
            source: {
              region,
              streamArn,
              roleArn: `arn:aws:iam::${accountId}:role/${name}`,
            },
            reader: traffic.reader(side, reader, filters),
            failures: traffic.failures(side, failures),
            clock,
            steady,
            log,
            checkpoints: traffic.checkpoints(side, checkpoints),
          });
          return here;
        };
        return [
          mapping(
            'archive',
            names.archiveEvents,
            pipeline.archiveEvents,
            faultyFunction('archive-events', functions.archiveEvents, faults),
          ),
          mapping(
            'store',
            names.storeReadings,
            pipeline.storeReadings,
            faultyFunction('store-readings', functions.storeReadings, faults),
          ),
        ];
      },
      [
        Services.functions,
        Services.faults,
        Ports.shardReader,
        Ports.failureArchive,
        Ports.clock,
        Ports.steadyClock,
        Services.checkpoints,
        Services.problems,
        Services.traffic,
      ],
    );
    bind(Services.monitor).toResolvedValue(
      (stream, mappings, hub, problems, memory, account) =>
        new PipelineMonitor(stream, names.stream, mappings, hub, problems, memory, account),
      [
        Services.streamStatistics,
        Services.mappings,
        Services.eventHub,
        Services.problems,
        Services.memory,
        Services.accountState,
      ],
    );
    bind(Services.scoreboard).toResolvedValue(
      (eventArchive, failureArchive, sensorDataTable, quarantine, compression, clock, mappings, latency) =>
        new Scoreboard({
          ...{ eventArchive, failureArchive, sensorDataTable, quarantine, compression },
          ...{ clock, mappings, latency },
        }),
      [
        Ports.eventArchive,
        Ports.failureArchive,
        Ports.sensorDataTable,
        Ports.quarantine,
        Ports.compression,
        Ports.clock,
        Services.mappings,
        Services.latency,
      ],
    );
    bind(Services.fleet).toResolvedValue(
      (scoreboard, clock, hub) => new Fleet({ scoreboard, clock, hub, streamName: names.stream, log }),
      [Services.scoreboard, Ports.clock, Services.eventHub],
    );
  });
}
