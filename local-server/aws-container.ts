/** Wires the server with a stack on AWS. Loaded only where that is asked for: AWS's clients take their time to load. */
import { Container } from 'inversify';
import { dynamoDbClient } from '../adapters/aws/dynamodb-client.ts';
import { at, type ServiceSettings } from '../adapters/aws/endpoints.ts';
import { howToMake, type Inspection, inspectStack } from '../adapters/aws/inspect-stack.ts';
import { kinesisClient } from '../adapters/aws/kinesis-client.ts';
import { awsModule } from '../adapters/aws/module.ts';
import { ServiceClock } from '../adapters/aws/service-clock.ts';
import { s3Client } from '../adapters/aws/s3-client.ts';
import { nodeModule } from '../adapters/node/module.ts';
import { Ports } from '../adapters/tokens.ts';
import { InvalidRequest, StoreUnavailable } from '../core/errors.ts';
import { pipeline as defaultPipeline } from '../core/pipeline.ts';
import type { NameOverrides } from '../core/stack-names.ts';
import type { StreamIncarnation } from './delivery/checkpoint-file.ts';
import { MemoryCheckpoints } from './delivery/checkpoints.ts';
import { FileCheckpoints } from './delivery/file-checkpoints.ts';
import { type ContainerOptions, serverModule } from './module.ts';
import type { StackIdentity } from './stack-identity.ts';
import { Services } from './tokens.ts';
import { type StreamStatistics } from './watch/pipeline-monitor.ts';
import { Problems } from './watch/problems.ts';
import { StackWatch } from './watch/stack-watch.ts';

export interface AwsContainerOptions extends ContainerOptions {
  readonly stack: string;
  readonly client: ServiceSettings;
  /** Of resources that are not called as a deployment calls them. */
  readonly names?: NameOverrides;
  /** How long readings are kept; for ever unless given. */
  readonly ttlDays?: number;
  /** Runs the consumers here too, for a stream without Lambda behind it; where they stand is kept in this file. */
  readonly runMappings?: { readonly checkpointFile: string };
  /** How often the stores are looked at; 10,000 unless given. */
  readonly watchMillis?: number;
}

type Stream = NonNullable<Inspection['stream']>;

/**
 * On a deployed stack, or on an emulator.
 * @throws StoreUnavailable where a store of the stack is not there, is none of ours, or cannot be looked at; names them all.
 * @throws InvalidRequest where the endpoint is that of a server like this one.
 */
export async function awsContainer(options: AwsContainerOptions): Promise<Container> {
  const { stack, client, runMappings, log, ttlDays } = options;
  await Promise.all([...new Set(Object.values(client.endpoints))].map(refuseOurOwn));
  const clients = {
    kinesis: kinesisClient(at('kinesis', client)),
    s3: s3Client(at('s3', client)),
    dynamoDb: dynamoDbClient(at('dynamoDb', client)),
  };
  const inspect = () => inspectStack(clients, stack, options.names);
  const { stream, names, ttlAttribute } = await complete(inspect, options);
  if (runMappings !== undefined && ttlAttribute !== undefined && ttlDays === undefined) {
    log.warn(
      { table: names.table, ttlAttribute },
      `${names.table} forgets items after their ${ttlAttribute}, which is written with --ttl-days only: readings stored here stay for ever`,
    );
  }

  const { accountId, region } = stream;
  const identity: StackIdentity = { stack, adapters: 'aws', accountId, region, names };
  const problems = new Problems(log);
  const container = new Container({ defaultScope: 'Singleton' });
  container.load(
    nodeModule,
    awsModule(names, client, ttlDays === undefined ? {} : { ttlDays }),
    serverModule(identity, options),
  );
  container.rebind(Ports.steadyClock).toService(ServiceClock);
  container.rebind(Services.problems).toConstantValue(problems);
  container.bind(Services.memory).toConstantValue({ statistics: () => undefined });
  container
    .bind(Services.streamStatistics)
    .toResolvedValue((reader): StreamStatistics => ({ statistics: () => reader.listShards() }), [Ports.shardReader]);

  const incarnation = ({ arn, createdAt }: Stream): StreamIncarnation => ({
    endpoint: client.endpoints.kinesis ?? 'aws',
    arn,
    createdAt,
  });
  let onOtherStream = async ({ arn, createdAt }: Stream): Promise<void> => {
    log.warn({ arn, createdAt }, `${arn} was made anew at ${createdAt}`);
  };
  if (runMappings === undefined) {
    container.rebind(Services.mappings).toConstantValue([]);
    container.bind(Services.checkpoints).toDynamicValue(() => new MemoryCheckpoints());
  } else {
    const file = runMappings.checkpointFile;
    const checkpoints = await FileCheckpoints.open({ file, stream: incarnation(stream), problems, log });
    container.bind(Services.checkpoints).toConstantValue(checkpoints);
    onOtherStream = async (other) => {
      const { arn, createdAt } = other;
      log.warn({ arn, createdAt }, `${arn} was made anew at ${createdAt}: the consumers start at its beginning`);
      const mappings = container.get(Services.mappings);
      await Promise.all(mappings.map((mapping) => mapping.stop()));
      checkpoints.startAnew(incarnation(other));
      for (const mapping of mappings) mapping.start();
    };
  }
  container.bind(Services.stackWatch).toConstantValue(
    new StackWatch({
      inspect,
      problems,
      stream,
      onOtherStream: (other) => onOtherStream(other),
      ...(options.watchMillis !== undefined && { everyMillis: options.watchMillis }),
    }),
  );
  return container;
}

async function complete(inspect: () => Promise<Inspection>, options: AwsContainerOptions) {
  const { stack, client, pipeline = defaultPipeline } = options;
  const { stream, findings, ...found } = await inspect();
  if (stream !== undefined && findings.length === 0) return { stream, ...found };
  const region = stream?.region ?? client.region ?? '<region>';
  const places = [...new Set(Object.values(client.endpoints))];
  const problem = [
    `the stack ${stack} cannot be used (region ${region}, ${places.length === 0 ? 'AWS itself' : `endpoint ${places.join(', ')}`}):`,
    ...findings.flatMap((finding) => [
      `  ${finding.kind} ${finding.name} ${finding.problem}`,
      ...(finding.type === 'missing' ? [`    ${howToMake(finding, region, pipeline.stream.shards)}`] : []),
    ]),
    ...(findings.some(({ type }) => type === 'missing')
      ? [
          'Deploy the stack (npm run deploy), make what is missing as above, or name what you have:',
          '  --stream, --archive-bucket, --undelivered-bucket, --table',
        ]
      : []),
  ].join('\n');
  throw new StoreUnavailable('stack', problem);
}

/** A server of this project that stands in for AWS: it would be its own store, and put what it takes into itself. */
async function refuseOurOwn(endpoint: string): Promise<void> {
  let health: { readonly status?: unknown; readonly stack?: unknown; readonly adapters?: unknown };
  try {
    const answer = await fetch(new URL('/health', endpoint), { signal: AbortSignal.timeout(2_000) });
    health = (await answer.json()) as typeof health;
  } catch {
    return; // No server of ours; whether it is an emulator is seen when the stack is looked at.
  }
  if (health.status !== 'ok' || typeof health.stack !== 'string' || typeof health.adapters !== 'string') return;
  throw new InvalidRequest(
    'AWS_ENDPOINT_URL',
    `is ${endpoint}, where a server of this project runs (stack ${health.stack}, --adapters ${health.adapters}). --adapters aws needs AWS or an emulator: unset AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_… in this shell, or start the server without --adapters aws`,
  );
}
