/** Binds the ports that Node itself fills. */
import { ContainerModule } from 'inversify';
import { Ports } from '../tokens.ts';
import { FollowedClock } from './followed-clock.ts';
import { NodeCompression } from './node-compression.ts';
import { SystemClock } from './system-clock.ts';

export const nodeModule = new ContainerModule(({ bind }) => {
  bind(Ports.clock).toDynamicValue(() => new SystemClock());
  bind(Ports.steadyClock).toResolvedValue((clock) => new FollowedClock(clock), [Ports.clock]);
  bind(Ports.compression).toDynamicValue(() => new NodeCompression());
});
