/** The console at `/`, built when the first server of the process starts. It loads nothing from elsewhere. */
import type { FastifyPluginAsync } from 'fastify';
import { bundleConsole, type ConsoleBundle } from '../console/bundle.ts';
import { serveContents, serveFiles } from '../static-files.ts';

let bundle: Promise<ConsoleBundle> | undefined;

export const pageRoute: FastifyPluginAsync = async (app) => {
  bundle ??= bundleConsole();
  const { js, css } = await bundle;
  serveContents(app, [
    { path: '/console.js', content: js, ending: 'js' },
    { path: '/console.css', content: css, ending: 'css' },
  ]);
  // The page's icon is written into it.
  await serveFiles(app, [
    { path: '/', file: new URL('../console/index.html', import.meta.url), policy: 'img-src data:' },
  ]);
};
