/** The command line of `npm start`. */
import { parseArgs } from 'node:util';
import { InvalidRequest } from '../core/errors.ts';
import { pipeline } from '../core/pipeline.ts';
import type { NameOverrides } from '../core/stack-names.ts';
import { DEFAULT_MAX_RECORD_KIB, LARGEST_MAX_RECORD_KIB } from '../core/stream-event.ts';
import { logLevels } from '../handlers/config.ts';
import { DOOR_HELP, doorOptions, type DoorOptions, readDoorOptions } from './http/door-options.ts';
import { defaultMemoryMiB, defaultRetentionMiB } from './memory-limit.ts';
import { DEFAULT_MAX_WATCHERS } from './watch/event-hub.ts';
import { localStack } from './stack-identity.ts';

export interface ServerOptions {
  readonly adapters: 'memory' | 'aws';
  /** With the adapters `aws`: run the consumers here too. */
  readonly runMappings: boolean;
  /** With the adapters `aws`: a fleet may write into the stack. */
  readonly allowSimulation: boolean;
  /** With the adapters `aws`: resources that are not called as a deployment calls them. */
  readonly names: NameOverrides;
  /** With `runMappings`: how long the table keeps a reading. */
  readonly ttlDays: number | undefined;
  /** Where checkpoints are kept that must survive a restart. */
  readonly stateFolder: string;
  readonly host: string;
  readonly port: number;
  readonly stack: string;
  readonly shards: number;
  readonly retentionHours: number;
  readonly retentionMiB: number;
  /** Most memory for all stores together. */
  readonly memoryMiB: number;
  readonly onFull: 'refuse' | 'trim';
  readonly writeLimits: boolean;
  readonly maxRecordKib: number;
  readonly maxWatchers: number;
  readonly logLevel: string;
  /** Who may reach the server, and how. */
  readonly doors: DoorOptions;
}

export const HELP = `Usage: npm start -- [options]

Runs the whole pipeline offline: stream, both consumers, archive, table, metrics, history.

  --adapters WHICH      memory: everything in this process; aws: a deployed stack, found by its name with the
                        ordinary credentials (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL …) (memory)
  --run-mappings        with --adapters aws: run both consumers here, for an emulator without Lambda; where they
                        stand survives a restart
  --state-folder DIR    where that is kept (.state)
  --stream NAME         with --adapters aws: names of your own for what a deployment calls <stack>-SensorStream,
  --archive-bucket NAME <stack>-eventarchive-<account>, <stack>-undelivered-<account> and <stack>-SensorData
  --undelivered-bucket NAME
  --table NAME
  --ttl-days N          with --run-mappings: how long the table keeps a reading (IOT_TTL_DAYS, else for ever)
  --allow-simulation    with --adapters aws: let a fleet of the lab write into the stack
  --port N              port to listen on, 0 for any free one (3000)
  --host ADDRESS        address to listen on (127.0.0.1, reachable from this machine only)
  --shards N            shards of the stream (${pipeline.stream.shards}, from core/pipeline.ts)
  --stack NAME          stack name, the prefix of the stream, table and function names (iot)
  --retention-hours N   how long the stream keeps records (${pipeline.stream.retentionInHours})
  --retention-mib N     most memory for the stream's records (512, at most a quarter of --memory-mib)
  --memory-mib N        most memory for all stores together (60 % of what the heap can hold, at most half of the machine's)
  --on-full WHAT        what happens then. refuse: take no more readings, and keep all that were accepted;
                        trim: drop what arrived first, and count it (refuse)
  --write-limits        hold each shard to the write limits of Kinesis (1,000 records/s, 1 MB/s)
  --max-record-kib N    largest record, data and partition key, ${DEFAULT_MAX_RECORD_KIB} to ${LARGEST_MAX_RECORD_KIB} (${DEFAULT_MAX_RECORD_KIB})
  --max-watchers N      most clients of GET /events at a time (${DEFAULT_MAX_WATCHERS})
${DOOR_HELP}  --log-level LEVEL     ${logLevels.join(', ')} (warn)
  --help                this text
`;

