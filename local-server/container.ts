/** Wires the server: core and adapters, the handlers as functions, and an event source mapping for each consumer. */
import { randomUUID } from 'node:crypto';
import { Container, ContainerModule } from 'inversify';
import type { ClientSettings } from '../adapters/aws/client-options.ts';
import { kinesisClient } from '../adapters/aws/kinesis-client.ts';
import { awsModule } from '../adapters/aws/module.ts';
import { findStackAccount } from '../adapters/aws/stack-account.ts';
import { memoryModule } from '../adapters/memory/module.ts';
import { MemoryEventStream } from '../adapters/memory/memory-event-stream.ts';
import { nodeModule } from '../adapters/node/module.ts';
import { Ports } from '../adapters/tokens.ts';
import { ArchiveEvents } from '../core/archive-events.ts';
import { type ConsumerSettings, pipeline as defaultPipeline, type Pipeline } from '../core/pipeline.ts';
import { PutReadings } from '../core/put-readings.ts';
import { SensorHistory } from '../core/sensor-history.ts';
import { stackNames } from '../core/stack-names.ts';
import { StoreReadings } from '../core/store-readings.ts';
import { createArchiveEventsHandler } from '../handlers/archive-events.ts';
import type { Logger } from '../handlers/logger.ts';
import { createSensorHistoryHandler } from '../handlers/sensor-history.ts';
import { createStoreReadingsHandler } from '../handlers/store-readings.ts';
import type { AppServices } from './app.ts';
import { FileCheckpoints, MemoryCheckpoints } from './checkpoints.ts';
import { EventHub } from './event-hub.ts';
import { EventSourceMapping } from './event-source-mapping.ts';
import { createLambdaFunction, formatFunctionArn, type LambdaFunction } from './lambda-runtime.ts';
import { observedArchive, observedMetrics, observedQuarantine, observedTable } from './observed-ports.ts';
import type { ServerOptions } from './options.ts';
import { PipelineMonitor, type StreamStatistics } from './pipeline-monitor.ts';
import { localStack, type StackIdentity } from './stack-identity.ts';
import { type Functions, Services } from './tokens.ts';

interface ContainerOptions {
  readonly log: Logger;
  /** Settings of the consumers; those of `core/pipeline.ts` if not given. */
  readonly pipeline?: Pipeline;
}

export interface MemoryContainerOptions
  extends
    ContainerOptions,
    Pick<ServerOptions, 'stack' | 'shards' | 'retentionHours' | 'retentionMiB' | 'writeLimits'> {}

/** Everything in this process. */
export function memoryContainer(options: MemoryContainerOptions): Container {
  const identity = localStack(options.stack);
  const container = new Container({ defaultScope: 'Singleton' });
  container.load(
    nodeModule,
    memoryModule({
      shards: options.shards,
      retentionMillis: options.retentionHours * 3_600_000,
      retentionBytes: options.retentionMiB * 1_048_576,
      writeLimits: options.writeLimits,
      streamName: identity.names.stream,
      accountId: identity.accountId,
      onAppend: () => {
        for (const mapping of container.get(Services.mappings)) mapping.wake();
      },
    }),
    serverModule(identity, options),
  );
  container.bind(Services.streamStatistics).toService(MemoryEventStream);
  container.bind(Services.checkpoints).toDynamicValue(() => new MemoryCheckpoints());
  return container;
}

export interface AwsContainerOptions extends ContainerOptions {
  readonly stack: string;
  readonly client: ClientSettings;
  /** Runs the consumers here too, for a stream without Lambda behind it; where they stand is kept in this file. */
  readonly runMappings?: { readonly checkpointFile: string };
}

/** On a deployed stack, or on an emulator. @throws StoreUnavailable where the stack's stream is not found. */
export async function awsContainer(options: AwsContainerOptions): Promise<Container> {
  const { stack, client, runMappings } = options;
  // The account is part of the bucket's name; the stream's name holds without it.
  const { stream } = localStack(stack).names;
  const account = await findStackAccount(kinesisClient(client), stream);
  const identity: StackIdentity = { stack, adapters: 'aws', ...account, names: stackNames(stack, account.accountId) };
  const container = new Container({ defaultScope: 'Singleton' });
  container.load(nodeModule, awsModule(identity.names, client), serverModule(identity, options));
  container
    .bind(Services.streamStatistics)
    .toResolvedValue((reader): StreamStatistics => ({ statistics: () => reader.listShards() }), [Ports.shardReader]);
  if (runMappings === undefined) {
    container.rebind(Services.mappings).toConstantValue([]);
    container.bind(Services.checkpoints).toDynamicValue(() => new MemoryCheckpoints());
  } else {
    const { checkpointFile } = runMappings;
    container.bind(Services.checkpoints).toDynamicValue(() => new FileCheckpoints(checkpointFile));
  }
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
    checkpoints: container.get(Services.checkpoints),
    identity: container.get(Services.identity),
  };
}

function serverModule(identity: StackIdentity, { log, pipeline = defaultPipeline }: ContainerOptions): ContainerModule {
  const { names, accountId, region } = identity;
  return new ContainerModule(({ bind }) => {
    bind(Services.identity).toConstantValue(identity);
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
        const runtime = { clock, accountId, region };
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
      (functions, reader, failures, clock, checkpoints) => {
        const mapping = (name: string, { mapping: settings }: ConsumerSettings, lambda: LambdaFunction) =>
          new EventSourceMapping({
            mappingId: randomUUID(),
            name,
            settings,
            function: lambda,
            functionArn: formatFunctionArn({ name, region, accountId }),
            source: {
              region,
              streamArn: `arn:aws:kinesis:${region}:${accountId}:stream/${names.stream}`,
              roleArn: `arn:aws:iam::${accountId}:role/${name}`,
            },
            reader,
            failures,
            clock,
            log,
            checkpoints,
          });
        return [
          mapping(names.archiveEvents, pipeline.archiveEvents, functions.archiveEvents),
          mapping(names.storeReadings, pipeline.storeReadings, functions.storeReadings),
        ];
      },
      [Services.functions, Ports.shardReader, Ports.failureArchive, Ports.clock, Services.checkpoints],
    );
    bind(Services.monitor).toResolvedValue(
      (stream, mappings, hub) => new PipelineMonitor(stream, names.stream, mappings, hub),
      [Services.streamStatistics, Services.mappings, Services.eventHub],
    );
  });
}
