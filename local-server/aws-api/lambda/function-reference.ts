/**
 * How a request names a function: by its name, part of its ARN or the whole of it, with a version or alias behind it or in
 * `Qualifier`. Patterns, order and messages are those that were recorded on AWS (localstack/localstack,
 * tests/aws/services/lambda_/test_lambda_api.snapshot.json, test_function_name_and_qualifier_validation).
 */
import { formatFunctionArn } from '../../delivery/lambda-runtime.ts';
import { AwsError } from '../aws-error.ts';
import { Members } from '../members.ts';
import { invalidParameter } from './context.ts';

export interface FunctionReference {
  readonly region: string;
  readonly accountId: string;
  readonly name: string;
  readonly qualifier: string | undefined;
}

/** Where a name without region and account is looked up. */
export interface Home {
  readonly region: string;
  readonly accountId: string;
}

/** NamespacedFunctionName. AWS does not hold a name without an ARN to its 64 characters: it is not found then. */
export const functionNameRules = {
  minLength: 1,
  maxLength: 256,
  pattern: String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`,
};

const qualifierRules = {
  minLength: 1,
  maxLength: 128,
  pattern: String.raw`\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+`,
};

const parts =
  /^(?:arn:[^:]*:lambda:)?(?:(?<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?(?:(?<accountId>\d{12}):)?(?:function:)?(?<name>[\w.-]+)(?::(?<qualifier>[$\w.-]+))?$/;

/**
 * @param qualifier Of the query, `undefined` where there is none.
 * @throws AwsError where the name is not one, or it and the qualifier contradict each other.
 */
export function readFunctionReference(
  functionName: string,
  qualifier: string | undefined,
  home: Home,
): FunctionReference {
  const members = new Members({ FunctionName: functionName, Qualifier: qualifier });
  members.string('Qualifier', qualifierRules);
  members.string('FunctionName', { ...functionNameRules, required: true });
  members.check();
  const reference = parseFunctionName(functionName, home);
  if (qualifier !== undefined && reference.qualifier !== undefined && qualifier !== reference.qualifier) {
    throw invalidParameter('The derived qualifier from the function name does not match the specified qualifier.');
  }
  return requireHere({ ...reference, qualifier: qualifier ?? reference.qualifier }, home);
}

/** @param functionName That follows `functionNameRules`. */
export function parseFunctionName(functionName: string, { region, accountId }: Home): FunctionReference {
  const found = parts.exec(functionName)?.groups ?? {};
  return {
    region: found.region ?? region,
    accountId: found.accountId ?? accountId,
    name: found.name ?? '',
    qualifier: found.qualifier,
  };
}

/** Recorded on AWS in these words (test_get_function_wrong_region). */
function requireHere(reference: FunctionReference, { region }: Home): FunctionReference {
  if (reference.region === region) return reference;
  throw new AwsError(
    'ResourceNotFoundException',
    `Functions from '${reference.region}' are not reachable in this region ('${region}')`,
    404,
  );
}

/** Whether it names the function as it is now; there are no versions and aliases here. */
export function isLatest({ qualifier = '$LATEST' }: FunctionReference): boolean {
  return qualifier === '$LATEST';
}

/** @param qualifier What Lambda says where the request has none. @param advice Our own words, behind Lambda's. */
export function functionNotFound(
  reference: FunctionReference,
  { qualifier, advice = '' }: { readonly qualifier?: string; readonly advice?: string } = {},
): AwsError {
  const said = reference.qualifier ?? qualifier;
  const name = `${formatFunctionArn(reference)}${said === undefined ? '' : `:${said}`}`;
  return new AwsError(
    'ResourceNotFoundException',
    `Function not found: ${name}${advice === '' ? '' : `.${advice}`}`,
    404,
  );
}
