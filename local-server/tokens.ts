/** What the local server binds besides the ports; the type comes with the token. */
import type { ServiceIdentifier } from 'inversify';
import type { ArchiveEvents } from '../core/archive-events.ts';
import type { EventStream } from '../core/ports.ts';
import type { PutReadings } from '../core/put-readings.ts';
import type { SensorHistory } from '../core/sensor-history.ts';
import type { StoreReadings } from '../core/store-readings.ts';
import type { StreamControl } from './aws-api/kinesis/stream-control.ts';
import type { AccountState } from './account/account-state.ts';
import type { ReadBack } from './account/read-back.ts';
import type { TrafficAccount } from './account/traffic-account.ts';
import type { Checkpoints } from './delivery/checkpoints.ts';
import type { EventHub } from './watch/event-hub.ts';
import type { EventSourceMapping } from './delivery/event-source-mapping.ts';
import type { Faults } from './lab/faults.ts';
import type { Fleet } from './lab/fleet.ts';
import type { Lab } from './lab/lab.ts';
import type { Latency } from './scoreboard/latency.ts';
import type { Scoreboard } from './scoreboard/scoreboard.ts';
import type { DescribedFunction } from './delivery/lambda-runtime.ts';
import type { MemoryStatistics, PipelineMonitor, StreamStatistics } from './watch/pipeline-monitor.ts';
import type { StackWatch } from './watch/stack-watch.ts';
import type { Problems } from './watch/problems.ts';
import type { SensorDirectory } from './routes/sensors.ts';
import type { StackIdentity } from './stack-identity.ts';

const token = <Service>(name: string) => Symbol.for(`local-server:${name}`) as ServiceIdentifier<Service>;

/** The three functions of the contract. */
export interface Functions {
  readonly archiveEvents: DescribedFunction;
  readonly storeReadings: DescribedFunction;
  readonly sensorHistory: DescribedFunction;
}

export const Services = {
  identity: token<StackIdentity>('StackIdentity'),
  eventHub: token<EventHub>('EventHub'),
  problems: token<Problems>('Problems'),
  memory: token<MemoryStatistics>('MemoryStatistics'),
  /** Bound on AWS only. */
  stackWatch: token<StackWatch>('StackWatch'),
  /** The stream as producers reach it. */
  producerStream: token<EventStream>('ProducerStream'),
  /** Bound in memory only: a stream at AWS is changed at AWS. */
  streamControl: token<StreamControl>('StreamControl'),
  /** The same, as the Kinesis API reaches it. */
  kinesisStream: token<EventStream>('KinesisStream'),
  readBack: token<ReadBack>('ReadBack'),
  traffic: token<TrafficAccount>('TrafficAccount'),
  accountState: token<AccountState>('AccountState'),
  putReadings: token<PutReadings>('PutReadings'),
  archiveEvents: token<ArchiveEvents>('ArchiveEvents'),
  storeReadings: token<StoreReadings>('StoreReadings'),
  sensorHistory: token<SensorHistory>('SensorHistory'),
  functions: token<Functions>('Functions'),
  mappings: token<readonly EventSourceMapping[]>('EventSourceMappings'),
  checkpoints: token<Checkpoints>('Checkpoints'),
  streamStatistics: token<StreamStatistics>('StreamStatistics'),
  monitor: token<PipelineMonitor>('PipelineMonitor'),
  faults: token<Faults>('Faults'),
  latency: token<Latency>('Latency'),
  scoreboard: token<Scoreboard>('Scoreboard'),
  fleet: token<Fleet>('Fleet'),
  /** Bound in memory only, as a deployed stack is not for breaking. */
  lab: token<Lab>('Lab'),
  /** Bound in memory only: DynamoDB does not list the keys that a table has. */
  sensorDirectory: token<SensorDirectory>('SensorDirectory'),
};
