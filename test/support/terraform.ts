/**
 * Terraform for tests: with the provider from a mirror on this machine where there is one, so that nothing is downloaded,
 * and with nothing of whoever runs the tests.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const AWS_PROVIDER = 'registry.terraform.io/hashicorp/aws';

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** @returns The folder in which Terraform's file system mirror has the AWS provider. */
function findProviderMirror(): string | undefined {
  const given = process.env.TF_PLUGIN_MIRROR;
  const optional = existsSync('/opt') ? readdirSync('/opt').map((name) => join('/opt', name)) : [];
  const usual = [
    join(homedir(), '.terraform.d', 'plugins'),
    '/usr/local/share/terraform/plugins',
    '/usr/share/terraform/plugins',
    ...optional,
  ];
  return [...(given === undefined ? [] : [given]), ...usual].find((folder) => existsSync(join(folder, AWS_PROVIDER)));
}

/**
 * @param folder Gets Terraform's own configuration file.
 * @returns The environment in which Terraform, and whatever starts it, is to run.
 */
export async function terraformEnvironment(folder: string): Promise<NodeJS.ProcessEnv> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'terraform.rc');
  const mirror = findProviderMirror();
  await writeFile(
    file,
    mirror === undefined
      ? ''
      : `provider_installation {\n  filesystem_mirror { path = ${JSON.stringify(mirror)} }\n}\n`,
  );
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:AWS|IOT|TF)_/.test(name));
  return {
    ...Object.fromEntries(inherited),
    TF_CLI_CONFIG_FILE: file,
    TF_IN_AUTOMATION: '1',
    CHECKPOINT_DISABLE: '1',
    // cdktf would keep things in the home of whoever runs the tests.
    CDKTF_HOME: join(folder, 'cdktf-home'),
    CDKTF_DISABLE_PLUGIN_CACHE_ENV: '1',
  };
}

/** @throws Error with everything that the program said. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Output> {
  try {
    return await promisify(execFile)(program, [...args], { ...options, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as Partial<Output>;
    throw new Error(`${program} ${args.join(' ')}\n${stdout}\n${stderr}`, { cause: error });
  }
}
