/** Which methods the server has for a path, to say more about a request that no route takes than that it is not there. */
import type { FastifyInstance } from 'fastify';

interface KnownPath {
  /** As Fastify writes it: `/sensors/:sensorId/readings`, `/archive/*`. */
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

export class KnownPaths {
  readonly #paths = new Map<string, KnownPath>();

  /** Follows the routes that are registered from now on, but for those that only AWS calls reach. */
  constructor(app: FastifyInstance) {
    app.addHook('onRoute', ({ url, method, constraints }) => {
      if (constraints?.aws === undefined) this.add(url, [method].flat());
    });
  }

  add(url: string, methods: readonly string[]): void {
    let known = this.#paths.get(url);
    if (known === undefined) this.#paths.set(url, (known = { pattern: patternOf(url), methods: new Set() }));
    for (const method of methods) known.methods.add(method);
  }

  /** In alphabetical order; none where the path is not known. */
  methodsOf(path: string): string[] {
    const methods = [...this.#paths.values()]
      .filter(({ pattern }) => pattern.test(path))
      .flatMap((known) => [...known.methods]);
    return [...new Set(methods)].sort();
  }
}

function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map((part) =>
      part === '*' ? '.*' : part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`),
    )
    .join('/');
  return new RegExp(`^${source}$`);
}
