/** AWS's own clients, unchanged, against an endpoint: the AWS CLI, and boto3 where Python has it. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithEngine } from './engines.ts';
import { findExecutable } from './find-executable.ts';

/** A folder, and an environment in which the settings of the person who runs the tests have no effect. */
export interface ClientHome {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  remove(): Promise<void>;
}

export async function clientHome(endpoint: string, region = 'us-east-1'): Promise<ClientHome> {
  const folder = await mkdtemp(join(tmpdir(), 'aws-clients-'));
  // Version 2 would take arguments for base64; version 1 does not know the setting.
  await writeFile(join(folder, 'config'), '[default]\ncli_binary_format = raw-in-base64-out\n');
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any',
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_CONFIG_FILE: join(folder, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
    AWS_PAGER: '',
    NO_PROXY: '127.0.0.1',
  };
  delete environment.AWS_PROFILE;
  delete environment.AWS_SESSION_TOKEN;
  return { folder, environment, remove: () => rm(folder, { recursive: true }) };
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the AWS CLI. Never rejects: what went wrong stands in the result. */
export function runCli(executable: string, home: ClientHome, args: readonly string[]): Promise<CliResult> {
  return new Promise((resolve) => {
    execFile(executable, args, { env: home.environment, cwd: home.folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

/** One call of a boto3 client, for instance `['sts', 'get_caller_identity', {}]`. */
export type BotoCall = readonly [service: string, method: string, parameters: object];

export interface BotoResult {
  /** The answer as JSON, with what JSON cannot hold as text. */
  readonly answer?: Record<string, unknown>;
  /** Of `ClientError`; its absence with `raised` means that boto3 could not read the error. */
  readonly error?: { readonly Code: string; readonly Message: string };
  readonly raised?: string;
}

const script = `
import json, sys, boto3, botocore.exceptions
results = []
for service, method, parameters in json.load(sys.stdin):
    try:
        answer = getattr(boto3.client(service), method)(**parameters)
        results.append({'answer': answer})
    except botocore.exceptions.ClientError as error:
        results.append({'error': error.response['Error']})
    except Exception as error:
        results.append({'raised': repr(error)})
def other(value):
    if isinstance(value, bytes): return value.decode('latin1')
    return value.read().decode('latin1') if hasattr(value, 'read') else str(value)
json.dump(results, sys.stdout, default=other)
`;

/** Makes the calls one after the other, in one interpreter. */
export function callBoto3(
  python: string,
  home: ClientHome,
  calls: readonly BotoCall[],
): Promise<readonly BotoResult[]> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      python,
      ['-c', script],
      { env: home.environment, cwd: home.folder, maxBuffer: 64 * 1_024 * 1_024 },
      (error, stdout) => {
        if (error === null) resolve(JSON.parse(stdout) as BotoResult[]);
        else reject(new Error(`Python failed: ${error.message}`, { cause: error }));
      },
    );
    child.stdin?.end(JSON.stringify(calls));
  });
}

/** A `describe` for a suite that needs Python with boto3. */
export function describeWithBoto3(title: string, suite: (python: string) => void): void {
  const python = findExecutable('python3', 'python');
  const hasBoto3 = python !== undefined && spawnSync(python, ['-c', 'import boto3']).status === 0;
  describeWithEngine(hasBoto3 ? (python.split('/').at(-1) ?? '') : 'python3 with boto3', title, suite);
}
