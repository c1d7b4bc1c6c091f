/** Binds every port to its adapter in memory. */
import { ContainerModule } from 'inversify';
import { Ports } from '../tokens.ts';
import { MemoryBudget, type MemoryBudgetOptions } from './memory-budget.ts';
import { MemoryEventArchive } from './memory-event-archive.ts';
import { MemoryEventStream, type MemoryEventStreamOptions } from './memory-event-stream.ts';
import { MemoryMetrics } from './memory-metrics.ts';
import { MemoryQuarantine } from './memory-quarantine.ts';
import { MemorySensorData } from './memory-sensor-data.ts';

export interface MemoryModuleOptions extends Omit<MemoryEventStreamOptions, 'clock' | 'steady' | 'budget'> {
  /** Of all stores together. */
  readonly memory: Omit<MemoryBudgetOptions, 'clock'>;
}

export function memoryModule({ memory, ...options }: MemoryModuleOptions): ContainerModule {
  return new ContainerModule(({ bind }) => {
    bind(MemoryBudget).toResolvedValue((clock) => new MemoryBudget({ ...memory, clock }), [Ports.clock]);
    bind(MemoryEventStream).toResolvedValue(
      (clock, steady, budget) => new MemoryEventStream({ ...options, clock, steady, budget }),
      [Ports.clock, Ports.steadyClock, MemoryBudget],
    );
    bind(Ports.eventStream).toService(MemoryEventStream);
    bind(Ports.shardReader).toService(MemoryEventStream);
    for (const [port, store] of [
      [Ports.eventArchive, 'archive'],
      [Ports.failureArchive, 'failures'],
    ] as const) {
      bind(port).toResolvedValue(
        (clock, budget) => new MemoryEventArchive({ clock, budget, store }),
        [Ports.clock, MemoryBudget],
      );
    }
    bind(MemorySensorData).toResolvedValue((budget) => new MemorySensorData(budget), [MemoryBudget]);
    bind(Ports.sensorDataTable).toService(MemorySensorData);
    bind(Ports.metrics).toResolvedValue(
      (clock, budget) => new MemoryMetrics(clock, budget),
      [Ports.clock, MemoryBudget],
    );
    bind(Ports.quarantine).toResolvedValue((budget) => new MemoryQuarantine(budget), [MemoryBudget]);
  });
}
