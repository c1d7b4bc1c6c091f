/** The page at `/`: Update and Query, as the test page of 2015 had them. */
import { readFile } from 'node:fs/promises';
import type { FastifyPluginAsync } from 'fastify';

const files = [
  { path: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/page.js', file: 'page.js', type: 'text/javascript; charset=utf-8' },
  { path: '/page.css', file: 'page.css', type: 'text/css; charset=utf-8' },
];

const contentSecurityPolicy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export const pageRoute: FastifyPluginAsync = async (app) => {
  for (const { path, file, type } of files) {
    const content = await readFile(new URL(`../page/${file}`, import.meta.url));
    app.get(path, { schema: { hide: true } }, (_request, reply) =>
      reply
        .headers({
          'content-security-policy': contentSecurityPolicy,
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cache-control': 'no-cache',
        })
        .type(type)
        .send(content),
    );
  }
};
