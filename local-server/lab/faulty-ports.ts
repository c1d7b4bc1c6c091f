/** Ports that fail while a fault of the lab is at work on them. Without one they are the ports themselves. */
import { StoreUnavailable } from '../../core/errors.ts';
import type { EventArchive, EventStream, Metrics, Quarantine, SensorDataTable } from '../../core/ports.ts';
import { systemTimer } from '../simulator/timer.ts';
import type { FaultTarget } from './catalogue.ts';
import type { Faults, Strike } from './faults.ts';

export function faultyArchive(archive: EventArchive, faults: Faults): EventArchive {
  return {
    async put(key, body, options) {
      await trouble(faults, 'archive');
      return archive.put(key, body, options);
    },
    list: (options) => archive.list(options),
    get: (key) => archive.get(key),
  };
}

export function faultyTable(table: SensorDataTable, faults: Faults): SensorDataTable {
  return {
    async put(readings, options) {
      await trouble(faults, 'table');
      if (faults.strike('table', 'throttled') === undefined) return table.put(readings, options);
      const half = Math.floor(readings.length / 2);
      const result = await table.put(readings.slice(0, half), options);
      return { ...result, notTaken: [...result.notTaken, ...readings.slice(half)] };
    },
    query: (query) => table.query(query),
  };
}

export function faultyQuarantine(quarantine: Quarantine, faults: Faults): Quarantine {
  return {
    async keep(records, options) {
      await trouble(faults, 'quarantine');
      return quarantine.keep(records, options);
    },
    list: (options) => quarantine.list(options),
  };
}

export function faultyMetrics(metrics: Metrics, faults: Faults): Metrics {
  return {
    async publish(data, options) {
      await trouble(faults, 'metrics');
      return metrics.publish(data, options);
    },
    statistics: (query) => metrics.statistics(query),
  };
}

/** The stream as producers reach it. */
export function faultyStream(stream: EventStream, faults: Faults): EventStream {
  return {
    async put(events, options) {
      const outcomes = await stream.put(events, options);
      const twice = faults.strike('stream', 'duplicates', { most: events.length })?.times ?? 0;
      if (twice === 0) return outcomes;
      // The producer heard nothing of the first time, so it is told of the second.
      const again = await stream.put(events.slice(0, twice), options);
      return outcomes.map((outcome, index) => (again[index]?.taken === true ? again[index] : outcome));
    },
  };
}

/** As long as the fault says, or until it is removed. */
export function delay({ delayMillis, over }: Strike): Promise<void> {
  return systemTimer.sleep(delayMillis, over);
}

async function trouble(faults: Faults, target: FaultTarget): Promise<void> {
  const slow = faults.strike(target, 'slow');
  if (slow !== undefined) await delay(slow);
  if (faults.strike(target, 'unavailable') !== undefined) {
    throw new StoreUnavailable(target, 'unavailable, by a fault of the lab');
  }
}
