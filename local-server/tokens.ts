/** What the local server binds besides the ports; the type comes with the token. */
import type { ServiceIdentifier } from 'inversify';
import type { ArchiveEvents } from '../core/archive-events.ts';
import type { PutReadings } from '../core/put-readings.ts';
import type { SensorHistory } from '../core/sensor-history.ts';
import type { StoreReadings } from '../core/store-readings.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { EventHub } from './event-hub.ts';
import type { EventSourceMapping } from './event-source-mapping.ts';
import type { LambdaFunction } from './lambda-runtime.ts';
import type { PipelineMonitor, StreamStatistics } from './pipeline-monitor.ts';
import type { StackIdentity } from './stack-identity.ts';

const token = <Service>(name: string) => Symbol.for(`local-server:${name}`) as ServiceIdentifier<Service>;

/** The three functions of the contract. */
export interface Functions {
  readonly archiveEvents: LambdaFunction;
  readonly storeReadings: LambdaFunction;
  readonly sensorHistory: LambdaFunction;
}

export const Services = {
  identity: token<StackIdentity>('StackIdentity'),
  eventHub: token<EventHub>('EventHub'),
  putReadings: token<PutReadings>('PutReadings'),
  archiveEvents: token<ArchiveEvents>('ArchiveEvents'),
  storeReadings: token<StoreReadings>('StoreReadings'),
  sensorHistory: token<SensorHistory>('SensorHistory'),
  functions: token<Functions>('Functions'),
  mappings: token<readonly EventSourceMapping[]>('EventSourceMappings'),
  checkpoints: token<Checkpoints>('Checkpoints'),
  streamStatistics: token<StreamStatistics>('StreamStatistics'),
  monitor: token<PipelineMonitor>('PipelineMonitor'),
};
