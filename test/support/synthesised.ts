/** The stack as Terraform is given it, synthesised without any account. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'cdktf';
import { functionNames } from '../../handlers/build.ts';
import { readConfig } from '../../infra/config.ts';
import { IotStack } from '../../infra/iot-stack.ts';

export type Block = Readonly<Record<string, unknown>>;

export interface Synthesised {
  /** By type, then by logical name. */
  readonly resource: Readonly<Record<string, Readonly<Record<string, Block>>>>;
  readonly data: Readonly<Record<string, Readonly<Record<string, Block>>>>;
  readonly provider: Readonly<Record<string, readonly Block[]>>;
  readonly output: Readonly<Record<string, Block>>;
  readonly terraform: { readonly backend: Readonly<Record<string, Block>> };
  readonly import?: readonly Block[];
}

/**
 * @param settings By the names of their environment variables.
 * @param folder Where the files for Terraform go.
 */
export function synthesiseInto(folder: string, settings: Readonly<Record<string, string>> = {}): Synthesised {
  const bundles = join(folder, 'bundles');
  for (const name of functionNames) {
    mkdirSync(join(bundles, name), { recursive: true });
    writeFileSync(join(bundles, name, 'index.mjs'), 'export const handler = async () => ({});\n');
  }
  const config = readConfig(settings, () => undefined);
  const app = new App({ outdir: join(folder, 'out') });
  new IotStack(app, { config, bundles });
  app.synth();
  const file = join(folder, 'out', 'stacks', config.stack, 'cdk.tf.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Synthesised;
}

export function synthesise(settings: Readonly<Record<string, string>> = {}): Synthesised {
  const folder = mkdtempSync(join(tmpdir(), 'synth-'));
  try {
    return synthesiseInto(folder, settings);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** All resources of a type. Arrays of one and references look as Terraform is given them. */
export function resources({ resource }: Synthesised, type: string): Block[] {
  return Object.values(resource[type] ?? {});
}

/** Takes the hashes out of references: `${aws_s3_bucket.archive_bucket_AC25366A.arn}` is `<aws_s3_bucket.archive_bucket.arn>`. */
export function readable(text: string): string {
  return text.replaceAll(
    /\$\{([^}]*)\}/g,
    (_, reference: string) => `<${reference.replaceAll(/_[0-9A-F]{8}\b/g, '')}>`,
  );
}
