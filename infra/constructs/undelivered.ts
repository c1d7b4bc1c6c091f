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
  readonly #accountId: string;

  constructor(
    scope: Construct,
    id: string,
    { name, accountId, config }: { name: string; accountId: string; config: DeploymentConfig },
  ) {
    super(scope, id);
    this.#accountId = accountId;
    this.bucket = new PrivateBucket(this, 'undelivered', { name, versioned: false, config });
  }

  /** To read is for the record that a put found in its place (docs/adr/0010). */
  quarantineStatement(): Statement {
    return {
      Sid: 'Quarantine',
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: [`${this.bucket.arn}/quarantine/*`],
    };
  }

  /**
   * Lambda writes as the function's role, below `aws/lambda/`. It checks the role when the mapping is created, and against
   * the whole bucket: with a permission for that prefix alone CreateEventSourceMapping is refused ("The function execution
   * role does not have permissions to call PutObject on S3"), as two public projects found on AWS. The account is named as
   * Lambda's Developer Guide advises, so that a bucket of another account under this name gets nothing.
   */
  failureStatements(): readonly Statement[] {
    const Condition = { StringEquals: { 's3:ResourceAccount': this.#accountId } };
    return [
      { Sid: 'KeepFailures', Action: ['s3:PutObject'], Resource: [`${this.bucket.arn}/*`], Condition },
      { Sid: 'FindFailures', Action: ['s3:ListBucket'], Resource: [this.bucket.arn], Condition },
    ];
  }
}
