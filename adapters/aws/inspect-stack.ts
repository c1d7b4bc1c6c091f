/** Looks at a stack's stores, all at once and without changing anything: what is missing, and what cannot be told. */
import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { DescribeStreamSummaryCommand, type KinesisClient } from '@aws-sdk/client-kinesis';
import { HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { type NameOverrides, stackNames, type StackNames } from '../../core/stack-names.ts';
import { codeOf, messageOf } from './translate-error.ts';

export interface StackClients {
  readonly kinesis: KinesisClient;
  readonly s3: S3Client;
  readonly dynamoDb: DynamoDBClient;
}

type ResourceKind = 'stream' | 'archive bucket' | 'undelivered bucket' | 'table';

export interface Finding {
  readonly kind: ResourceKind;
  readonly name: string;
  /** `missing`: make it. `wrong`: it is there and cannot be used. `unknown`: nobody could look. */
  readonly type: 'missing' | 'wrong' | 'unknown';
  readonly problem: string;
}

export interface Inspection {
  /** Absent where the stream could not be looked at. */
  readonly stream?: {
    readonly arn: string;
    readonly createdAt: string;
    readonly accountId: string;
    readonly region: string;
  };
  readonly names: StackNames;
  readonly findings: readonly Finding[];
  /** The attribute after which the table forgets items; absent where it forgets none, or where nobody could look. */
  readonly ttlAttribute?: string;
}

/** A look must not take longer than whoever waits for it. */
const LOOK_MILLIS = 5_000;
const MISSING: ReadonlySet<string> = new Set(['ResourceNotFoundException', 'NotFound', 'NoSuchBucket']);
const KEYS = [
  { name: 'SensorId', keyType: 'HASH', type: 'S' },
  { name: 'Timestamp', keyType: 'RANGE', type: 'S' },
] as const;

export async function inspectStack(
  clients: StackClients,
  stack: string,
  overrides: NameOverrides = {},
): Promise<Inspection> {
  // The names that hold the account wait for the stream, which tells it; the table's does not.
  const anyAccount = { ...stackNames(stack, UNKNOWN_ACCOUNT), ...overrides };
  const table = lookAtTable(clients.dynamoDb, anyAccount.table);
  const stream = await lookAtStream(clients.kinesis, anyAccount.stream);
  const { accountId = UNKNOWN_ACCOUNT } = stream;
  const names = { ...stackNames(stack, accountId), ...overrides };
  const [archive, undelivered, { finding, ttlAttribute }] = await Promise.all([
    lookAtBucket(clients.s3, 'archive bucket', names.bucket),
    lookAtBucket(clients.s3, 'undelivered bucket', names.undeliveredBucket),
    table,
  ]);
  return {
    names,
    ...(stream.found !== undefined && { stream: stream.found }),
    ...(ttlAttribute !== undefined && { ttlAttribute }),
    findings: [stream.finding, archive, undelivered, finding].filter((each) => each !== undefined),
  };
}

/** Stands for the account where it is not known. */
const UNKNOWN_ACCOUNT = '<account id>';

async function lookAtStream(client: KinesisClient, name: string) {
  try {
    const { StreamDescriptionSummary: summary } = await client.send(
      new DescribeStreamSummaryCommand({ StreamName: name }),
      { abortSignal: AbortSignal.timeout(LOOK_MILLIS) },
    );
    const arn = summary?.StreamARN ?? '';
    const [, , , region = '', accountId = ''] = arn.split(':');
    const createdAt = (summary?.StreamCreationTimestamp ?? new Date(0)).toISOString();
    return { accountId, found: { arn, createdAt, accountId, region } };
  } catch (error) {
    // Kinesis names the account in what it says about a missing stream.
    const accountId = /under account (\d{12})\b/.exec(messageOf(error))?.[1];
    return { accountId, finding: findingOf('stream', name, error) };
  }
}

async function lookAtBucket(client: S3Client, kind: ResourceKind, name: string): Promise<Finding | undefined> {
  if (name.includes(UNKNOWN_ACCOUNT)) {
    return { kind, name, type: 'unknown', problem: 'its name has the account id in it, which only the stream tells' };
  }
  try {
    await client.send(new HeadBucketCommand({ Bucket: name }), { abortSignal: AbortSignal.timeout(LOOK_MILLIS) });
    return undefined;
  } catch (error) {
    return findingOf(kind, name, error);
  }
}

async function lookAtTable(client: DynamoDBClient, name: string) {
  const abortSignal = AbortSignal.timeout(LOOK_MILLIS);
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }), { abortSignal });
    const ttlAttribute = await client
      .send(new DescribeTimeToLiveCommand({ TableName: name }), { abortSignal })
      .then(({ TimeToLiveDescription: ttl }) => (ttl?.TimeToLiveStatus === 'ENABLED' ? ttl.AttributeName : undefined))
      .catch(() => undefined); // Not everyone may look at it, and nothing depends on it.
    const problem = keyProblem(Table);
    const finding: Finding | undefined =
      problem === undefined ? undefined : { kind: 'table', name, type: 'wrong', problem };
    return { finding, ttlAttribute };
  } catch (error) {
    return { finding: findingOf('table', name, error), ttlAttribute: undefined };
  }
}

function keyProblem({ KeySchema = [], AttributeDefinitions = [] }: TableDescription = {}): string | undefined {
  const describe = (keys: readonly { name: string; keyType: string; type: string }[]) =>
    keys.map(({ name, keyType, type }) => `${name} (${keyType}, ${type})`).join(' and ');
  const found = KeySchema.map(({ AttributeName: name = '', KeyType: keyType = '' }) => {
    const type = AttributeDefinitions.find(({ AttributeName }) => AttributeName === name)?.AttributeType ?? '?';
    return { name, keyType, type };
  });
  return describe(found) === describe(KEYS) ? undefined : `has the key ${describe(found)}, but needs ${describe(KEYS)}`;
}

function findingOf(kind: ResourceKind, name: string, error: unknown): Finding {
  const code = codeOf(error);
  if (MISSING.has(code)) return { kind, name, type: 'missing', problem: 'is not there' };
  return { kind, name, type: 'unknown', problem: `could not be looked at (${code}: ${messageOf(error)})` };
}

/** A line for the AWS CLI that makes what is missing. */
export function howToMake({ kind, name }: Finding, region: string, shards: number): string {
  switch (kind) {
    case 'stream':
      return `aws kinesis create-stream --stream-name ${name} --shard-count ${shards}`;
    case 'archive bucket':
    case 'undelivered bucket': {
      const place = region === 'us-east-1' ? '' : ` --create-bucket-configuration LocationConstraint=${region}`;
      return `aws s3api create-bucket --bucket ${name}${place}`;
    }
    case 'table': {
      const types = KEYS.map((key) => `AttributeName=${key.name},AttributeType=${key.type}`).join(' ');
      const keys = KEYS.map((key) => `AttributeName=${key.name},KeyType=${key.keyType}`).join(' ');
      return `aws dynamodb create-table --table-name ${name} --attribute-definitions ${types} --key-schema ${keys} --billing-mode PAY_PER_REQUEST`;
    }
  }
}
