/** What of a stack the account still has: the tag that every resource carries is looked for, by Terraform's own eyes. */
import { DataAwsResourcegroupstaggingapiResources } from '@cdktf/provider-aws/lib/data-aws-resourcegroupstaggingapi-resources/index.js';
import type { Environment } from '../handlers/config.ts';
import { askAws } from './ask-aws.ts';
import { STACK_TAG } from './aws-provider.ts';
import type { DeploymentConfig } from './config.ts';
import type { DeployedResource } from './deployment.ts';

/**
 * @returns ARNs. IAM's users and roles are not among them, since the Resource Groups Tagging API does not know them;
 * what was deleted just now may be for a while.
 */
export async function findTagged(config: DeploymentConfig, env: Environment): Promise<readonly string[]> {
  const arns = await askAws(config, env, (scope) => {
    const found = new DataAwsResourcegroupstaggingapiResources(scope, 'tagged', {
      tagFilter: [{ key: STACK_TAG, values: [config.stack] }],
    });
    return `\${${found.fqn}.resource_tag_mapping_list[*].resource_arn}`;
  });
  return arns as readonly string[];
}

/** How many of what, a line each. */
export function summarise(resources: readonly DeployedResource[]): string {
  const counts = new Map<string, number>();
  for (const { type } of resources) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].map(([type, count]) => `  ${String(count).padStart(3)}  ${type}\n`).join('');
}
