/** The doors of AWS clients, with the SDK as it comes. */
import { expect } from '@jest/globals';
import {
  AddTagsToStreamCommand,
  DescribeStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  ListStreamsCommand,
  ListTagsForResourceCommand,
  ListTagsForStreamCommand,
  MergeShardsCommand,
  PutRecordCommand,
  PutRecordsCommand,
  RemoveTagsFromStreamCommand,
  SplitShardCommand,
  UpdateMaxRecordSizeCommand,
  UpdateShardCountCommand,
} from '@aws-sdk/client-kinesis';
import {
  GetEventSourceMappingCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import {
  type Checks,
  at,
  callAws,
  callKinesis,
  type ContractServer,
  kinesisClient,
  SENSOR,
  VALUES,
} from './fixture.ts';
import type { StackIdentity } from '../../../local-server/stack-identity.ts';
import { eventually } from '../../support/eventually.ts';

interface Door {
  readonly kinesis: KinesisClient;
  readonly StreamName: string;
  readonly arn: string;
}

/** A check with a client of Kinesis. */
const asKinesis = (check: (door: Door) => Promise<void>) => async (server: ContractServer) => {
  const kinesis = kinesisClient(server);
  const { names, region, accountId } = server.services.identity;
  const arn = `arn:aws:kinesis:${region}:${accountId}:stream/${names.stream}`;
  try {
    await check({ kinesis, StreamName: names.stream, arn });
  } finally {
    kinesis.destroy();
  }
};

const record = (sensorid: string, value: number) => ({
  PartitionKey: sensorid,
  Data: Buffer.from(JSON.stringify({ sensorid, value, timestamp: at(value) })),
});

interface LambdaDoor extends StackIdentity {
  readonly lambda: LambdaClient;
}

/** A check with a client of Lambda. */
const asLambda = (check: (door: LambdaDoor) => Promise<void>) => async (server: ContractServer) => {
  const { identity } = server.services;
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  const lambda = new LambdaClient({ endpoint: server.url, region: identity.region, credentials });
  try {
    await check({ ...identity, lambda });
  } finally {
    lambda.destroy();
  }
};

async function mappingOf({ lambda }: LambdaDoor, FunctionName: string) {
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName }));
  expect(EventSourceMappings).toHaveLength(1);
  return EventSourceMappings[0]!;
}

async function readAll({ kinesis, StreamName }: Door): Promise<string[]> {
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
  const pages = Shards.map(async ({ ShardId }) => {
    const { ShardIterator } = await kinesis.send(
      new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
    return Records.map(({ PartitionKey = '' }) => PartitionKey);
  });
  return (await Promise.all(pages)).flat();
}

/** In the order of their hash keys. */
async function openShards({ kinesis, StreamName }: Pick<Door, 'kinesis' | 'StreamName'>) {
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
  const first = ({ HashKeyRange }: (typeof Shards)[number]) => BigInt(HashKeyRange?.StartingHashKey ?? 0);
  return Shards.filter(({ SequenceNumberRange }) => SequenceNumberRange?.EndingSequenceNumber === undefined).sort(
    (a, b) => (first(a) < first(b) ? -1 : 1),
  );
}

/** A call that is refused in the protocol of its client, with a status that no SDK tries again. */
const refuses = (ask: (server: ContractServer) => Promise<Response>, status: number, says: string): Checks => ({
  'refuses what is not offered, in the protocol of the client': async (server) => {
    const response = await ask(server);
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(says)]);
  },
});

