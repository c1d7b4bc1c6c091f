/**
 * Errors of the SDK, translated once, at the catch. What a service answers and what befalls the connection becomes
 * `StoreUnavailable`: the same call may succeed later. That includes a missing permission, table or bucket and missing
 * credentials, because someone may mend them a minute later and no record must be skipped until then.
 *
 * Mistakes of ours stay what they are: a request that the service finds malformed, and errors that are thrown before
 * anything is sent. Retrying them changes nothing, and they must stand out from a service that is down.
 */
import { StoreUnavailable } from '../../core/errors.ts';

/** What the services call a request that is wrong whenever it is made. */
const mistakes: ReadonlySet<string> = new Set([
  'ValidationException', // DynamoDB, Kinesis
  'ValidationError', // CloudWatch
  'InvalidArgumentException', // Kinesis
  'InvalidArgument', // S3
  'InvalidRequest', // S3
  'KeyTooLongError', // S3
  'EntityTooLarge', // S3
  'InvalidParameterValue', // CloudWatch, and with the suffix -Exception
  'InvalidParameterValueException',
  'InvalidParameterCombination',
  'InvalidParameterCombinationException',
  'MissingParameter',
  'MissingRequiredParameterException',
  'SerializationException',
  'UnknownOperationException',
]);

/** What the SDK and this project throw for what is wrong outside of the process before a request is on its way. */
const outside: ReadonlySet<unknown> = new Set([
  'TimeoutError',
  'AbortError',
  'CredentialsProviderError',
  'TokenProviderError',
  'OutOfTime',
  'StoreUnavailable',
]);

/** The members that errors of services, connections and the SDK have, each kind its own. */
interface VendorError {
  readonly name?: unknown;
  readonly message?: unknown;
  /** The system's name for what befell a connection, or Node's for an error of its own. */
  readonly code?: unknown;
  /** Set on everything that went wrong after the SDK had begun to send. */
  readonly $metadata?: { readonly requestId?: string };
}

/** No retry mends it. */
export function isMistake(error: unknown): boolean {
  const { name, code, $metadata } = membersOf(error);
  if (typeof name === 'string' && mistakes.has(name)) return true;
  // Node's own ERR_INVALID_… codes are about arguments, all others about connections.
  const fromConnection = typeof code === 'string' && !code.startsWith('ERR_INVALID_');
  return $metadata === undefined && !fromConnection && !outside.has(name);
}

/**
 * @param store What was asked, for instance `archive`.
 * @param problem What it did not do, for instance `took no readings`.
 * @throws The error itself where it is a mistake (`isMistake`).
 */
export function unavailable(store: string, problem: string, error: unknown): StoreUnavailable {
  if (isMistake(error)) throw error;
  const { $metadata } = membersOf(error);
  const requestId = $metadata?.requestId === undefined ? '' : `, request ${$metadata.requestId}`;
  return new StoreUnavailable(store, `${problem} (${codeOf(error)}: ${messageOf(error)}${requestId})`, {
    cause: error,
  });
}

/** What the vendor calls the error: the system's code for that of a connection, or the service's name for its own. */
export function codeOf(error: unknown): string {
  const { code, name } = membersOf(error);
  return [code, name].find((each) => typeof each === 'string') ?? 'UnknownError';
}

export function messageOf(error: unknown): string {
  const { message } = membersOf(error);
  return typeof message === 'string' ? message : String(error);
}

function membersOf(error: unknown): VendorError {
  return typeof error === 'object' && error !== null ? error : {};
}
