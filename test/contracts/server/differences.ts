/**
 * What the server answers on one side only, with the reason. Everything that is not in this table is the same in memory and
 * on AWS, and `server-contract.ts` tests it on both sides with the same assertions.
 */
export type Side = 'memory' | 'aws';

export interface Difference {
  readonly side: Side;
  /** As in `checks.ts`. */
  readonly route: string;
  /** A request that would succeed on the other side. */
  readonly request: { readonly path: string; readonly body?: object; readonly operation?: string };
  readonly status: number;
  /** What the answer says to the person who asked. */
  readonly says: string;
  readonly reason: string;
}

const inMemoryOnly = {
  side: 'aws',
  status: 501,
  says: 'A deployed stack has no lab: faults, shards and the clock can be had with --adapters memory.',
  reason: 'The lab breaks the stores of this process; those of a stack belong to everyone who uses the stack.',
} as const;

const askKinesis = {
  side: 'aws',
  status: 400,
  says: 'is not offered here, because the stream',
  reason: 'What AWS knows about the stream (creation, mode, tags) would be repeated from memory, and could be wrong.',
} as const;

const stream = { StreamName: 'iot-SensorStream' };
const resource = { ResourceARN: 'arn:aws:kinesis:us-east-1:123456789012:stream/iot-SensorStream' };

export const differences: readonly Difference[] = [
  {
    side: 'aws',
    route: 'GET /sensors',
    request: { path: '/sensors' },
    status: 501,
    says: 'A deployed table does not list its sensors; ask for one by its id.',
    reason: 'DynamoDB lists the partition keys of a table only by reading the whole table, which costs money.',
  },
  { ...inMemoryOnly, route: 'GET /lab/faults', request: { path: '/lab/faults' } },
  {
    ...inMemoryOnly,
    route: 'POST /lab/faults',
    request: { path: '/lab/faults', body: { target: 'archive', fault: 'slow' } },
  },
  { ...inMemoryOnly, route: 'DELETE /lab/faults', request: { path: '/lab/faults' } },
  { ...inMemoryOnly, route: 'DELETE /lab/faults/:id', request: { path: '/lab/faults/fault-1' } },
  {
    ...inMemoryOnly,
    route: 'POST /lab/shards/:shardId/split',
    request: { path: '/lab/shards/shardId-000000000000/split' },
  },
  {
    ...inMemoryOnly,
    route: 'POST /lab/shards/:shardId/merge',
    request: {
      path: '/lab/shards/shardId-000000000000/merge',
      body: { adjacentShardId: 'shardId-000000000001' },
    },
  },
  { ...inMemoryOnly, route: 'GET /lab/clock', request: { path: '/lab/clock' } },
  { ...inMemoryOnly, route: 'POST /lab/clock', request: { path: '/lab/clock', body: { advanceSeconds: 1 } } },
  ...['DescribeStream', 'DescribeStreamSummary', 'ListTagsForStream'].map((operation) => ({
    ...askKinesis,
    route: `kinesis ${operation}`,
    request: { path: '/', operation, body: stream },
  })),
  {
    ...askKinesis,
    route: 'kinesis SplitShard',
    request: {
      path: '/',
      operation: 'SplitShard',
      body: { ...stream, ShardToSplit: 'shardId-000000000000', NewStartingHashKey: '1000' },
    },
  },
  {
    ...askKinesis,
    route: 'kinesis MergeShards',
    request: {
      path: '/',
      operation: 'MergeShards',
      body: { ...stream, ShardToMerge: 'shardId-000000000000', AdjacentShardToMerge: 'shardId-000000000001' },
    },
  },
  {
    ...askKinesis,
    route: 'kinesis UpdateShardCount',
    request: {
      path: '/',
      operation: 'UpdateShardCount',
      body: { ...stream, TargetShardCount: 4, ScalingType: 'UNIFORM_SCALING' },
    },
  },
  {
    ...askKinesis,
    route: 'kinesis UpdateMaxRecordSize',
    request: {
      path: '/',
      operation: 'UpdateMaxRecordSize',
      body: { StreamARN: resource.ResourceARN, MaxRecordSizeInKiB: 2_048 },
    },
  },
  {
    ...askKinesis,
    route: 'kinesis ListTagsForResource',
    request: { path: '/', operation: 'ListTagsForResource', body: resource },
  },
  {
    ...askKinesis,
    route: 'kinesis AddTagsToStream',
    request: { path: '/', operation: 'AddTagsToStream', body: { ...stream, Tags: { a: 'b' } } },
  },
  {
    ...askKinesis,
    route: 'kinesis RemoveTagsFromStream',
    request: { path: '/', operation: 'RemoveTagsFromStream', body: { ...stream, TagKeys: ['a'] } },
  },
];

/** Values that a side cannot have. */
export const facts = {
  /** Kinesis does not count records: no consumer of AWS can say how many follow its checkpoint. */
  countsRecordsBehind: { memory: true, aws: false },
  /** moto, like Kinesis, stores what it is told; the account is the one of the emulator. */
  accountId: { memory: '000000000000', aws: '123456789012' },
} as const;
