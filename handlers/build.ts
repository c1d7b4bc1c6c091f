/**
 * `npm run build`: bundles each function into `dist/<function>/index.mjs`, as Lambda runs it (handler `index.handler`).
 * JavaScript only, so that it runs on arm64 and x86 alike. What went into a bundle is in `dist/<function>.meta.json`.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';

export const functionNames = ['archive-events', 'store-readings', 'sensor-history'] as const;
export type FunctionName = (typeof functionNames)[number];

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * pino asks who made a logger, for transports in other threads, which a function has none of. With `--enable-source-maps`,
 * as `infra/` starts the functions, Node would parse the whole source map for the answer, at each cold start.
 */
const pinoWithoutCallers: Plugin = {
  name: 'pino-without-callers',
  setup(hooks) {
    hooks.onLoad({ filter: /[\\/]pino[\\/]lib[\\/]caller\.js$/ }, () => ({
      contents: 'module.exports = () => undefined;',
    }));
  },
};

/** For whatever runs in Lambda. */
export const bundleOptions = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  sourcemap: 'linked',
  // Node reads the map when the function starts; the sources are in the repository.
  sourcesContent: false,
  // Stack traces keep the code's own names.
  keepNames: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  mainFields: ['module', 'main'],
  legalComments: 'none',
  // Dependencies in CommonJS ask for Node's modules with require, which an ES module does not have.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  logLevel: 'warning',
  plugins: [pinoWithoutCallers],
} satisfies BuildOptions;

/** @returns What went into each bundle. */
export async function buildFunctions(outputFolder: string): Promise<Record<FunctionName, Metafile>> {
  await rm(outputFolder, { recursive: true, force: true });
  const bundles = functionNames.map(async (name) => {
    const { metafile } = await build({
      ...bundleOptions,
      entryPoints: [`handlers/lambda/${name}.ts`],
      outfile: join(outputFolder, name, 'index.mjs'),
      metafile: true,
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