/** @returns `help` where that was asked for. @throws InvalidRequest naming the option that is wrong. */
export function parseServerOptions(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): ServerOptions | 'help' {
  const values = parse(args);
  if (values.help === true) return 'help';
  localStack(values.stack); // Refuses names that no stack can have.
  if (!logLevels.includes(values['log-level'])) {
    throw new InvalidRequest('--log-level', `must be one of ${logLevels.join(', ')}`);
  }
  const { adapters } = values;
  if (adapters !== 'memory' && adapters !== 'aws') throw new InvalidRequest('--adapters', 'must be memory or aws');
  const runMappings = values['run-mappings'];
  if (runMappings && adapters === 'memory') {
    throw new InvalidRequest('--run-mappings', 'goes with --adapters aws; in memory the consumers always run');
  }
  const names = definedNames(values);
  const onlyOnAws = Object.keys(names).length > 0 || values['allow-simulation'];
  if (onlyOnAws && adapters === 'memory') {
    throw new InvalidRequest('--adapters', 'must be aws for names of resources and for --allow-simulation');
  }
  const ttlDays = values['ttl-days'] ?? (runMappings ? environment.IOT_TTL_DAYS : undefined);
  if (ttlDays !== undefined && !runMappings) throw new InvalidRequest('--ttl-days', 'goes with --run-mappings');
  return {
    adapters,
    allowSimulation: values['allow-simulation'],
    names,
    ttlDays: ttlDays === undefined ? undefined : wholeNumber('--ttl-days', ttlDays, 1, 36_500),
    runMappings,
    stateFolder: values['state-folder'],
    host: values.host,
    port: wholeNumber('--port', values.port, 0, 65_535),
    stack: values.stack,
    shards: wholeNumber('--shards', values.shards, 1, 1_000),
    retentionHours: wholeNumber('--retention-hours', values['retention-hours'], 1, 8_760),
    ...memoryOptions(values),
    writeLimits: values['write-limits'],
    maxRecordKib: wholeNumber(
      '--max-record-kib',
      values['max-record-kib'],
      DEFAULT_MAX_RECORD_KIB,
      LARGEST_MAX_RECORD_KIB,
    ),
    maxWatchers: wholeNumber('--max-watchers', values['max-watchers'], 1, 100_000),
    logLevel: values['log-level'],
    doors: readDoorOptions(values, environment),
  };
}

function memoryOptions(values: ReturnType<typeof parse>): Pick<ServerOptions, 'retentionMiB' | 'memoryMiB' | 'onFull'> {
  const { 'memory-mib': memory, 'retention-mib': retention, 'on-full': onFull } = values;
  const memoryMiB = memory === undefined ? defaultMemoryMiB() : wholeNumber('--memory-mib', memory, 16, 1_048_576);
  const retentionMiB =
    retention === undefined
      ? defaultRetentionMiB(memoryMiB)
      : wholeNumber('--retention-mib', retention, 1, memory === undefined ? 1_048_576 : memoryMiB);
  if (onFull !== 'refuse' && onFull !== 'trim') throw new InvalidRequest('--on-full', 'must be refuse or trim');
  return { retentionMiB, memoryMiB, onFull };
}

function definedNames(values: ReturnType<typeof parse>): NameOverrides {
  const { stream, 'archive-bucket': bucket, 'undelivered-bucket': undeliveredBucket, table } = values;
  const names = { stream, bucket, undeliveredBucket, table };
  return Object.fromEntries(Object.entries(names).filter(([, name]) => name !== undefined));
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        adapters: { type: 'string', default: 'memory' },
        'run-mappings': { type: 'boolean', default: false },
        stream: { type: 'string' },
        'archive-bucket': { type: 'string' },
        'undelivered-bucket': { type: 'string' },
        table: { type: 'string' },
        'ttl-days': { type: 'string' },
        'allow-simulation': { type: 'boolean', default: false },
        'state-folder': { type: 'string', default: '.state' },
        port: { type: 'string', default: '3000' },
        host: { type: 'string', default: '127.0.0.1' },
        shards: { type: 'string', default: String(pipeline.stream.shards) },
        stack: { type: 'string', default: 'iot' },
        'retention-hours': { type: 'string', default: String(pipeline.stream.retentionInHours) },
        'retention-mib': { type: 'string' },
        'memory-mib': { type: 'string' },
        'on-full': { type: 'string', default: 'refuse' },
        'write-limits': { type: 'boolean', default: false },
        'max-record-kib': { type: 'string', default: String(DEFAULT_MAX_RECORD_KIB) },
        'max-watchers': { type: 'string', default: String(DEFAULT_MAX_WATCHERS) },
        ...doorOptions,
        'log-level': { type: 'string', default: 'warn' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new InvalidRequest('options', error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new InvalidRequest(option, `is ${text}, but must be a whole number from ${least} to ${most}`);
}
