/** Wires the server: core and adapters, the handlers as functions, and an event source mapping for each consumer. */
import { randomUUID } from 'node:crypto';
import { Container, ContainerModule } from 'inversify';
import { memoryModule } from '../adapters/memory/module.ts';
import { MemoryEventStream } from '../adapters/memory/memory-event-stream.ts';
import { nodeModule } from '../adapters/node/module.ts';
import { Ports } from '../adapters/tokens.ts';
import { ArchiveEvents } from '../core/archive-events.ts';
import { type ConsumerSettings, pipeline as defaultPipeline, type Pipeline } from '../core/pipeline.ts';
import { PutReadings } from '../core/put-readings.ts';
import { SensorHistory } from '../core/sensor-history.ts';
import { stackNames, type StackNames } from '../core/stack-names.ts';
import { StoreReadings } from '../core/store-readings.ts';
import { createArchiveEventsHandler } from '../handlers/archive-events.ts';
import type { Logger } from '../handlers/logger.ts';
import { createSensorHistoryHandler } from '../handlers/sensor-history.ts';
import { createStoreReadingsHandler } from '../handlers/store-readings.ts';
import type { AppServices } from './app.ts';
import { EventHub } from './event-hub.ts';
import { EventSourceMapping } from './event-source-mapping.ts';
import { createLambdaFunction, formatFunctionArn, type LambdaFunction } from './lambda-runtime.ts';
import { ACCOUNT_ID, REGION } from './local-account.ts';
import { observedArchive, observedMetrics, observedQuarantine, observedTable } from './observed-ports.ts';
import type { ServerOptions } from './options.ts';
import { PipelineMonitor } from './pipeline-monitor.ts';
import { type Functions, Services } from './tokens.ts';

export interface LocalContainerOptions extends Pick<
  ServerOptions,
  'stack' | 'shards' | 'retentionHours' | 'retentionMiB' | 'writeLimits'
> {
  readonly log: Logger;
  /** Settings of the consumers; those of `core/pipeline.ts` if not given. */
  readonly pipeline?: Pipeline;
}

export function localContainer(options: LocalContainerOptions): Container {
  const names = stackNames(options.stack, ACCOUNT_ID);
  const pipeline = options.pipeline ?? defaultPipeline;
  const container = new Container({ defaultScope: 'Singleton' });
  container.load(
    nodeModule,
    memoryModule({
      shards: options.shards,
      retentionMillis: options.retentionHours * 3_600_000,
      retentionBytes: options.retentionMiB * 1_048_576,
      writeLimits: options.writeLimits,
      streamName: names.stream,
      accountId: ACCOUNT_ID,
      onAppend: () => {
        for (const mapping of container.get(Services.mappings)) mapping.wake();
      },
    }),
    serverModule(options.log, names, pipeline),
  );
  return container;
}

/** What `app.ts` serves. */
export function appServices(container: Container): AppServices {
  const { eventStream, shardReader, eventArchive, failureArchive, metrics, quarantine, clock, compression } = Ports;
  return {
    eventStream: container.get(eventStream),
    shardReader: container.get(shardReader),
    eventArchive: container.get(eventArchive),
    failureArchive: container.get(failureArchive),
    sensorDataTable: container.get(Ports.sensorDataTable),
    metrics: container.get(metrics),
    quarantine: container.get(quarantine),
    clock: container.get(clock),
    compression: container.get(compression),
    putReadings: container.get(Services.putReadings),
    sensorHistory: container.get(Services.sensorHistory),
    functions: container.get(Services.functions),
    mappings: container.get(Services.mappings),
    monitor: container.get(Services.monitor),
    eventHub: container.get(Services.eventHub),
  };
}

function serverModule(log: Logger, names: StackNames, pipeline: Pipeline): ContainerModule {
  return new ContainerModule(({ bind }) => {
    bind(Services.log).toConstantValue(log);
    bind(Services.eventHub).toDynamicValue(() => new EventHub());
    bind(Services.putReadings).toResolvedValue(
      (stream, clock) => new PutReadings(stream, clock),
      [Ports.eventStream, Ports.clock],
    );
    bind(Services.archiveEvents).toResolvedValue(
      (archive, compression, hub) => new ArchiveEvents(observedArchive(archive, hub), compression),
      [Ports.eventArchive, Ports.compression, Services.eventHub],
    );
    bind(Services.storeReadings).toResolvedValue(
      (table, metrics, quarantine, clock, hub) =>
        new StoreReadings(
          observedTable(table, hub),
          observedMetrics(metrics, hub),
          observedQuarantine(quarantine, hub),
          clock,
        ),
      [Ports.sensorDataTable, Ports.metrics, Ports.quarantine, Ports.clock, Services.eventHub],
    );
    bind(Services.sensorHistory).toResolvedValue((table) => new SensorHistory(table), [Ports.sensorDataTable]);
    bind(Services.functions).toResolvedValue(
      (archiveEvents, storeReadings, sensorHistory, clock): Functions => {
        const runtime = { clock, accountId: ACCOUNT_ID, region: REGION };
        return {
          archiveEvents: createLambdaFunction({
            ...runtime,
            ...pipeline.archiveEvents,
            name: names.archiveEvents,
            handler: createArchiveEventsHandler(archiveEvents, clock, log),
          }),
          storeReadings: createLambdaFunction({
            ...runtime,
            ...pipeline.storeReadings,
            name: names.storeReadings,
            handler: createStoreReadingsHandler(storeReadings, clock, log),
          }),
          sensorHistory: createLambdaFunction({
            ...runtime,
            ...pipeline.sensorHistory,
            name: names.sensorHistory,
            handler: createSensorHistoryHandler(sensorHistory),
          }),
        };
      },
      [Services.archiveEvents, Services.storeReadings, Services.sensorHistory, Ports.clock],
    );
    bind(Services.mappings).toResolvedValue(
      (functions, reader, failures, clock) => {
        const mapping = (name: string, { mapping: settings }: ConsumerSettings, lambda: LambdaFunction) =>
          new EventSourceMapping({
            mappingId: randomUUID(),
            name,
            settings,
            function: lambda,
            functionArn: formatFunctionArn({ name, region: REGION, accountId: ACCOUNT_ID }),
            source: {
              region: REGION,
              streamArn: `arn:aws:kinesis:${REGION}:${ACCOUNT_ID}:stream/${names.stream}`,
              roleArn: `arn:aws:iam::${ACCOUNT_ID}:role/${name}`,
            },
            reader,
            failures,
            clock,
            log,
          });
        return [
          mapping(names.archiveEvents, pipeline.archiveEvents, functions.archiveEvents),
          mapping(names.storeReadings, pipeline.storeReadings, functions.storeReadings),
        ];
      },
      [Services.functions, Ports.shardReader, Ports.failureArchive, Ports.clock],
    );
    bind(Services.monitor).toResolvedValue(
      (stream, mappings, hub) => new PipelineMonitor(stream, names.stream, mappings, hub),
      [MemoryEventStream, Services.mappings, Services.eventHub],
    );
  });
}
