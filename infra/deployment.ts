/** A deployment as Terraform knows it: what cdktf synthesised, and the state that belongs to it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Environment } from '../handlers/config.ts';

export interface DeployedResource {
  /** Terraform's, for instance `aws_s3_bucket.archive_bucket_AC25366A`. */
  readonly address: string;
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A program ended with an error, which it has told already. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

interface ShownState {
  readonly values?: {
    readonly root_module?: { readonly resources?: readonly (DeployedResource & { readonly mode: string })[] };
  };
}

export class Deployment {
  readonly #folder: string;
  readonly #env: Environment;

  /** @param folder What `terraform` runs in. */
  constructor(folder: string, env: Environment) {
    this.#folder = folder;
    this.#env = env;
  }

  /** Synthesises the stack as `cdktf.json` in the current folder says, and gets Terraform ready for it. */
  static async open(stack: string, env: Environment): Promise<Deployment> {
    await capture('cdktf', ['synth'], { env });
    const deployment = new Deployment(join('cdktf.out', 'stacks', stack), env);
    await deployment.init();
    return deployment;
  }

  async init(): Promise<void> {
    await this.#ask('init', '-input=false', '-no-color');
  }

  /** Everything in the state that Terraform manages. */
  async resources(): Promise<readonly DeployedResource[]> {
    const { values } = JSON.parse(await this.#ask('show', '-json')) as ShownState;
    return (values?.root_module?.resources ?? []).filter(({ mode }) => mode === 'managed');
  }

  /** Addresses of what is in the state: quick, since no provider has to say what their values mean. */
  async addresses(): Promise<readonly string[]> {
    const list = await this.#ask('state', 'list');
    return list.split('\n').filter((address) => address !== '' && !address.startsWith('data.'));
  }

  async outputs(): Promise<ReadonlyMap<string, unknown>> {
    const outputs = JSON.parse(await this.#ask('output', '-json')) as Record<string, { readonly value: unknown }>;
    return new Map(Object.entries(outputs).map(([name, { value }]) => [name, value]));
  }

  /** Applies without a question; with targets only those and what they depend on. */
  async apply(...targets: readonly string[]): Promise<void> {
    await this.#tell('apply', '-auto-approve', '-input=false', ...targets.map((target) => `-target=${target}`));
  }

  /** Asks what is only looked at: data sources and the outputs that follow from them. */
  async refresh(): Promise<void> {
    await this.#ask('apply', '-refresh-only', '-auto-approve', '-input=false', '-no-color');
  }

  /** Terraform lets go of these; they stay as they are. */
  async forget(addresses: readonly string[]): Promise<void> {
    if (addresses.length > 0) await this.#tell('state', 'rm', ...addresses);
  }

  /** @returns How many resources Terraform says it destroyed; `undefined` where it did not say. */
  async destroy(): Promise<number | undefined> {
    return destroyedCount(await this.#tell('destroy', '-auto-approve', '-input=false'));
  }

  async #ask(...args: readonly string[]): Promise<string> {
    return capture(terraform(this.#env), args, { env: this.#env, cwd: this.#folder });
  }

  /** Shows what the program writes as it comes, and answers with it. */
  async #tell(...args: readonly string[]): Promise<string> {
    const options = { env: this.#env, cwd: this.#folder, stdio: ['inherit', 'pipe', 'inherit'] as const };
    const child = spawn(terraform(this.#env), args, { ...options, stdio: [...options.stdio] });
    child.stdout.pipe(process.stdout, { end: false });
    const [told, [status]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number | null]>]);
    if (status === 0) return told;
    throw new CommandFailed(`terraform ${args[0] ?? ''} ended with ${status ?? 'a signal'}`);
  }
}

/** The number in "Destroy complete! Resources: 45 destroyed.". */
export function destroyedCount(told: string): number | undefined {
  const [, count] = /Resources: (\d+) destroyed/.exec(told) ?? [];
  return count === undefined ? undefined : Number(count);
}

/** The variable by which cdktf too is told of another binary, such as OpenTofu's. */
function terraform(env: Environment): string {
  return env.TERRAFORM_BINARY_NAME ?? 'terraform';
}

/** What the program writes is its answer, and is shown only if it fails: it may hold a secret otherwise. */
async function capture(
  program: string,
  args: readonly string[],
  options: { readonly env: Environment; readonly cwd?: string },
): Promise<string> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  if (status === 0) return stdout;
  throw new CommandFailed(`${program} ${args.join(' ')} ended with ${status ?? 'a signal'}\n${stderr}`);
}
