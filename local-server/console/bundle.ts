/** Builds the console's script and style for the browser, in memory: no step of its own between `npm ci` and `npm start`. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface ConsoleBundle {
  readonly js: Uint8Array;
  /** The script of the shared worker. */
  readonly feedJs: Uint8Array;
  readonly css: Uint8Array;
}

const source = (name: string) => fileURLToPath(new URL(`page/${name}`, import.meta.url));

/** Everything that the page loads is in these; the browser fetches nothing from elsewhere. */
export async function bundleConsole(): Promise<ConsoleBundle> {
  const { outputFiles } = await build({
    entryPoints: [
      { in: source('main.tsx'), out: 'console' },
      { in: source('feed-worker.ts'), out: 'console-feed' },
      { in: source('console.css'), out: 'console' },
    ],
    outdir: 'console',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'silent',
  });
  const contents = (suffix: string) => {
    const file = outputFiles.find(({ path }) => path.endsWith(suffix));
    if (file === undefined) throw new Error(`esbuild made no ${suffix} of the console`);
    return file.contents;
  };
  return { js: contents('console.js'), feedJs: contents('console-feed.js'), css: contents('console.css') };
}