export const doorChecks: Readonly<Record<string, Checks>> = {
  'ALL /* (kinesis)': refuses(
    (server) => callKinesis(server, 'EnableEnhancedMonitoring', {}),
    400,
    '"__type":"UnknownOperationException"',
  ),
  'ALL /* (lambda)': refuses(
    (server) => callAws(server, 'lambda', 'DELETE', '/2015-03-31/functions/f'),
    404,
    'Lambda has Invoke',
  ),
  'ALL /* (s3)': refuses((server) => callAws(server, 's3', 'GET', '/bucket?acl'), 400, '<Code>NotImplemented</Code>'),
  'ALL /* (other)': refuses(
    (server) => callAws(server, 'sts', 'POST', '/', 'Action=GetCallerIdentity'),
    404,
    'There is no account here',
  ),
  'kinesis PutRecord': {
    'takes bytes, and says where they are': asKinesis(async ({ kinesis, StreamName }) => {
      const taken = await kinesis.send(new PutRecordCommand({ StreamName, ...record('contract-put', 1) }));
      expect(taken).toMatchObject({ ShardId: expect.any(String), SequenceNumber: expect.stringMatching(/^\d+$/) });
    }),
    'refuses a stream that is not here': asKinesis(async ({ kinesis }) => {
      const put = kinesis.send(new PutRecordCommand({ StreamName: 'nowhere', ...record('contract-put', 1) }));
      await expect(put).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    }),
  },
  'kinesis PutRecords': {
    'takes several, in the order of their key': asKinesis(async (door) => {
      const { kinesis, StreamName } = door;
      const Records = [1, 2, 3].map((value) => record('contract-several', value));
      const { FailedRecordCount, Records: taken = [] } = await kinesis.send(
        new PutRecordsCommand({ StreamName, Records }),
      );
      expect(FailedRecordCount).toBe(0);
      const numbers = taken.map(({ SequenceNumber = '' }) => BigInt(SequenceNumber));
      expect(numbers[0]! < numbers[1]! && numbers[1]! < numbers[2]!).toBe(true);
      expect(await readAll(door)).toEqual(expect.arrayContaining(['contract-several']));
    }),
  },
  'kinesis ListStreams': {
    'lists the one stream': asKinesis(async ({ kinesis, StreamName }) => {
      expect(await kinesis.send(new ListStreamsCommand({}))).toMatchObject({
        StreamNames: [StreamName],
        HasMoreStreams: false,
      });
    }),
  },
  'kinesis ListShards': {
    'lists shards with their ranges': asKinesis(async ({ kinesis, StreamName }) => {
      const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
      expect(Shards.length).toBeGreaterThanOrEqual(2);
      expect(Shards[0]).toMatchObject({
        ShardId: 'shardId-000000000000',
        HashKeyRange: { StartingHashKey: '0' },
        SequenceNumberRange: { StartingSequenceNumber: expect.any(String) },
      });
    }),
  },
  'kinesis GetShardIterator': {
    'refuses a shard that is not here': asKinesis(async ({ kinesis, StreamName }) => {
      const ask = new GetShardIteratorCommand({
        StreamName,
        ShardId: 'shardId-000000000099',
        ShardIteratorType: 'LATEST',
      });
      await expect(kinesis.send(ask)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    }),
  },
  'kinesis GetRecords': {
    'reads every record of the stream': asKinesis(async (door) => {
      const keys = await readAll(door);
      expect(keys.filter((key) => key === SENSOR)).toHaveLength(VALUES.length);
      expect(keys).toContain('contract-rejected');
    }),
    'refuses an iterator that it did not give': asKinesis(async ({ kinesis }) => {
      const ask = kinesis.send(new GetRecordsCommand({ ShardIterator: 'AAAA' }));
      await expect(ask).rejects.toMatchObject({ name: 'InvalidArgumentException' });
    }),
  },
  'kinesis DescribeStream': {
    'describes the stream with its shards': asKinesis(async ({ kinesis, StreamName, arn }) => {
      const { StreamDescription } = await kinesis.send(new DescribeStreamCommand({ StreamName }));
      expect(StreamDescription).toMatchObject({ StreamARN: arn, StreamStatus: 'ACTIVE', HasMoreShards: false });
    }),
  },
  'kinesis DescribeStreamSummary': {
    'describes the stream': asKinesis(async ({ kinesis, StreamName, arn }) => {
      const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
      expect(StreamDescriptionSummary).toMatchObject({ StreamARN: arn, StreamStatus: 'ACTIVE' });
    }),
  },
  'kinesis SplitShard': {
    'closes a shard and opens two': asKinesis(async ({ kinesis, StreamName }) => {
      const before = await openShards({ kinesis, StreamName });
      const { ShardId, HashKeyRange } = before[0]!;
      const [start, end] = [HashKeyRange!.StartingHashKey!, HashKeyRange!.EndingHashKey!].map(BigInt);
      const NewStartingHashKey = String((start! + end!) / 2n + 1n);
      await kinesis.send(new SplitShardCommand({ StreamName, ShardToSplit: ShardId, NewStartingHashKey }));
      expect(await openShards({ kinesis, StreamName })).toHaveLength(before.length + 1);
    }),
  },
  'kinesis MergeShards': {
    'closes two shards and opens one': asKinesis(async ({ kinesis, StreamName }) => {
      const before = await openShards({ kinesis, StreamName });
      const [ShardToMerge, AdjacentShardToMerge] = before.map(({ ShardId }) => ShardId);
      await kinesis.send(new MergeShardsCommand({ StreamName, ShardToMerge, AdjacentShardToMerge }));
      expect(await openShards({ kinesis, StreamName })).toHaveLength(before.length - 1);
    }),
  },
  'kinesis UpdateShardCount': {
    'doubles the shards': asKinesis(async ({ kinesis, StreamName }) => {
      const TargetShardCount = 2 * (await openShards({ kinesis, StreamName })).length;
      const ScalingType = 'UNIFORM_SCALING';
      await kinesis.send(new UpdateShardCountCommand({ StreamName, TargetShardCount, ScalingType }));
      expect(await openShards({ kinesis, StreamName })).toHaveLength(TargetShardCount);
    }),
  },
  'kinesis UpdateMaxRecordSize': {
    'raises the largest record': asKinesis(async ({ kinesis, StreamName, arn }) => {
      await kinesis.send(new UpdateMaxRecordSizeCommand({ StreamARN: arn, MaxRecordSizeInKiB: 2_048 }));
      const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
      expect(StreamDescriptionSummary).toMatchObject({ MaxRecordSizeInKiB: 2_048 });
      await kinesis.send(new UpdateMaxRecordSizeCommand({ StreamARN: arn, MaxRecordSizeInKiB: 1_024 }));
    }),
  },
  'kinesis AddTagsToStream': {
    'adds tags': asKinesis(async ({ kinesis, StreamName, arn }) => {
      await kinesis.send(new AddTagsToStreamCommand({ StreamName, Tags: { added: 'here' } }));
      const { Tags } = await kinesis.send(new ListTagsForResourceCommand({ ResourceARN: arn }));
      expect(Tags).toContainEqual({ Key: 'added', Value: 'here' });
    }),
  },
  'kinesis ListTagsForResource': {
    'lists tags by the ARN': asKinesis(async ({ kinesis, arn }) => {
      expect((await kinesis.send(new ListTagsForResourceCommand({ ResourceARN: arn }))).Tags).toBeDefined();
    }),
  },
  'kinesis ListTagsForStream': {
    'lists tags by the name': asKinesis(async ({ kinesis, StreamName }) => {
      expect((await kinesis.send(new ListTagsForStreamCommand({ StreamName }))).HasMoreTags).toBe(false);
    }),
  },
  'kinesis RemoveTagsFromStream': {
    'removes tags': asKinesis(async ({ kinesis, StreamName }) => {
      await kinesis.send(new AddTagsToStreamCommand({ StreamName, Tags: { gone: 'soon' } }));
      await kinesis.send(new RemoveTagsFromStreamCommand({ StreamName, TagKeys: ['gone'] }));
      const { Tags = [] } = await kinesis.send(new ListTagsForStreamCommand({ StreamName }));
      expect(Tags.map(({ Key }) => Key)).not.toContain('gone');
    }),
  },
  'lambda Invoke': {
    'answers the history of a sensor, and its log': asLambda(async ({ lambda, names }) => {
      const Payload = JSON.stringify({ operation: 'query', sensorid: SENSOR });
      const FunctionName = names.sensorHistory;
      const answer = await lambda.send(new InvokeCommand({ FunctionName, Payload, LogType: 'Tail' }));
      expect(answer.FunctionError).toBeUndefined();
      expect(JSON.parse(Buffer.from(answer.Payload!).toString())).toEqual({
        Items: VALUES.map((Value, minute) => ({
          SensorId: SENSOR,
          Timestamp: at(minute),
          Value,
          Flags: ['far-past'],
        })).reverse(),
        Count: VALUES.length,
      });
      expect(Buffer.from(answer.LogResult!, 'base64').toString()).toMatch(/^START RequestId: .*\nREPORT /s);
    }),
    'does not invoke a consumer': asLambda(async ({ lambda, names }) => {
      const invoke = new InvokeCommand({ FunctionName: names.archiveEvents, Payload: '{"Records":[]}' });
      await expect(lambda.send(invoke)).rejects.toMatchObject({
        name: 'AccessDeniedException',
        $metadata: { httpStatusCode: 403 },
      });
    }),
    'does not know a function that is not here': asLambda(async ({ lambda }) => {
      await expect(lambda.send(new InvokeCommand({ FunctionName: 'nothing' }))).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
        message: expect.stringContaining('Function not found'),
      });
    }),
  },
  'lambda ListFunctions': {
    'lists the functions that run here': asLambda(async ({ lambda, names }) => {
      const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
      const listed = Functions.map(({ FunctionName }) => FunctionName);
      expect(listed.sort()).toEqual([names.archiveEvents, names.storeReadings, names.sensorHistory].sort());
    }),
  },
  'lambda GetFunction': {
    'describes a function': asLambda(async ({ lambda, names }) => {
      const FunctionName = names.sensorHistory;
      const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName }));
      expect(Configuration).toMatchObject({ FunctionName, State: 'Active' });
    }),
    'does not know a function that is not here': asLambda(async ({ lambda }) => {
      await expect(lambda.send(new GetFunctionCommand({ FunctionName: 'nothing' }))).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
    }),
  },
  'lambda GetFunctionConfiguration': {
    'describes a function, with region and account': asLambda(async ({ lambda, names, region, accountId }) => {
      const FunctionArn = `arn:aws:lambda:${region}:${accountId}:function:${names.storeReadings}`;
      const configuration = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: FunctionArn }));
      expect(configuration).toMatchObject({ FunctionArn, FunctionName: names.storeReadings });
    }),
  },
  'lambda ListEventSourceMappings': {
    'lists those of the stream': asLambda(async ({ lambda, names, region, accountId }) => {
      const EventSourceArn = `arn:aws:kinesis:${region}:${accountId}:stream/${names.stream}`;
      const list = new ListEventSourceMappingsCommand({ EventSourceArn });
      const { EventSourceMappings = [] } = await lambda.send(list);
      expect(EventSourceMappings).toHaveLength(2);
    }),
  },
  'lambda GetEventSourceMapping': {
    'describes one': asLambda(async (door) => {
      const { UUID } = await mappingOf(door, door.names.storeReadings);
      expect(await door.lambda.send(new GetEventSourceMappingCommand({ UUID }))).toMatchObject({
        State: 'Enabled',
        MaximumRetryAttempts: 0,
        LastProcessingResult: expect.any(String),
      });
    }),
  },
  'lambda UpdateEventSourceMapping': {
    'changes one, and it goes on': asLambda(async (door) => {
      const { UUID, BatchSize } = await mappingOf(door, door.names.storeReadings);
      const becomes = (size: number | undefined) =>
        eventually(async () => {
          const now = await door.lambda.send(new GetEventSourceMappingCommand({ UUID }));
          return now.State === 'Enabled' && now.BatchSize === size;
        });
      await door.lambda.send(new UpdateEventSourceMappingCommand({ UUID, BatchSize: 99 }));
      await becomes(99);
      await door.lambda.send(new UpdateEventSourceMappingCommand({ UUID, BatchSize }));
      await becomes(BatchSize);
    }),
  },
};
