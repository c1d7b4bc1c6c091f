/**
 * Where a stack is, and where the credentials and settings of the shell point to. A destroy in another region or account
 * would find nothing of the stack, take it for gone, remove its roles (IAM knows no region) and forget the rest.
 */
import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity/index.js';
import { InvalidConfiguration, type Environment } from '../handlers/config.ts';
import type { DeploymentConfig } from './config.ts';
import { askAws } from './ask-aws.ts';

export interface Target {
  readonly region: string;
  /** 12 digits. */
  readonly accountId: string;
}

/** What the outputs of a stack say; `undefined` where the state has none of them, for instance after a failed deploy. */
export function targetOf(outputs: ReadonlyMap<string, unknown>): Target | undefined {
  const [region, accountId] = [outputs.get('region'), outputs.get('account_id')];
  return typeof region === 'string' && typeof accountId === 'string' ? { region, accountId } : undefined;
}

/** @throws InvalidConfiguration naming both places where they differ. */
export function checkSameTarget(stack: string, deployed: Target, shell: Target): void {
  if (deployed.region === shell.region && deployed.accountId === shell.accountId) return;
  throw new InvalidConfiguration(
    `the stack ${stack} is in ${describe(deployed)}, but this shell points to ${describe(shell)}. ` +
      'Nothing was changed. Set AWS_REGION (or IOT_REGION) and AWS_PROFILE to where the stack is.',
  );
}

/** Whom AWS takes the caller for, and the region that is configured. */
export async function targetOfShell(config: DeploymentConfig, env: Environment): Promise<Target> {
  const accountId = await askAws(config, env, (scope) => new DataAwsCallerIdentity(scope, 'caller').accountId);
  return { region: config.region, accountId: String(accountId) };
}

export function describe({ region, accountId }: Target): string {
  return `${region}, account ${accountId}`;
}
