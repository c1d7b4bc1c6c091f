/** Ports that tell the hub what has been done through them, after it was done. */
import type {
  CallOptions,
  EventArchive,
  ListOptions,
  MetricDatum,
  Metrics,
  Quarantine,
  QuarantinedRecord,
  ReadingQuery,
  SensorDataTable,
  StoredReading,
} from '../../core/ports.ts';
import { readingKey } from '../../core/reading-key.ts';
import type { EventHub } from './event-hub.ts';

export function observedArchive(archive: EventArchive, hub: EventHub): EventArchive {
  return {
    async put(key: string, body: Uint8Array, options?: CallOptions) {
      await archive.put(key, body, options);
      hub.archived(key, body.length);
    },
    list: (options: ListOptions) => archive.list(options),
    get: (key: string) => archive.get(key),
  };
}

export function observedTable(table: SensorDataTable, hub: Pick<EventHub, 'stored'>): SensorDataTable {
  return {
    async put(readings: readonly StoredReading[], options?: CallOptions) {
      const result = await table.put(readings, options);
      const missing = new Set(result.notTaken.map(readingKey));
      hub.stored(missing.size === 0 ? readings : readings.filter((reading) => !missing.has(readingKey(reading))));
      return result;
    },
    query: (query: ReadingQuery) => table.query(query),
  };
}

export function observedQuarantine(quarantine: Quarantine, hub: EventHub): Quarantine {
  return {
    async keep(records: readonly QuarantinedRecord[], options?: CallOptions) {
      await quarantine.keep(records, options);
      hub.quarantined(records);
    },
    list: (options: ListOptions) => quarantine.list(options),
  };
}

export function observedMetrics(metrics: Metrics, hub: EventHub): Metrics {
  return {
    async publish(data: readonly MetricDatum[], options?: CallOptions) {
      await metrics.publish(data, options);
      hub.published(data);
    },
    statistics: (query) => metrics.statistics(query),
  };
}
