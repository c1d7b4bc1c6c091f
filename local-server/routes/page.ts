/** The page at `/`: Update and Query, as the test page of 2015 had them. */
import type { FastifyPluginAsync } from 'fastify';
import { serveFiles } from '../static-files.ts';

const page = (name: string) => new URL(`../page/${name}`, import.meta.url);

export const pageRoute: FastifyPluginAsync = (app) =>
  serveFiles(app, [
    { path: '/', file: page('index.html'), policy: 'img-src data:' },
    { path: '/page.js', file: page('page.js') },
    { path: '/page.css', file: page('page.css') },
  ]);
