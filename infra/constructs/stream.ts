import { KinesisStream } from '@cdktf/provider-aws/lib/kinesis-stream/index.js';
import { Construct } from 'constructs';
import type { DeploymentConfig } from '../config.ts';
import type { Statement } from '../policy.ts';

export class Stream extends Construct {
  readonly name: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, { name, config }: { name: string; config: DeploymentConfig }) {
    super(scope, id);
    const stream = new KinesisStream(this, 'stream', {
      name,
      retentionPeriod: config.retentionHours,
      // The key that AWS manages: whoever may use the stream may use the key through it, without a grant of its own.
      encryptionType: 'KMS',
      kmsKeyId: 'alias/aws/kinesis',
      ...(config.capacity === 'provisioned'
        ? { streamModeDetails: { streamMode: 'PROVISIONED' }, shardCount: config.shards }
        : { streamModeDetails: { streamMode: 'ON_DEMAND' } }),
    });
    this.name = name;
    this.arn = stream.arn;
  }

  /**
   * What an event source mapping needs of the stream. The managed policy for it also has `kinesis:ListStreams` on every
   * stream, which a mapping that names its stream has no use for, and `SubscribeToShard`, which is for enhanced fan-out.
   */
  readStatement(): Statement {
    return {
      Sid: 'ReadStream',
      Action: [
        'kinesis:DescribeStream',
        'kinesis:DescribeStreamSummary',
        'kinesis:GetRecords',
        'kinesis:GetShardIterator',
        'kinesis:ListShards',
      ],
      Resource: [this.arn],
    };
  }

  putStatement(): Statement {
    return { Sid: 'PutRecords', Action: ['kinesis:PutRecord', 'kinesis:PutRecords'], Resource: [this.arn] };
  }
}
