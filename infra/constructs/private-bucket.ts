import { S3BucketLifecycleConfiguration } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration/index.js';
import type { S3BucketLifecycleConfigurationRule } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration/index.js';
import { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy/index.js';
import { S3BucketPublicAccessBlock } from '@cdktf/provider-aws/lib/s3-bucket-public-access-block/index.js';
import { S3BucketServerSideEncryptionConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration/index.js';
import { S3BucketVersioningA } from '@cdktf/provider-aws/lib/s3-bucket-versioning/index.js';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket/index.js';
import { Construct } from 'constructs';
import type { DeploymentConfig } from '../config.ts';
import { denyWithoutTls } from '../policy.ts';

export interface PrivateBucketOptions {
  readonly name: string;
  /** Keep what is overwritten or deleted. */
  readonly versioned: boolean;
  /** Besides the one that removes unfinished uploads. */
  readonly lifecycleRules?: readonly S3BucketLifecycleConfigurationRule[];
  readonly config: DeploymentConfig;
}

/** A bucket that is nobody's but the account's: no public access, encrypted at rest and on the way. */
export class PrivateBucket extends Construct {
  readonly name: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, options: PrivateBucketOptions) {
    super(scope, id);
    const { name, versioned, lifecycleRules = [], config } = options;
    const resource = new S3Bucket(this, 'bucket', { bucket: name, forceDestroy: config.deleteArchive });
    if (config.adoptArchive) resource.importFrom(name);
    const bucket = resource.bucket;
    const access = new S3BucketPublicAccessBlock(this, 'access', {
      bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    // An emulator without TLS would have to refuse every call.
    if (config.endpoint?.startsWith('http:') !== true) {
      // Put after the block of public access: S3 takes one call about who may access a bucket at a time.
      new S3BucketPolicy(this, 'policy', { bucket, policy: denyWithoutTls(resource.arn), dependsOn: [access] });
    }
    new S3BucketServerSideEncryptionConfigurationA(this, 'encryption', {
      bucket,
      rule: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }],
    });
    const versioning = versioned
      ? [new S3BucketVersioningA(this, 'versioning', { bucket, versioningConfiguration: { status: 'Enabled' } })]
      : [];
    new S3BucketLifecycleConfiguration(this, 'lifecycle', {
      bucket,
      rule: [
        {
          id: 'unfinished-uploads',
          status: 'Enabled',
          filter: [{ prefix: '' }],
          abortIncompleteMultipartUpload: [{ daysAfterInitiation: 7 }],
        },
        ...lifecycleRules,
      ],
      // Rules about old versions are refused before there can be any.
      dependsOn: versioning,
    });
    this.name = bucket;
    this.arn = resource.arn;
  }
}
