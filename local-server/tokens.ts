/** What the local server binds besides the ports; the type comes with the token. */
import type { ServiceIdentifier } from 'inversify';
import type { ArchiveEvents } from '../core/archive-events.ts';
import type { PutReadings } from '../core/put-readings.ts';
import type { SensorHistory } from '../core/sensor-history.ts';
import type { StoreReadings } from '../core/store-readings.ts';
import type { Logger } from '../handlers/logger.ts';
import type { EventHub } from './event-hub.ts';
import type { EventSourceMapping } from './event-source-mapping.ts';
import type { LambdaFunction } from './lambda-runtime.ts';
import type { PipelineMonitor } from './pipeline-monitor.ts';

const token = <Service>(name: string) => Symbol.for(`local-server:${name}`) as ServiceIdentifier<Service>;

/** The three functions of the contract. */
export interface Functions {
  readonly archiveEvents: LambdaFunction;
  readonly storeReadings: LambdaFunction;
  readonly sensorHistory: LambdaFunction;
}

export const Services = {
  log: token<Logger>('Logger'),
  eventHub: token<EventHub>('EventHub'),
  putReadings: token<PutReadings>('PutReadings'),
  archiveEvents: token<ArchiveEvents>('ArchiveEvents'),
  storeReadings: token<StoreReadings>('StoreReadings'),
  sensorHistory: token<SensorHistory>('SensorHistory'),
  functions: token<Functions>('Functions'),
  mappings: token<readonly EventSourceMapping[]>('EventSourceMappings'),
  monitor: token<PipelineMonitor>('PipelineMonitor'),
};
