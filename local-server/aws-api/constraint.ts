/**
 * Routes AWS calls apart from all other requests. S3's `GET /` and the console's are the same method and path, so the
 * router asks which door a request is for, before it looks at the path: an AWS call never reaches a route of the
 * server's own, and no other request reaches a route of AWS.
 */
import type { FastifyInstance } from 'fastify';
import { type AwsCall, recogniseAwsCall, type RequestHead } from './aws-call.ts';

/** `other` is for calls of services that are not offered here. */
export type AwsDoor = 'kinesis' | 'lambda' | 's3' | 'other';

type Handler = Parameters<ReturnType<ConstraintStrategy['storage']>['set']>[1];
type ConstraintStrategy = Parameters<FastifyInstance['addConstraintStrategy']>[0];

export function addAwsConstraint(app: FastifyInstance): void {
  app.addConstraintStrategy({
    name: 'aws',
    mustMatchWhenDerived: true,
    storage: () => {
      const handlers = new Map<unknown, Handler>();
      return {
        get: (door) => handlers.get(door) ?? null,
        set: (door, handler) => void handlers.set(door, handler),
      };
    },
    deriveConstraint: (request: RequestHead) => doorOf(recogniseAwsCall(request)),
    validate: () => undefined,
  });
}

export function constraintsFor(door: AwsDoor): { readonly aws: AwsDoor } {
  return { aws: door };
}

function doorOf(call: AwsCall | undefined): AwsDoor | undefined {
  if (call === undefined) return undefined;
  const { service, protocol } = call;
  if (service === 'kinesis' && (protocol === 'json' || protocol === 'cbor')) return 'kinesis';
  if (service === 'lambda' && protocol === 'rest-json') return 'lambda';
  return protocol === 's3' ? 's3' : 'other';
}
