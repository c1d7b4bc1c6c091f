/** Wires the server with everything in this process. */
import { Container } from 'inversify';
import { MemoryBudget } from '../adapters/memory/memory-budget.ts';
import { memoryModule } from '../adapters/memory/module.ts';
import { MemoryEventStream } from '../adapters/memory/memory-event-stream.ts';
import { MemorySensorData } from '../adapters/memory/memory-sensor-data.ts';
import { FollowedClock } from '../adapters/node/followed-clock.ts';
import { nodeModule } from '../adapters/node/module.ts';
import { SystemClock } from '../adapters/node/system-clock.ts';
import { Ports } from '../adapters/tokens.ts';
import { announced } from './aws-api/kinesis/stream-control.ts';
import { MemoryCheckpoints } from './delivery/checkpoints.ts';
import { Lab } from './lab/lab.ts';
import { VirtualClock } from './lab/virtual-clock.ts';
import { defaultMemoryMiB } from './memory-limit.ts';
import type { ServerOptions } from './options.ts';
import { localStack } from './stack-identity.ts';
import { Services } from './tokens.ts';
import { type ContainerOptions, serverModule } from './module.ts';
import { tellMemory } from './watch/tell-memory.ts';

export interface MemoryContainerOptions
  extends
    ContainerOptions,
    Pick<ServerOptions, 'stack' | 'shards' | 'retentionHours' | 'retentionMiB' | 'writeLimits'>,
    Partial<Pick<ServerOptions, 'maxRecordKib' | 'memoryMiB' | 'onFull'>> {}

/** Everything in this process. */
export function memoryContainer(options: MemoryContainerOptions): Container {
  const identity = localStack(options.stack);
  const container = new Container({ defaultScope: 'Singleton' });
  const checkpoints = new MemoryCheckpoints();
  const wake = () => {
    for (const mapping of container.get(Services.mappings)) mapping.wake();
  };
  container.load(
    nodeModule,
    memoryModule({
      shards: options.shards,
      retentionMillis: options.retentionHours * 3_600_000,
      retentionBytes: options.retentionMiB * 1_048_576,
      writeLimits: options.writeLimits,
      ...(options.maxRecordKib !== undefined && { maxRecordKib: options.maxRecordKib }),
      streamName: identity.names.stream,
      accountId: identity.accountId,
      onAppend: wake,
      readUpTo: (shardId) => container.get(Services.mappings).map(({ name }) => checkpoints.load(name).get(shardId)),
      memory: {
        limitBytes: (options.memoryMiB ?? defaultMemoryMiB()) * 1_048_576,
        onFull: options.onFull ?? 'refuse',
        onChange: (statistics, before) => {
          tellMemory(statistics, before, { problems: container.get(Services.problems), log: options.log });
          container.get(Services.monitor).changed();
        },
      },
    }),
    serverModule(identity, options),
  );
  const clock = new VirtualClock(new SystemClock());
  container.rebind(Ports.clock).toConstantValue(clock);
  container
    .rebind(Ports.steadyClock)
    .toConstantValue(new FollowedClock(clock, () => performance.now() + clock.offsetMillis));
  container.bind(Services.streamStatistics).toService(MemoryEventStream);
  container.bind(Services.memory).toService(MemoryBudget);
  container.bind(Services.sensorDirectory).toService(MemorySensorData);
  container.bind(Services.checkpoints).toConstantValue(checkpoints);
  container.bind(Services.streamControl).toResolvedValue(
    (stream, monitor) =>
      announced(stream, () => {
        wake();
        monitor.changed();
      }),
    [MemoryEventStream, Services.monitor],
  );
  container.bind(Services.lab).toResolvedValue(
    (faults, stream, hub, monitor, traffic) =>
      new Lab({
        faults,
        clock,
        stream: {
          ...traffic.stream('lab', stream),
          splitShard: (shardId) => stream.splitShard(shardId),
          mergeShards: (shardId, adjacent) => stream.mergeShards(shardId, adjacent),
        },
        hub,
        wake: () => {
          wake();
          monitor.changed();
        },
      }),
    [Services.faults, MemoryEventStream, Services.eventHub, Services.monitor, Services.traffic],
  );
  return container;
}
