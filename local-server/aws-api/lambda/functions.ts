/** ListFunctions, GetFunction and GetFunctionConfiguration: the functions of the pipeline, which run in this server. */
import { type DescribedFunction, formatFunctionArn } from '../../delivery/lambda-runtime.ts';
import { Members } from '../members.ts';
import { type LambdaCall, type LambdaContext, type Operation, queryMembers } from './context.ts';
import { type FunctionReference, functionNotFound, isLatest, readFunctionReference } from './function-reference.ts';
import { pageOf, readPageRequest } from './paging.ts';

/** API reference of ListFunctions. */
const MOST_FUNCTIONS = 50;

export const listFunctions: Operation = {
  name: 'ListFunctions',
  method: 'GET',
  path: /^\/2015-03-31\/functions\/?$/,
  run: ({ query }, context) => {
    const members = new Members(queryMembers(query));
    const allVersions = members.has('FunctionVersion');
    if (allVersions) members.oneOf('FunctionVersion', ['ALL']);
    const masterRegion = members.string('MasterRegion', {
      pattern: String.raw`ALL|[a-z]{2}(-gov)?-[a-z]+-\d{1}`,
    });
    const request = readPageRequest(members, MOST_FUNCTIONS);
    members.check();
    // Only copies of functions at edge locations have a master region.
    const functions = masterRegion === undefined ? [...context.functions.values()] : [];
    const { items, ...next } = pageOf(functions, ({ description }) => description.name, request);
    return {
      statusCode: 200,
      payload: {
        Functions: items.map((each) => {
          const { FunctionArn, ...configuration } = configurationOf(each, context);
          return { ...configuration, FunctionArn: allVersions ? `${FunctionArn}:$LATEST` : FunctionArn };
        }),
        ...next,
      },
    };
  },
};

export const getFunctionConfiguration: Operation = {
  name: 'GetFunctionConfiguration',
  method: 'GET',
  path: /^\/2015-03-31\/functions\/([^/]+)\/configuration$/,
  run: (call, context) => ({ statusCode: 200, payload: describe(call, context) }),
};

/** There is no package to load: `Code` has no address. */
export const getFunction: Operation = {
  name: 'GetFunction',
  method: 'GET',
  path: /^\/2015-03-31\/functions\/([^/]+)$/,
  run: (call, context) => ({ statusCode: 200, payload: { Configuration: describe(call, context), Code: {} } }),
};

function describe({ subject, query }: LambdaCall, context: LambdaContext): object {
  const reference = readFunctionReference(subject, query.get('Qualifier') ?? undefined, context);
  const ours = reference.accountId === context.accountId && isLatest(reference);
  const found = ours ? context.functions.get(reference.name) : undefined;
  if (found === undefined) throw functionNotFound(reference, { advice: adviceFor(reference, context) });
  const { FunctionArn, ...configuration } = configurationOf(found, context);
  return {
    ...configuration,
    FunctionArn: reference.qualifier === undefined ? FunctionArn : `${FunctionArn}:${reference.qualifier}`,
    State: 'Active',
    LastUpdateStatus: 'Successful',
  };
}

/** With `--adapters aws` the consumers of the stack run at AWS. */
function adviceFor({ name }: FunctionReference, { consumers, functions, region }: LambdaContext): string {
  if (!consumers.has(name) || functions.has(name)) return '';
  return ` It does not run in this server, but at AWS: ask Lambda in ${region} (unset AWS_ENDPOINT_URL_LAMBDA and AWS_ENDPOINT_URL).`;
}

/** FunctionConfiguration, with what is true of a function in this process, and no more: it has no package, so no hash and size. */
function configurationOf({ description }: DescribedFunction, { accountId, region, startedAt }: LambdaContext) {
  const { name, timeoutInSeconds, memoryInMiB } = description;
  return {
    FunctionName: name,
    FunctionArn: formatFunctionArn({ region, accountId, name }),
    Description: 'Runs in this server, with the code of the function on AWS.',
    Runtime: `nodejs${process.versions.node.split('.', 1)[0]}.x`,
    Role: `arn:aws:iam::${accountId}:role/${name}`,
    Handler: 'index.handler',
    Timeout: timeoutInSeconds,
    MemorySize: memoryInMiB,
    // As Lambda writes this one time: with milliseconds and no colon in the offset.
    LastModified: new Date(startedAt).toISOString().replace('Z', '+0000'),
    Version: '$LATEST',
    PackageType: 'Zip',
    Architectures: [process.arch === 'arm64' ? 'arm64' : 'x86_64'],
    TracingConfig: { Mode: 'PassThrough' },
    LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${name}` },
  };
}
