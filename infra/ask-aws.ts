/** Asks AWS by a data source of Terraform: with the provider, the credentials and the endpoint that a deployment uses. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, TerraformOutput, TerraformStack } from 'cdktf';
import type { Environment } from '../handlers/config.ts';
import { createAwsProvider } from './aws-provider.ts';
import type { DeploymentConfig } from './config.ts';
import { Deployment } from './deployment.ts';

/** @param question Adds data sources to a stack of its own, and says which expression is the answer. */
export async function askAws(
  config: DeploymentConfig,
  env: Environment,
  question: (scope: TerraformStack) => string,
): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'question-'));
  try {
    const app = new App({ outdir: folder });
    const stack = new TerraformStack(app, 'question');
    createAwsProvider(stack, config);
    new TerraformOutput(stack, 'answer', { value: question(stack) });
    stack.addOverride('terraform.backend.local.path', 'question.tfstate');
    app.synth();
    const deployment = new Deployment(join(folder, 'stacks', 'question'), env);
    await deployment.init();
    await deployment.refresh();
    return (await deployment.outputs()).get('answer');
  } finally {
    await rm(folder, { recursive: true });
  }
}
