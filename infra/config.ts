/**
 * What can be set about a deployment. Each setting comes from the environment (`IOT_ALARM_EMAIL` is `alarmEmail`), else
 * from the checked-in file of the stage that `IOT_STAGE` names, `infra/stages/<stage>.json`, else it has the value that
 * stands here. What is wrong is refused before anything is synthesised, all of it at once and with the reason; so is a
 * setting that does not exist, which is most often one that was misspelt.
 */
import { pipeline } from '../core/pipeline.ts';
import { stackNames } from '../core/stack-names.ts';
import { type Environment, InvalidConfiguration } from '../handlers/config.ts';

export interface DeploymentConfig {
  /** Prefix of every name; `iot` if not set. One per account: it is in the names of buckets, which exist once. */
  readonly stack: string;
  /** `AWS_REGION` if not set, else us-east-1. */
  readonly region: string;
  /** Shards by number, or as many as Kinesis finds fit. */
  readonly capacity: 'provisioned' | 'on-demand';
  /** Only with provisioned capacity. */
  readonly shards: number;
  /** How long the stream keeps records. */
  readonly retentionHours: number;
  /** How long a reading stays in the table; for ever if not set. */
  readonly ttlDays?: number;
  /** When objects of the archive are deleted; never if not set. */
  readonly archiveDays?: number;
  /** How long logs are kept: one of the periods that CloudWatch Logs offers. */
  readonly logDays: number;
  /** Not above `info`: the quarantine's alarm counts in the lines of that level. */
  readonly logLevel: string;
  /** Who is told of alarms; nobody if not set. */
  readonly alarmEmail?: string;
  /** Make the client user and its access key. */
  readonly clientUser: boolean;
  /** Let a destroy empty and remove the buckets. Must be applied before it is of use: `npm run destroy` does so. */
  readonly deleteArchive: boolean;
  /** Take over the buckets that an earlier stack of this name left behind. */
  readonly adoptArchive: boolean;
  /** Keep Terraform's state in this bucket, which must exist; in a local file if not set. */
  readonly stateBucket?: string;
  /** Base address of an emulator, for Terraform and for the functions; AWS's own if not set. */
  readonly endpoint?: string;
}

/** `IOT_STAGE` and one variable per setting. */
const PREFIX = 'IOT_';
const STAGE = `${PREFIX}STAGE`;

const settingNames: readonly (keyof DeploymentConfig)[] = [
  'stack',
  'region',
  'capacity',
  'shards',
  'retentionHours',
  'ttlDays',
  'archiveDays',
  'logDays',
  'logLevel',
  'alarmEmail',
  'clientUser',
  'deleteArchive',
  'adoptArchive',
  'stateBucket',
  'endpoint',
];

/** PutRetentionPolicy takes these and no others. */
const logRetentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** The account is known when Terraform runs; for checking a name any twelve digits do. */
const ANY_ACCOUNT = '000000000000';

/**
 * @param readStage Gives the text of a stage's file, `undefined` where there is none.
 * @throws InvalidConfiguration naming every setting that is wrong.
 */
