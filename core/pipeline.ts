/**
 * The one typed description of the pipeline (design rule: what is set for AWS is what runs on the laptop). `infra/`
 * provisions from it and the local server runs from it. Units are in the names; limits are those of the Lambda API
 * (CreateEventSourceMapping) and are checked by `checkEventSourceMapping`.
 */
import { InvalidRequest } from './errors.ts';
import { compileFilterCriteria, type FilterCriteria } from './event-source-mapping/filter-criteria.ts';

/** Settings of one event source mapping, named as in the Lambda API. */
export interface EventSourceMappingSettings {
  /** Most records in one invocation, 1–10,000. */
  readonly batchSize: number;
  /** How long to collect for a fuller batch, 0–300. With 0 a batch goes out as soon as anything is there. */
  readonly maximumBatchingWindowInSeconds: number;
  /** Concurrent batches per shard, 1–10; order is kept per partition key. */
  readonly parallelizationFactor: number;
  /**
   * Where the mapping starts where it has no checkpoint. With `LATEST`, Lambda skips what is put before its first read, which may
   * take minutes; this server skips nothing that is put after the start. `TRIM_HORIZON` and `AT_TIMESTAMP` skip nothing.
   */
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP';
  /** Milliseconds since 1970; only with `AT_TIMESTAMP`. */
  readonly startingPositionTimestamp?: number;
  /** Retries after the first try, 0–10,000; -1 retries until the record expires. */
  readonly maximumRetryAttempts: number;
  /**
   * Records older than this are given up, 60–604,800; -1 means never. Records that are still retried when the retention of the
   * stream ends are lost, so keep this below it. Records that wait next to a bad one grow old with it.
   */
  readonly maximumRecordAgeInSeconds: number;
  /**
   * On a function error split the batch in two and retry each half. It isolates a bad record only where the function throws:
   * a response that names the first record in `batchItemFailures` splits nothing.
   */
  readonly bisectBatchOnFunctionError: boolean;
  /**
   * Heed `batchItemFailures` in the response (`FunctionResponseTypes: ["ReportBatchItemFailures"]`). A response without it is a
   * success, `{statusCode: 500, body}` too.
   */
  readonly reportBatchItemFailures: boolean;
  /**
   * Which records go to the function; all of them unless given. The others are done as soon as they are read: this
   * consumer never sees them. AWS allows five filters, ten after a quota increase.
   */
  readonly filterCriteria?: FilterCriteria;
  /**
   * Length of the windows in which the function aggregates what came into a shard, 0–900; none with 0, and unless given. Each
   * invocation is then told its window and the `state` that the one before returned, and must return a `state` itself
   * (core/event-source-mapping/tumbling-window.ts). Needs a parallelizationFactor of 1.
   */
  readonly tumblingWindowInSeconds?: number;
}

export interface FunctionSettings {
  /** The function is named `<stack>-<name>`. */
  readonly name: string;
  readonly timeoutInSeconds: number;
  readonly memoryInMiB: number;
}

export interface ConsumerSettings extends FunctionSettings {
  readonly mapping: EventSourceMappingSettings;
}

export interface Pipeline {
  readonly stream: {
    readonly shards: number;
    readonly retentionInHours: number;
  };
  readonly archiveEvents: ConsumerSettings;
  readonly storeReadings: ConsumerSettings;
  readonly sensorHistory: FunctionSettings;
}

/**
 * A consumer that cannot get rid of a record retries it for six hours, a quarter of the retention: long enough for an
 * outage to end, and early enough that the payload reaches the failure destination before the stream forgets it.
 */
const keepTrying = {
  startingPosition: 'TRIM_HORIZON',
  maximumRetryAttempts: -1,
  maximumRecordAgeInSeconds: 6 * 60 * 60,
  bisectBatchOnFunctionError: true,
  reportBatchItemFailures: true,
} as const;

