/** Binds every port to its adapter in memory. */
import { ContainerModule } from 'inversify';
import { Ports } from '../tokens.ts';
import { MemoryEventArchive } from './memory-event-archive.ts';
import { MemoryEventStream, type MemoryEventStreamOptions } from './memory-event-stream.ts';
import { MemoryMetrics } from './memory-metrics.ts';
import { MemoryQuarantine } from './memory-quarantine.ts';
import { MemorySensorData } from './memory-sensor-data.ts';

export type MemoryModuleOptions = Omit<MemoryEventStreamOptions, 'clock'>;

export function memoryModule(options: MemoryModuleOptions): ContainerModule {
  return new ContainerModule(({ bind }) => {
    bind(MemoryEventStream).toResolvedValue((clock) => new MemoryEventStream({ ...options, clock }), [Ports.clock]);
    bind(Ports.eventStream).toService(MemoryEventStream);
    bind(Ports.shardReader).toService(MemoryEventStream);
    bind(Ports.eventArchive).toDynamicValue(() => new MemoryEventArchive());
    bind(Ports.failureArchive).toDynamicValue(() => new MemoryEventArchive());
    bind(MemorySensorData).toDynamicValue(() => new MemorySensorData());
    bind(Ports.sensorDataTable).toService(MemorySensorData);
    bind(Ports.metrics).toResolvedValue((clock) => new MemoryMetrics(clock), [Ports.clock]);
    bind(Ports.quarantine).toDynamicValue(() => new MemoryQuarantine());
  });
}
