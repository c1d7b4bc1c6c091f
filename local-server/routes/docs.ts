/** `GET /docs`: the OpenAPI document to read and try; `GET /docs/json`: the document itself. */
import type { FastifyPluginAsync } from 'fastify';
import { serveFiles } from '../http/static-files.ts';

const page = (name: string) => new URL(`../page/${name}`, import.meta.url);
const swaggerUi = (name: string) => new URL(import.meta.resolve(`swagger-ui-dist/${name}`));

export const docsRoute: FastifyPluginAsync = async (app) => {
  app.get('/docs/json', { config: { open: true }, schema: { hide: true } }, () => app.swagger());
  await serveFiles(app, [
    // Swagger UI sets styles and small images inline; scripts it loads from here only.
    { path: '/docs', file: page('docs.html'), policy: "style-src 'self' 'unsafe-inline'; img-src 'self' data:" },
    { path: '/docs/docs.js', file: page('docs.js') },
    { path: '/docs/swagger-ui.css', file: swaggerUi('swagger-ui.css') },
    { path: '/docs/swagger-ui-bundle.js', file: swaggerUi('swagger-ui-bundle.js') },
  ]);
};