export const pipeline: Pipeline = {
  stream: { shards: 2, retentionInHours: 24 },
  archiveEvents: {
    name: 'IoTS3EventProcessor',
    timeoutInSeconds: 60,
    memoryInMiB: 512,
    // One object per batch: a longer window makes fewer, larger objects, and shows them later.
    mapping: { ...keepTrying, batchSize: 10_000, maximumBatchingWindowInSeconds: 1, parallelizationFactor: 1 },
  },
  storeReadings: {
    name: 'IoTDDBEventProcessor',
    timeoutInSeconds: 60,
    memoryInMiB: 512,
    // No window: a reading is in the history as soon as it can be. 1,000 records are 40 full calls of 25 items.
    mapping: { ...keepTrying, batchSize: 1_000, maximumBatchingWindowInSeconds: 0, parallelizationFactor: 1 },
  },
  sensorHistory: { name: 'IoTAPI', timeoutInSeconds: 10, memoryInMiB: 256 },
};

const ranges = [
  ['batchSize', 1, 10_000],
  ['maximumBatchingWindowInSeconds', 0, 300],
  ['parallelizationFactor', 1, 10],
  ['maximumRetryAttempts', -1, 10_000],
] as const;

/** Earlier than this (March 1973) no Kinesis stream had a record: such a number counts seconds. */
const FIRST_PLAUSIBLE_MILLIS = 100_000_000_000;

/**
 * Rejects what CreateEventSourceMapping would reject.
 * @param now Milliseconds since 1970.
 * @throws InvalidRequest naming the setting and its range.
 */
export function checkEventSourceMapping(settings: EventSourceMappingSettings, now: number): void {
  for (const [name, least, most] of ranges) {
    const value = settings[name];
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new InvalidRequest(name, `is ${value}, but must be a whole number from ${least} to ${most}`);
    }
  }
  const age = settings.maximumRecordAgeInSeconds;
  if (age !== -1 && !(Number.isInteger(age) && age >= 60 && age <= 604_800)) {
    throw new InvalidRequest('maximumRecordAgeInSeconds', `is ${age}, but must be -1 or from 60 to 604800`);
  }
  checkTumblingWindow(settings);
  if (settings.filterCriteria !== undefined) compileFilterCriteria(settings.filterCriteria);
  const { startingPosition, startingPositionTimestamp: timestamp } = settings;
  if (startingPosition === 'AT_TIMESTAMP' ? !Number.isFinite(timestamp) : timestamp !== undefined) {
    throw new InvalidRequest('startingPositionTimestamp', 'goes with startingPosition AT_TIMESTAMP, and only with it');
  }
  if (timestamp !== undefined) checkStartingPositionTimestamp(timestamp, now);
}

function checkTumblingWindow({ tumblingWindowInSeconds = 0, parallelizationFactor }: EventSourceMappingSettings): void {
  const field = 'tumblingWindowInSeconds';
  if (!Number.isInteger(tumblingWindowInSeconds) || tumblingWindowInSeconds < 0 || tumblingWindowInSeconds > 900) {
    throw new InvalidRequest(field, `is ${tumblingWindowInSeconds}, but must be a whole number from 0 to 900`);
  }
  // terraform-aws-modules/terraform-aws-lambda#619: AWS wants a factor of 1 then. The window is one per shard.
  if (tumblingWindowInSeconds > 0 && parallelizationFactor > 1) {
    throw new InvalidRequest(field, `needs a parallelizationFactor of 1, but that is ${parallelizationFactor}`);
  }
}

/** API reference of CreateEventSourceMapping: "StartingPositionTimestamp cannot be in the future". */
function checkStartingPositionTimestamp(timestamp: number, now: number): void {
  const field = 'startingPositionTimestamp';
  if (timestamp < 0) throw new InvalidRequest(field, `is ${timestamp}, but must not be negative`);
  if (timestamp > 0 && timestamp < FIRST_PLAUSIBLE_MILLIS) {
    throw new InvalidRequest(
      field,
      `is ${timestamp}, which looks like seconds, but must be milliseconds since 1970 (${timestamp * 1_000})`,
    );
  }
  if (timestamp > now) throw new InvalidRequest(field, `is ${timestamp}, but must not be in the future`);
}
