/**
 * `npm run build`: bundles each function into `dist/<function>/index.mjs`, as Lambda runs it (handler `index.handler`).
 * JavaScript only, so that it runs on arm64 and x86 alike. What went into a bundle is in `dist/<function>.meta.json`.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';

export const functionNames = ['archive-events', 'store-readings', 'sensor-history'] as const;
export type FunctionName = (typeof functionNames)[number];

const root = fileURLToPath(new URL('..', import.meta.url));

/** @returns What went into each bundle. */
export async function buildFunctions(outputFolder: string): Promise<Record<FunctionName, Metafile>> {
  await rm(outputFolder, { recursive: true, force: true });
  const bundles = functionNames.map(async (name) => {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: [`handlers/lambda/${name}.ts`],
      outfile: join(outputFolder, name, 'index.mjs'),
      bundle: true,
      minify: true,
      sourcemap: 'linked',
      // Stack traces keep the code's own names.
      keepNames: true,
      metafile: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      mainFields: ['module', 'main'],
      legalComments: 'none',
      // Dependencies in CommonJS ask for Node's modules with require, which an ES module does not have.
      banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
      logLevel: 'warning',
    });
    await writeFile(join(outputFolder, `${name}.meta.json`), JSON.stringify(metafile));
    return [name, metafile] as const;
  });
  return Object.fromEntries(await Promise.all(bundles)) as Record<FunctionName, Metafile>;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const metafiles = await buildFunctions(join(root, 'dist'));
  for (const [name, { outputs }] of Object.entries(metafiles)) {
    const bytes = Object.entries(outputs).find(([file]) => file.endsWith('.mjs'))?.[1].bytes ?? 0;
    process.stdout.write(`dist/${name}/index.mjs  ${(bytes / 1024).toFixed(0)} KiB\n`);
  }
}
