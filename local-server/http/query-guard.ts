/**
 * Refuses query parameters that a route does not know, and those that are given twice: one that is misspelt or dropped would
 * change the answer, and nobody would notice. A route knows what its schema lists.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sendProblem } from './problem-details.ts';

interface ParameterSchema {
  readonly type?: unknown;
  readonly anyOf?: readonly ParameterSchema[];
}

export function guardQueries(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const problem = isGuarded(request) ? queryProblem(request) : undefined;
    if (problem === undefined) done();
    else void sendProblem(reply, { status: 400, ...problem });
  });
}

/** AWS calls have rules of their own. Pages and their files are the same whatever someone appends to a link. */
function isGuarded({ is404, routeOptions: { schema }, url }: FastifyRequest): boolean {
  return url.includes('?') && !is404 && schema?.hide !== true;
}

function queryProblem({ url, method, routeOptions }: FastifyRequest) {
  const parameters = parametersOf(routeOptions.schema?.querystring);
  const names = [...new URLSearchParams(url.slice(url.indexOf('?') + 1)).keys()];
  const unknown = names.find((name) => !parameters.has(name));
  if (unknown !== undefined) {
    const route = `${method} ${routeOptions.url ?? ''}`;
    const known = [...parameters.keys()];
    const takes = known.length === 0 ? 'takes no query parameters' : `takes ${known.join(', ')}`;
    return {
      detail: `There is no query parameter ${JSON.stringify(unknown)} here; ${route} ${takes}.`,
      field: unknown,
    };
  }
  const repeated = names.find((name, at) => names.indexOf(name) !== at && !mayRepeat(parameters.get(name)));
  if (repeated === undefined) return undefined;
  return { detail: `The query parameter ${repeated} is given more than once; give it once.`, field: repeated };
}

function parametersOf(querystring: unknown): ReadonlyMap<string, ParameterSchema> {
  const { properties = {} } = (querystring ?? {}) as { properties?: Readonly<Record<string, ParameterSchema>> };
  return new Map(Object.entries(properties));
}

function mayRepeat(schema: ParameterSchema | undefined): boolean {
  return schema?.type === 'array' || schema?.anyOf?.some(({ type }) => type === 'array') === true;
}
