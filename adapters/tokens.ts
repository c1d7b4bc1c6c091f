/** What a container binds for the core, one token per port; the type comes with the token. */
import type { ServiceIdentifier } from 'inversify';
import type {
  Clock,
  Compression,
  EventArchive,
  EventStream,
  Metrics,
  Quarantine,
  SensorDataTable,
  ShardReader,
  SteadyClock,
} from '../core/ports.ts';

const token = <Port>(name: string) => Symbol.for(`port:${name}`) as ServiceIdentifier<Port>;

export const Ports = {
  eventStream: token<EventStream>('EventStream'),
  shardReader: token<ShardReader>('ShardReader'),
  eventArchive: token<EventArchive>('EventArchive'),
  /** Where event source mappings put what they gave up: an archive of its own. */
  failureArchive: token<EventArchive>('EventArchive:failures'),
  sensorDataTable: token<SensorDataTable>('SensorDataTable'),
  metrics: token<Metrics>('Metrics'),
  quarantine: token<Quarantine>('Quarantine'),
  clock: token<Clock>('Clock'),
  steadyClock: token<SteadyClock>('SteadyClock'),
  compression: token<Compression>('Compression'),
};
