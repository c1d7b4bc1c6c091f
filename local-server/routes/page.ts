/** The console at `/`. It loads nothing from elsewhere. */
import type { FastifyPluginAsync } from 'fastify';
import { bundleConsole, type ConsoleBundle } from '../console/bundle.ts';
import { sendProblem } from '../http/problem-details.ts';
import { serveContents, serveFiles } from '../http/static-files.ts';

let bundle: Promise<ConsoleBundle> | undefined;

/** Once for all servers of the process. */
function consoleBundle(): Promise<ConsoleBundle> {
  return (bundle ??= bundleConsole());
}

export interface PageOptions {
  readonly build?: () => Promise<ConsoleBundle>;
}

export const pageRoute: FastifyPluginAsync<PageOptions> = async (app, { build = consoleBundle }) => {
  // The server is ready without the console; only who opens it waits.
  app.addHook('onListen', async () => {
    build().catch((error: unknown) => app.log.error({ err: error }, 'the console could not be built'));
  });
  app.addHook('onRequest', async (_request, reply) => {
    try {
      await build();
    } catch (error) {
      await sendProblem(reply, { status: 500, detail: `The console could not be built: ${(error as Error).message}` });
    }
  });
  serveContents(app, [
    { path: '/console.js', content: async () => (await build()).js, ending: 'js' },
    { path: '/console-feed.js', content: async () => (await build()).feedJs, ending: 'js' },
    { path: '/console.css', content: async () => (await build()).css, ending: 'css' },
  ]);
  // The page's icon is written into it.
  await serveFiles(app, [
    { path: '/', file: new URL('../console/index.html', import.meta.url), policy: 'img-src data:' },
  ]);
};
