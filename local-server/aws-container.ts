/** Wires the server with a stack on AWS. Loaded only where that is asked for: AWS's clients take their time to load. */
import { Container } from 'inversify';
import type { ClientSettings } from '../adapters/aws/client-options.ts';
import { kinesisClient } from '../adapters/aws/kinesis-client.ts';
import { awsModule } from '../adapters/aws/module.ts';
import { findStackAccount } from '../adapters/aws/stack-account.ts';
import { nodeModule } from '../adapters/node/module.ts';
import { Ports } from '../adapters/tokens.ts';
import { stackNames } from '../core/stack-names.ts';
import { FileCheckpoints, MemoryCheckpoints } from './delivery/checkpoints.ts';
import { type StreamStatistics } from './watch/pipeline-monitor.ts';
import { localStack, type StackIdentity } from './stack-identity.ts';
import { Services } from './tokens.ts';
import { type ContainerOptions, serverModule } from './module.ts';

export interface AwsContainerOptions extends ContainerOptions {
  readonly stack: string;
  readonly client: ClientSettings;
  /** Runs the consumers here too, for a stream without Lambda behind it; where they stand is kept in this file. */
  readonly runMappings?: { readonly checkpointFile: string };
}

/** On a deployed stack, or on an emulator. @throws StoreUnavailable where the stack's stream is not found. */
export async function awsContainer(options: AwsContainerOptions): Promise<Container> {
  const { stack, client, runMappings } = options;
  // The account is part of the bucket's name; the stream's name holds without it.
  const { stream } = localStack(stack).names;
  const account = await findStackAccount(kinesisClient(client), stream);
  const identity: StackIdentity = { stack, adapters: 'aws', ...account, names: stackNames(stack, account.accountId) };
  const container = new Container({ defaultScope: 'Singleton' });
  container.load(nodeModule, awsModule(identity.names, client), serverModule(identity, options));
  container
    .bind(Services.streamStatistics)
    .toResolvedValue((reader): StreamStatistics => ({ statistics: () => reader.listShards() }), [Ports.shardReader]);
  if (runMappings === undefined) {
    container.rebind(Services.mappings).toConstantValue([]);
    container.bind(Services.checkpoints).toDynamicValue(() => new MemoryCheckpoints());
  } else {
    const { checkpointFile } = runMappings;
    container.bind(Services.checkpoints).toDynamicValue(() => new FileCheckpoints(checkpointFile));
  }
  return container;
}
