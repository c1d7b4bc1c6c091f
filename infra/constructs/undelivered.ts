import { Construct } from 'constructs';
import type { DeploymentConfig } from '../config.ts';
import type { Statement } from '../policy.ts';
import { PrivateBucket } from './private-bucket.ts';

/**
 * What could not be delivered, whole: `quarantine/` for records that are no readings, `aws/lambda/` for what an event
 * source mapping gave up. Nothing expires here: it waits for someone to look.
 */
export class Undelivered extends Construct {
  readonly bucket: PrivateBucket;

  constructor(scope: Construct, id: string, { name, config }: { name: string; config: DeploymentConfig }) {
    super(scope, id);
    this.bucket = new PrivateBucket(this, 'undelivered', { name, versioned: false, config });
  }

  quarantineStatement(): Statement {
    return { Sid: 'Quarantine', Action: ['s3:PutObject'], Resource: [`${this.bucket.arn}/quarantine/*`] };
  }

  /** Lambda writes as the function's role, under a prefix of its own, and wants to list the bucket. */
  failureStatements(): readonly Statement[] {
    return [
      { Sid: 'KeepFailures', Action: ['s3:PutObject'], Resource: [`${this.bucket.arn}/aws/lambda/*`] },
      { Sid: 'FindFailures', Action: ['s3:ListBucket'], Resource: [this.bucket.arn] },
    ];
  }
}
