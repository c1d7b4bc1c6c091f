/** What of a stack the account still has: the tag that every resource carries is looked for, by Terraform's own eyes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataAwsResourcegroupstaggingapiResources } from '@cdktf/provider-aws/lib/data-aws-resourcegroupstaggingapi-resources/index.js';
import { App, TerraformOutput, TerraformStack } from 'cdktf';
import type { Environment } from '../handlers/config.ts';
import { createAwsProvider, STACK_TAG } from './aws-provider.ts';
import type { DeploymentConfig } from './config.ts';
import { Deployment, type DeployedResource } from './deployment.ts';

/**
 * @returns ARNs. IAM's users and roles are not among them, since the Resource Groups Tagging API does not know them;
 * what was deleted just now may be for a while.
 */
export async function findTagged(config: DeploymentConfig, env: Environment): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'receipt-'));
  try {
    const app = new App({ outdir: folder });
    const stack = new TerraformStack(app, 'receipt');
    createAwsProvider(stack, config);
    const found = new DataAwsResourcegroupstaggingapiResources(stack, 'tagged', {
      tagFilter: [{ key: STACK_TAG, values: [config.stack] }],
    });
    new TerraformOutput(stack, 'arns', { value: `\${${found.fqn}.resource_tag_mapping_list[*].resource_arn}` });
    stack.addOverride('terraform.backend.local.path', 'receipt.tfstate');
    app.synth();
    const receipt = new Deployment(join(folder, 'stacks', 'receipt'), env);
    await receipt.init();
    await receipt.refresh();
    return (await receipt.outputs()).get('arns') as readonly string[];
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** How many of what, a line each. */
export function summarise(resources: readonly DeployedResource[]): string {
  const counts = new Map<string, number>();
  for (const { type } of resources) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].map(([type, count]) => `  ${String(count).padStart(3)}  ${type}\n`).join('');
}