export function readConfig(env: Environment, readStage: (stage: string) => string | undefined): DeploymentConfig {
  const settings = new Settings(env, readStage);
  const capacity = settings.oneOf('capacity', ['provisioned', 'on-demand'], 'provisioned');
  if (capacity === 'on-demand' && settings.given('shards')) {
    settings.refuse('shards', 'goes with provisioned capacity; on demand Kinesis chooses the number itself');
  }
  const config = {
    stack: settings.stack(),
    region: settings.region(env.AWS_REGION),
    capacity,
    shards: settings.integer('shards', 1, 10_000) ?? pipeline.stream.shards,
    retentionHours: settings.integer('retentionHours', 24, 8_760) ?? pipeline.stream.retentionInHours,
    logDays: settings.logDays(),
    logLevel: settings.oneOf('logLevel', ['trace', 'debug', 'info'], 'info'),
    clientUser: settings.oneOf('clientUser', ['true', 'false'], 'true') === 'true',
    deleteArchive: settings.oneOf('deleteArchive', ['true', 'false'], 'false') === 'true',
    adoptArchive: settings.oneOf('adoptArchive', ['true', 'false'], 'false') === 'true',
    ...given('ttlDays', settings.integer('ttlDays', 1, 99_999)),
    ...given('archiveDays', settings.integer('archiveDays', 1, 99_999)),
    ...given('alarmEmail', settings.matching('alarmEmail', /^[^\s@]+@[^\s@]+$/, 'an e-mail address')),
    ...given(
      'stateBucket',
      settings.matching('stateBucket', /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket'),
    ),
    ...given(
      'endpoint',
      settings.matching('endpoint', /^https?:\/\/[^\s/]+$/, 'an address such as http://127.0.0.1:5000'),
    ),
  };
  settings.finish();
  return config;
}

export function environmentName(setting: keyof DeploymentConfig): string {
  return PREFIX + setting.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function given<Name extends string, Value>(name: Name, value: Value | undefined): Partial<Record<Name, Value>> {
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<Name, Value>>;
}

class Settings {
  readonly #values = new Map<string, string>();
  readonly #problems: string[] = [];

  constructor(env: Environment, readStage: (stage: string) => string | undefined) {
    const stage = env[STAGE];
    if (stage !== undefined && stage !== '') this.#takeFile(stage, readStage);
    this.#takeEnvironment(env);
  }

  given(name: keyof DeploymentConfig): boolean {
    return this.#values.has(name);
  }

  refuse(name: keyof DeploymentConfig, problem: string): void {
    this.#problems.push(`${name} (${environmentName(name)}) ${problem}`);
  }

  stack(): string {
    const stack = this.#values.get('stack') ?? 'iot';
    try {
      stackNames(stack, ANY_ACCOUNT);
    } catch (error) {
      this.#problems.push(error instanceof Error ? error.message : String(error));
    }
    return stack;
  }

  oneOf<Choice extends string>(name: keyof DeploymentConfig, choices: readonly Choice[], otherwise: Choice): Choice {
    const value = this.#values.get(name);
    if (value === undefined) return otherwise;
    const choice = choices.find((each) => each === value);
    if (choice === undefined) this.refuse(name, `is ${value}, but must be one of ${choices.join(', ')}`);
    return choice ?? otherwise;
  }

  integer(name: keyof DeploymentConfig, least: number, most: number): number | undefined {
    const text = this.#values.get(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      this.refuse(name, `is ${text}, but must be a whole number from ${least} to ${most}`);
    }
    return value;
  }

  matching(name: keyof DeploymentConfig, pattern: RegExp, meaning: string): string | undefined {
    const value = this.#values.get(name);
    if (value !== undefined && !pattern.test(value)) this.refuse(name, `is ${value}, but must be ${meaning}`);
    return value;
  }

  region(ofAwsTools: string | undefined): string {
    const own = this.#values.get('region');
    const region = own ?? ofAwsTools ?? 'us-east-1';
    if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
      const origin = own === undefined ? 'AWS_REGION' : `region (${environmentName('region')})`;
      this.#problems.push(`${origin} is ${region}, but must be the name of a region`);
    }
    return region;
  }

  logDays(): number {
    const days = this.integer('logDays', 1, 3_653) ?? 30;
    if (!logRetentionDays.includes(days)) {
      this.refuse('logDays', `is ${days}, but CloudWatch Logs keeps for ${logRetentionDays.join(', ')} days only`);
    }
    return days;
  }

  finish(): void {
    if (this.#problems.length > 0) {
      throw new InvalidConfiguration(`configuration of the deployment: ${this.#problems.join('; ')}`);
    }
  }

  #takeFile(stage: string, readStage: (stage: string) => string | undefined): void {
    // The name becomes part of a path.
    const text = /^[a-z0-9-]+$/.test(stage) ? readStage(stage) : undefined;
    if (text === undefined) {
      this.#problems.push(`${STAGE} is ${stage}, but there is no file infra/stages/${stage}.json`);
      return;
    }
    const settings = parseObject(text);
    if (settings === undefined)
      this.#problems.push(`infra/stages/${stage}.json must hold an object of settings in JSON`);
    for (const [name, value] of Object.entries(settings ?? {})) {
      if (!isSetting(name)) this.#problems.push(`infra/stages/${stage}.json has ${name}, ${unknown()}`);
      else if (!['string', 'number', 'boolean'].includes(typeof value)) {
        this.refuse(name, `must be a text, a number, true or false`);
      } else this.#values.set(name, String(value));
    }
  }

  #takeEnvironment(env: Environment): void {
    const names = new Map(settingNames.map((name) => [environmentName(name), name]));
    for (const [variable, value] of Object.entries(env)) {
      if (!variable.startsWith(PREFIX) || variable === STAGE || value === undefined) continue;
      const name = names.get(variable);
      if (name === undefined) this.#problems.push(`${variable} is set, ${unknown()}`);
      else if (value !== '') this.#values.set(name, value);
    }
  }
}

function isSetting(name: string): name is keyof DeploymentConfig {
  return settingNames.some((each) => each === name);
}

function unknown(): string {
  return `which is no setting; there are ${settingNames.map(environmentName).join(', ')} and ${STAGE}`;
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
