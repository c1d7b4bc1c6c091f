import { AwsProvider } from '@cdktf/provider-aws/lib/provider/index.js';
import type { Construct } from 'constructs';
import type { DeploymentConfig } from './config.ts';

/** The services that the stack and its receipt call. */
const services = [
  'cloudwatch',
  'dynamodb',
  'iam',
  'kinesis',
  'lambda',
  'logs',
  'resourcegroupstaggingapi',
  's3',
  'sns',
  'sts',
] as const;

/** Every resource carries this tag, by which the receipt of a destroy looks for what is left. */
export const STACK_TAG = 'Stack';

export function createAwsProvider(scope: Construct, { stack, region, endpoint }: DeploymentConfig): AwsProvider {
  return new AwsProvider(scope, 'aws', {
    region,
    defaultTags: [{ tags: { [STACK_TAG]: stack, ManagedBy: 'cdktf' } }],
    ...(endpoint !== undefined && {
      endpoints: [Object.fromEntries(services.map((service) => [service, endpoint]))],
      // An emulator has neither a name per bucket nor a metadata service nor keys that AWS knows.
      s3UsePathStyle: true,
      skipMetadataApiCheck: 'true',
      skipRegionValidation: true,
      skipCredentialsValidation: true,
    }),
  });
}
