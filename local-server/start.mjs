/**
 * `npm start`: bundles the server in memory and runs the bundle, because to load several hundred modules one by one takes most
 * of a start (docs/adr/0007). It is JavaScript, because Node 20 runs no TypeScript.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire, Module } from 'node:module';
import { dirname } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL, URL } from 'node:url';
import { build } from 'esbuild';

/** What the server loads from others at each start. Whatever else it asks for is loaded from node_modules as usual. */
const packageNames = ['@fastify/compress', '@fastify/swagger', 'fastify', 'inversify', 'pino', 'typebox'];

const require = createRequire(import.meta.url);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** CommonJS, because a module of that kind can be run from memory, with source map and all. */
const common = {
  absWorkingDir: here('..'),
  bundle: true,
  write: false,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  logLevel: 'silent',
};

/** An address that a source takes of itself, to find files beside it. A bundle has none of its own. */
const sourceAddresses = {
  name: 'source-addresses',
  setup({ onLoad }) {
    // Not for every source, because each question takes its time. One elsewhere fails by `empty-import-meta`.
    onLoad({ filter: /local-server[\\/](console|routes)[\\/][^\\/]+\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { contents: source.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path))), loader: 'ts' };
    });
  },
};

/** Our sources, anew at each start. What runs is a function of the two ways to find a package. */
function bundleServer() {
  return outputOf({
    ...common,
    entryPoints: [here('main.ts')],
    outfile: here('server.bundle.cjs'),
    packages: 'external',
    banner: { js: 'module.exports = (require, importMetaResolve) => {' },
    footer: { js: '};' },
    define: { 'import.meta.resolve': 'importMetaResolve' },
    plugins: [sourceAddresses],
    logOverride: { 'empty-import-meta': 'error' },
    sourcemap: 'inline',
    sourcesContent: false,
  });
}

/** The packages, bundled once for what npm has installed. */
async function bundlePackages() {
  const file = await cacheFile();
  const cached = file && (await readFile(file, 'utf8').catch(() => undefined));
  if (cached) return { path: file, text: cached };
  const bundle = await outputOf({
    ...common,
    stdin: {
      contents: packagesSource(),
      resolveDir: here('.'),
    },
    outfile: file ?? here('packages.bundle.cjs'),
  });
  if (file) await keep(bundle).catch(() => undefined); // A checkout that is not to be written to starts as well.
  return bundle;
}

/** `require` does not find cborg, and wraps the default export of fast-xml-builder: those two are imported. */
function packagesSource() {
  const required = packageNames.map((name) => `'${name}': require('${name}')`);
  return `
    import * as cborg from 'cborg';
    import xmlBuilder from 'fast-xml-builder';
    export const packages = { cborg, 'fast-xml-builder': xmlBuilder, ${required.join()} };`;
}

/** Named after all that goes into it. @returns Nothing where npm has left no record of what it installed. */
async function cacheFile() {
  // Not package-lock.json, which may be ahead of what is installed.
  const record = await readFile(here('../node_modules/.package-lock.json')).catch(() => undefined);
  if (record === undefined) return undefined;
  const hash = createHash('sha256')
    .update(record)
    .update(await readFile(here('start.mjs')));
  return here(`../node_modules/.cache/iot-backend/${hash.digest('hex')}.cjs`);
}

/** Instead of what is there, and moved into place, so that nobody reads half a file. */
async function keep({ path, text }) {
  await rm(dirname(path), { recursive: true, force: true });
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.${process.pid}`, text);
  await rename(`${path}.${process.pid}`, path);
}

async function outputOf(options) {
  const { outputFiles } = await build(options);
  return outputFiles[0];
}

/** As `require` does with the text of a file. Node keeps a source map as long as the module, so that is kept as well. */
function evaluate({ path, text }) {
  const module = new Module(path);
  require.cache[path] = module;
  module._compile(text, path);
  return module.exports;
}

process.setSourceMapsEnabled(true);
const [server, { packages }] = await Promise.all([bundleServer(), bundlePackages().then(evaluate)]);
evaluate(server)((name) => (Object.hasOwn(packages, name) ? packages[name] : require(name)), import.meta.resolve);
