/** Serves files that belong to the server: the same until it ends, with headers that keep a page to itself. */
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

const policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

interface Served {
  /** Where the file is served. */
  readonly path: string;
  /** Added to the content security policy, for pages that need more. */
  readonly policy?: string;
}

export interface StaticFile extends Served {
  readonly file: URL;
}

export interface StaticContent extends Served {
  /** Asked at each request, and always gives the same. */
  readonly content: () => Promise<Uint8Array>;
  /** What it is, by the ending that a file of it has. */
  readonly ending: 'html' | 'css' | 'js';
}

export async function serveFiles(app: FastifyInstance, files: readonly StaticFile[]): Promise<void> {
  await Promise.all(
    files.map(async ({ file, ...served }) => {
      const content = await readFile(file);
      serve(app, served, async () => content, file.pathname.split('.').at(-1) ?? '');
    }),
  );
}

export function serveContents(app: FastifyInstance, contents: readonly StaticContent[]): void {
  for (const { content, ending, ...served } of contents) serve(app, served, content, ending);
}

function serve(
  app: FastifyInstance,
  { path, policy: more }: Served,
  content: StaticContent['content'],
  ending: string,
): void {
  const headers = {
    'content-type': types[ending] ?? 'application/octet-stream',
    'content-security-policy': more === undefined ? policy : `${policy}; ${more}`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
    vary: 'accept-encoding',
  };
  let zipped: Promise<Buffer> | undefined;
  // The files are public, and the page that asks for the token is one of them.
  app.get(path, { config: { open: true }, schema: { hide: true } }, async (request, reply) => {
    reply.headers(headers);
    if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return content();
    zipped ??= content().then(promisify(gzip));
    return reply.header('content-encoding', 'gzip').send(await zipped);
  });
}
