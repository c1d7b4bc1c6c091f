/**
 * Identity policies enforced by the fault proxy. moto_server can enforce them too, but it takes the resource of every call
 * outside S3 for `*` and every condition for unmet, so that it refuses whatever is allowed on one resource only.
 *
 * Evaluated is what the policies of this project consist of: `Allow`, names of actions, ARNs with `*`, and `StringEquals`.
 * Anything else in a policy is an error here, not a silent yes. A caller is known by its access key alone.
 */
import type { Action, Rule } from './fault-proxy/fault-proxy.ts';
import type { Call } from './fault-proxy/call.ts';
import { jsonAnswer, jsonError, jsonOf } from './fault-proxy/answer.ts';
import { s3Error } from './fault-proxy/s3-rules.ts';

export interface PolicyStatement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: { readonly StringEquals: Readonly<Record<string, string>> };
}

export interface IamRule extends Rule {
  /** By access key. */
  readonly statements: Map<string, readonly PolicyStatement[]>;
  /** `action on resource` of every call that was refused. */
  readonly refused: string[];
}

/** What a call needs, as the Service Authorization Reference has it. */
interface Need {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
}

export function createIamRule(account: { readonly accountId: string; readonly region: string }): IamRule {
  const arn = (service: string, rest: string): string =>
    `arn:aws:${service}:${account.region}:${account.accountId}:${rest}`;

  const needs: Readonly<Record<string, (call: Call) => readonly Need[]>> = {
    kinesis: (call) => {
      const { StreamName, ShardIterator } = jsonOf(call) as { StreamName?: string; ShardIterator?: string };
      // The iterators of moto are the name of the stream, and more, in base64.
      const name =
        StreamName ??
        Buffer.from(ShardIterator ?? '', 'base64')
          .toString()
          .split(':')[0] ??
        '';
      return [{ action: `kinesis:${call.operation}`, resource: arn('kinesis', `stream/${name}`) }];
    },
    dynamodb: (call) => {
      const body = jsonOf(call) as { TableName?: string; RequestItems?: object };
      const tables = Object.keys(body.RequestItems ?? { [body.TableName ?? '']: [] });
      return tables.map((table) => ({
        action: `dynamodb:${call.operation}`,
        resource: arn('dynamodb', `table/${table}`),
      }));
    },
    monitoring: (call) => {
      const { Namespace = '' } = jsonOf(call) as { Namespace?: string };
      const context = { 'cloudwatch:namespace': Namespace };
      return [{ action: `cloudwatch:${call.operation}`, resource: '*', context }];
    },
    lambda: ({ url }) => {
      const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations/.exec(url)?.[1] ?? '';
      return [{ action: 'lambda:InvokeFunction', resource: arn('lambda', `function:${name}`) }];
    },
    s3: ({ url, operation }) => {
      const [path = ''] = url.split('?');
      const action = operation === 'ListObjectsV2' ? 's3:ListBucket' : `s3:${operation}`;
      const resource = `arn:aws:s3:::${decodeURIComponent(path.slice(1)).replace(/\/$/, '')}`;
      // The emulator's buckets are all of the one account.
      return [{ action, resource, context: { 's3:ResourceAccount': account.accountId } }];
    },
  };

  const statements = new Map<string, readonly PolicyStatement[]>();
  const refused: string[] = [];
  const enforce: Action = async (call, forward) => {
    const { accessKey, service } = signerOf(call);
    const allowed = statements.get(accessKey) ?? [];
    const missing = needs[service]?.(call).find((need) => !allowed.some((statement) => grants(statement, need)));
    if (needs[service] !== undefined && missing === undefined) return forward();
    refused.push(missing === undefined ? `anything of ${service}` : `${missing.action} on ${missing.resource}`);
    return deny(service, call, forward);
  };
  return { matches: () => true, action: enforce, statements, refused };
}

function grants({ Effect, Action, Resource, Condition, ...rest }: PolicyStatement, need: Need): boolean {
  const unknown = Object.keys({ ...rest }).filter((key) => key !== 'Sid');
  if ((Effect as string) !== 'Allow' || unknown.length > 0)
    throw new Error(`not evaluated: ${Effect} ${unknown.join()}`);
  const conditions = Object.entries(Condition?.StringEquals ?? {});
  return (
    Action.includes(need.action) &&
    Resource.some((pattern) => matches(pattern, need.resource)) &&
    conditions.every(([key, value]) => need.context?.[key] === value)
  );
}

function matches(pattern: string, resource: string): boolean {
  const literal = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join('.*')}$`).test(resource);
}

/** Signature version 4: `Credential=<access key>/<date>/<region>/<service>/aws4_request`. */
function signerOf({ headers }: Call): { readonly accessKey: string; readonly service: string } {
  const [, accessKey = '', service = ''] =
    /Credential=([^/]+)\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  return { accessKey, service };
}

const deny = (service: string, ...[call, forward]: Parameters<Action>): ReturnType<Action> => {
  if (service === 's3') return s3Error(403, 'AccessDenied')(call, forward);
  const problem = 'not authorised by any policy of the caller';
  if (service !== 'lambda') return Promise.resolve(jsonError(400, 'AccessDeniedException', problem));
  const answer = jsonAnswer({ Message: problem }, 403);
  return Promise.resolve({ ...answer, headers: { ...answer.headers, 'x-amzn-errortype': 'AccessDeniedException' } });
};
