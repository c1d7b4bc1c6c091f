/**
 * The environment of the functions, which `infra/` sets. It is read once, when a function starts; what is missing or wrong
 * is named, all of it at once, so that a deployment fails at its first invocation and not at its first bad day.
 */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What every function reads. */
interface FunctionConfig {
  /** `AWS_ENDPOINT_URL`: base address of an emulator; AWS's own if not set. */
  readonly endpoint?: string;
  /** `LOG_LEVEL`: one of pino's, `info` if not set. */
  readonly logLevel: string;
}

interface ArchiveEventsConfig extends FunctionConfig {
  /** `ARCHIVE_BUCKET` */
  readonly archiveBucket: string;
}

interface StoreReadingsConfig extends FunctionConfig {
  /** `TABLE_NAME` */
  readonly tableName: string;
  /** `UNDELIVERED_BUCKET`: holds the quarantine. */
  readonly undeliveredBucket: string;
  /** `TTL_DAYS`: how long an item is kept; for ever if not set. */
  readonly ttlDays?: number;
}

interface SensorHistoryConfig extends FunctionConfig {
  /** `TABLE_NAME` */
  readonly tableName: string;
}

export class InvalidConfiguration extends Error {
  override readonly name = 'InvalidConfiguration';
}

export function archiveEventsConfig(env: Environment): ArchiveEventsConfig {
  return read(env, (variables) => ({ archiveBucket: variables.text('ARCHIVE_BUCKET') }));
}

export function storeReadingsConfig(env: Environment): StoreReadingsConfig {
  return read(env, (variables) => {
    const ttlDays = variables.optionalDays('TTL_DAYS');
    return {
      tableName: variables.text('TABLE_NAME'),
      undeliveredBucket: variables.text('UNDELIVERED_BUCKET'),
      ...(ttlDays !== undefined && { ttlDays }),
    };
  });
}

export function sensorHistoryConfig(env: Environment): SensorHistoryConfig {
  return read(env, (variables) => ({ tableName: variables.text('TABLE_NAME') }));
}

/** @throws InvalidConfiguration naming every variable that is missing or wrong. */
function read<Config>(env: Environment, select: (variables: Variables) => Config): Config & FunctionConfig {
  const variables = new Variables(env);
  const config = select(variables);
  const endpoint = variables.optional('AWS_ENDPOINT_URL');
  const logLevel = variables.oneOf('LOG_LEVEL', logLevels, 'info');
  if (variables.problems.length > 0) {
    throw new InvalidConfiguration(`environment of the function: ${variables.problems.join('; ')}`);
  }
  return { ...config, logLevel, ...(endpoint !== undefined && { endpoint }) };
}

export const logLevels: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

class Variables {
  readonly problems: string[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  optional(name: string): string | undefined {
    const value = this.#env[name];
    return value === '' ? undefined : value;
  }

  text(name: string): string {
    const value = this.optional(name);
    if (value === undefined) this.problems.push(`${name} is missing`);
    return value ?? '';
  }

  oneOf(name: string, choices: readonly string[], otherwise: string): string {
    const value = this.optional(name) ?? otherwise;
    if (!choices.includes(value)) this.problems.push(`${name} is ${value}, but must be one of ${choices.join(', ')}`);
    return value;
  }

  optionalDays(name: string): number | undefined {
    const value = this.optional(name);
    if (value === undefined) return undefined;
    if (!/^[1-9]\d{0,4}$/.test(value))
      this.problems.push(`${name} is ${value}, but must be a whole number of days from 1`);
    return Number(value);
  }
}
