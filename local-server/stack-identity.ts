/** Which stack the server shows, and where that stack lives. */
import { stackNames, type StackNames } from '../core/stack-names.ts';

export interface StackIdentity {
  readonly stack: string;
  readonly adapters: 'memory' | 'aws';
  readonly accountId: string;
  readonly region: string;
  readonly names: StackNames;
}

/** The account and region that the laptop stands in for: AWS clients see them in ARNs. */
const LOCAL_ACCOUNT = '000000000000';
const LOCAL_REGION = 'us-east-1';

export function localStack(stack: string): StackIdentity {
  const names = stackNames(stack, LOCAL_ACCOUNT);
  return { stack, adapters: 'memory', accountId: LOCAL_ACCOUNT, region: LOCAL_REGION, names };
}
