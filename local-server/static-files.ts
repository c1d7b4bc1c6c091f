/** Serves files that belong to the server: read once at start, with headers that keep a page to itself. */
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

const policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export interface StaticFile {
  /** Where the file is served. */
  readonly path: string;
  readonly file: URL;
  /** Added to the content security policy, for pages that need more. */
  readonly policy?: string;
}

export async function serveFiles(app: FastifyInstance, files: readonly StaticFile[]): Promise<void> {
  await Promise.all(
    files.map(async ({ path, file, policy: more }) => {
      const content = await readFile(file);
      const headers = {
        'content-type': types[file.pathname.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
        'content-security-policy': more === undefined ? policy : `${policy}; ${more}`,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      };
      app.get(path, { schema: { hide: true } }, (_request, reply) => reply.headers(headers).send(content));
    }),
  );
}
