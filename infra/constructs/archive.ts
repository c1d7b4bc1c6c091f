import { Construct } from 'constructs';
import type { DeploymentConfig } from '../config.ts';
import type { Statement } from '../policy.ts';
import { PrivateBucket } from './private-bucket.ts';

const COLD_AFTER_DAYS = 90;
const OLD_VERSIONS_DAYS = 30;

/**
 * The archive: what everything else can be rebuilt from. Versions keep for a month what is overwritten or deleted; they
 * cost next to nothing, since an object is written again only where a batch is repeated. Object lock is left out: it
 * would forbid the one destroy that was asked for.
 */
export class Archive extends Construct {
  readonly bucket: PrivateBucket;

  constructor(scope: Construct, id: string, { name, config }: { name: string; config: DeploymentConfig }) {
    super(scope, id);
    this.bucket = new PrivateBucket(this, 'archive', {
      name,
      versioned: true,
      config,
      lifecycleRules: [
        {
          id: 'cold',
          status: 'Enabled',
          filter: [{ prefix: '' }],
          // Read at once like any other, at a sixth of the price. S3 leaves objects below 128 KiB where they are.
          transition: [{ days: COLD_AFTER_DAYS, storageClass: 'GLACIER_IR' }],
          noncurrentVersionExpiration: [{ noncurrentDays: OLD_VERSIONS_DAYS }],
        },
        ...(config.archiveDays === undefined
          ? []
          : [
              { id: 'expire', status: 'Enabled', filter: [{ prefix: '' }], expiration: [{ days: config.archiveDays }] },
            ]),
      ],
    });
  }

  /**
   * Keys begin with a date, and the bucket holds nothing else. To read is for the object that a put found in its place
   * (docs/adr/0010); to list is not needed.
   */
  putStatement(): Statement {
    return { Sid: 'Archive', Action: ['s3:GetObject', 's3:PutObject'], Resource: [`${this.bucket.arn}/*`] };
  }
}
