/** Ports that fail as a tape says: before or after they have done their work, in whole or in part. */
import { StoreUnavailable } from '../../core/errors.ts';
import type { EventArchive, Metrics, Quarantine, SensorDataTable } from '../../core/ports.ts';
import type { Tape } from './tape.ts';

async function attempt<Result>(tape: Tape, store: string, work: () => Promise<Result>): Promise<Result> {
  const fate = tape.choose(4);
  if (fate === 1) throw new StoreUnavailable(store, 'refused');
  const result = await work();
  // Done, but the answer was lost: the caller must not take it for not done, nor for done.
  if (fate === 2) throw new StoreUnavailable(store, 'connection reset');
  if (fate === 3) throw new Error(`${store}: a bug of the adapter`);
  return result;
}

export function faultyArchive(archive: EventArchive, tape: Tape): EventArchive {
  return {
    put: (key, body) => attempt(tape, 'archive', () => archive.put(key, body)),
    list: (options) => archive.list(options),
    get: (key) => archive.get(key),
  };
}

export function faultyTable(table: SensorDataTable, tape: Tape): SensorDataTable {
  return {
    put: (readings) =>
      attempt(tape, 'table', async () => {
        if (tape.choose(2) === 0) return table.put(readings);
        const notTaken = readings.filter(() => tape.choose(2) === 1);
        await table.put(readings.filter((reading) => !notTaken.includes(reading)));
        return { notTaken };
      }),
    query: (query) => table.query(query),
  };
}

export function faultyQuarantine(quarantine: Quarantine, tape: Tape): Quarantine {
  return {
    keep: (records) => attempt(tape, 'quarantine', () => quarantine.keep(records)),
    list: (options) => quarantine.list(options),
  };
}

export function faultyMetrics(metrics: Metrics, tape: Tape): Metrics {
  return {
    publish: (data) => attempt(tape, 'metrics', () => metrics.publish(data)),
    statistics: (query) => metrics.statistics(query),
  };
}
