/**
 * One consumer of the stream, as Lambda's event source mapping is one: a worker and a checkpoint per shard, parents
 * before children. It shares nothing with other mappings but the stream, so none can hold up another.
 */
import { backoffMillis } from '../../core/event-source-mapping/decision.ts';
import { EventCounts } from '../../core/event-source-mapping/event-counts.ts';
import { readyShards } from '../../core/event-source-mapping/ready-shards.ts';
import { checkEventSourceMapping, type EventSourceMappingSettings } from '../../core/pipeline.ts';
import { neverSet } from '../../core/never-set.ts';
import type { EpochMillis, Shard, ShardPosition, SteadyClock } from '../../core/ports.ts';
import { compareSequenceNumbers } from '../../core/sequence-number.ts';
import type { ShardConsumerState } from '../../core/event-source-mapping/shard-state.ts';
import type { Checkpoints } from './checkpoints.ts';
import { warnOfGatewayAnswers } from './gateway-answer.ts';
import {
  changedSettings,
  type MappingChanges,
  type MappingControl,
  type MappingDescription,
  MappingInUse,
  type MappingStateName,
  type ProcessingResult,
} from './mapping-control.ts';
import { type GivenUpReport, type InvocationReport, ShardWorker, type ShardWorkerOptions } from './shard-worker.ts';

export interface EventSourceMappingOptions extends Omit<
  ShardWorkerOptions,
  | 'steady'
  | 'shardId'
  | 'start'
  | 'onRead'
  | 'onReadFailed'
  | 'onInvocation'
  | 'onTrimmed'
  | 'onGivenUp'
  | 'onDeliveryFailed'
  | 'onCheckpoint'
> {
  /** Name of the function. */
  readonly name: string;
  readonly checkpoints: Checkpoints;
  /** Measures delays and ages; `clock` unless given, which then nobody may set. */
  readonly steady?: SteadyClock;
}

/** What a mapping tells as it happens. */
export interface MappingObserver {
  /** `state` has something new. */
  onChange(): void;
  onInvocation(report: InvocationReport): void;
  onGivenUp(report: GivenUpReport): void;
}

/** How often a failed listing of shards is tried again. */
const LIST_RETRY_MILLIS = 1_000;
/** A worker that ran this long before it failed is restarted as after a first failure. */
const STABLE_MILLIS = 60_000;

export class EventSourceMapping implements MappingControl {
  readonly name: string;
  readonly #options: EventSourceMappingOptions & { readonly steady: SteadyClock };
  readonly #workers = new Map<string, ShardWorker>();
  readonly #finished = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly #counts = {
    invocations: 0,
    throttles: 0,
    records: 0,
    errors: 0,
    retries: 0,
    bisections: 0,
    givenUpRecords: 0,
    /** Records that expired before they were read. */
    trimmedRecords: 0,
    /** Records that were read, and expired in the stream while they were retried. */
    trimmedInRetryRecords: 0,
    filteredOutRecords: 0,
    /** Reads and listings of shards that failed. */
    readFailures: 0,
    /** Lambda's DestinationDeliveryFailures; Lambda would have dropped the records each time. */
    destinationDeliveryFailures: 0,
    /** Times that a consumer of a shard began again after an unexpected error. */
    workerRestarts: 0,
  };
  readonly #eventCounts = new EventCounts();
  #lambdaIteratorAgeMillis: number | undefined;
  #listingFailed = false;
  #halt = new AbortController();
  readonly #lastInvocations = new Map<string, InvocationReport>();
  #observer: MappingObserver | undefined;
  #settings: EventSourceMappingSettings;
  #state: MappingStateName = 'Creating';
  #lastModified: EpochMillis;
  #lastProcessingResult: ProcessingResult = 'No records processed';
  #enabled = true;
  /** Between `start` and `stop`; a mapping that is disabled does not run then either. */
  #started = false;
  #change: Promise<void> = Promise.resolve();
  /** Where the mapping starts; absent once that is kept as checkpoints. */
  #initialPosition: ShardPosition | undefined;
  #begun = false;
  /** Shards that expired before this consumer read them to their end. */
  readonly #expired = new Set<string>();
  #stopping = false;
  #retryTimer: NodeJS.Timeout | undefined;

  /** @throws InvalidRequest where Lambda would refuse the settings. */
  constructor(options: EventSourceMappingOptions) {
    const now = options.clock.now();
    checkEventSourceMapping(options.settings, now);
    this.name = options.name;
    this.#settings = options.settings;
    this.#lastModified = now;
    this.#options = {
      steady: neverSet(options.clock),
      ...options,
      function: warnOfGatewayAnswers(options.function, options.name, options.log),
    };
    this.#warnOfLatest();
  }

  #warnOfLatest(): void {
    const { name, log, settings } = this.#options;
    if (settings.startingPosition !== 'LATEST') return;
    log.warn(
      { mapping: name },
      'the mapping starts at LATEST. Here it gets all that is put from now on; Lambda may take minutes until its first read, and skips what was put before. Use TRIM_HORIZON or AT_TIMESTAMP to miss nothing',
    );
  }

  get settings(): EventSourceMappingSettings {
    return this.#settings;
  }

  observe(observer: MappingObserver): void {
    this.#observer = observer;
  }

  /** Begins at the checkpoints, also after `stop`; not where the mapping is disabled. */
  start(): void {
    if (this.#state === 'Creating') {
      this.#initialPosition = startingPosition(this.#settings, this.#options.steady.stamp());
    }
    this.#started = true;
    if (this.#enabled) this.#run();
  }

  /** Starts nothing new and resolves when what is in flight is done. */
  async stop(): Promise<void> {
    this.#started = false;
    await this.#change;
    await this.#haltWorkers();
  }

  describe(): MappingDescription {
    const { mappingId, functionArn, source } = this.#options;
    return {
      uuid: mappingId,
      functionName: this.name,
      functionArn,
      streamArn: source.streamArn,
      settings: this.#settings,
      state: this.#state,
      stateTransitionReason: 'User action',
      lastModified: this.#lastModified,
      lastProcessingResult: this.#lastProcessingResult,
    };
  }

  update({ enabled = this.#enabled, ...changes }: MappingChanges): MappingDescription {
    if (this.#state !== 'Enabled' && this.#state !== 'Disabled') throw new MappingInUse(this.name, this.#state);
    const settings = changedSettings(this.#settings, changes, this.#options.clock.now());
    this.#enter(enabled === this.#enabled ? 'Updating' : enabled ? 'Enabling' : 'Disabling');
    this.#change = this.#carryOutChange(enabled, settings);
    return this.describe();
  }

  async #carryOutChange(enabled: boolean, settings: EventSourceMappingSettings): Promise<void> {
    await this.#haltWorkers();
    this.#settings = settings;
    this.#enabled = enabled;
    if (enabled && this.#started) this.#run();
    else this.#enter(enabled ? 'Enabled' : 'Disabled');
  }

  #run(): void {
    this.#stopping = false;
    this.#halt = new AbortController();
    this.#workers.clear();
    this.#finished.clear();
    this.#begun = false;
    this.#enter('Enabled');
    this.#track(this.#startReadyShards());
  }

  async #haltWorkers(): Promise<void> {
    this.#stopping = true;
    this.#halt.abort();
    clearTimeout(this.#retryTimer);
    for (const worker of this.#workers.values()) worker.stop();
    await Promise.all(this.#running);
  }

  #enter(state: MappingStateName): void {
    this.#state = state;
    this.#lastModified = this.#options.clock.now();
    this.#observer?.onChange();
  }

  /** New records are there, or the clock was moved: look now rather than at the next poll. */
  wake(): void {
    for (const worker of this.#workers.values()) worker.wake();
  }

  /** Whether the checkpoint has moved past a record: this consumer never sees it again. */
  isDone({ shardId, sequenceNumber }: { readonly shardId: string; readonly sequenceNumber: string }): boolean {
    const checkpoint = this.#workers.get(shardId)?.checkpoint;
    return (
      checkpoint?.type === 'AFTER_SEQUENCE_NUMBER' &&
      compareSequenceNumbers(sequenceNumber, checkpoint.sequenceNumber) <= 0
    );
  }

  /** What there is to see. `recordsBehind` counts what the stream holds behind the checkpoint, null if unknown. */
  async state() {
    // Of one moment, with what the lanes hold: the counts add up.
    const [counts, eventCounts] = [{ ...this.#counts }, this.#eventCounts.metrics];
    const shards = await Promise.all([...this.#workers].map(([shardId, worker]) => this.#shardState(shardId, worker)));
    return {
      name: this.name,
      id: this.#options.mappingId,
      state: this.#state,
      lastProcessingResult: this.#lastProcessingResult,
      settings: this.#settings,
      oldestRecordAgeMillis: this.#oldestOf(shards),
      /** Lambda's IteratorAge, of the last invocation; null before the first. */
      lambdaIteratorAgeMillis: this.#lambdaIteratorAgeMillis ?? null,
      /** Shards that expired before they were read to their end: what was lost with them is not in `trimmedRecords`. */
      expiredShards: this.#expired.size,
      ...counts,
      eventCounts,
      shards,
    };
  }

  /** Null where any part is not known: a shard that is not read may hold older records than all the others. */
  #oldestOf(shards: readonly { readonly oldestRecordAgeMillis: number | null }[]): number | null {
    const ages = shards.map(({ oldestRecordAgeMillis }) => oldestRecordAgeMillis);
    if (this.#listingFailed || ages.length === 0) return null;
    return ages.reduce((oldest, age) => (oldest === null || age === null ? null : Math.max(oldest, age)), 0);
  }

  async #shardState(shardId: string, worker: ShardWorker) {
    const { state } = worker;
    const { checkpoint, unfinished, trimmed, filteredOut, finished, openWindow, lanes } = state;
    const last = this.#lastInvocations.get(shardId);
    return {
      shardId,
      ...(checkpoint.type === 'AFTER_SEQUENCE_NUMBER' && { checkpoint: checkpoint.sequenceNumber }),
      finished,
      recordsBehind: (await this.#options.reader.backlog(shardId, checkpoint)) ?? (unfinished > 0 ? unfinished : null),
      oldestRecordAgeMillis: this.#oldestRecordAge(state),
      readFailures: state.readFailures,
      trimmedRecords: trimmed,
      filteredOutRecords: filteredOut,
      /** In milliseconds since 1970. */
      ...(openWindow !== undefined && { openWindow }),
      lanes,
      ...(last !== undefined && { lastInvocation: last }),
    };
  }

  /** Age of the oldest record that is not done; 0 where nothing waits, null where nobody can tell as the shard is not read. */
  #oldestRecordAge({ oldestArrival, finished, lastRead }: ShardConsumerState): number | null {
    const { steady } = this.#options;
    if (finished) return 0;
    // Records are read in order: what is not read yet is younger.
    if (oldestArrival !== undefined) return Math.max(0, Math.round(steady.now() - steady.momentOf(oldestArrival)));
    return lastRead === 'done' && !this.#stopping ? 0 : null;
  }

  async #startReadyShards(): Promise<void> {
    let shards: readonly Shard[];
    try {
      shards = await this.#options.reader.listShards();
    } catch (error) {
      this.#options.log.error({ err: error }, 'listing the shards failed, to be retried');
      this.#listingFailed = true;
      this.#counts.readFailures += 1;
      this.#listAgain();
      return;
    }
    this.#listingFailed = false;
    try {
      this.#begin(shards);
    } catch (error) {
      this.#options.log.error({ err: error }, 'the checkpoints could not be read or kept, to be retried');
      this.#listAgain();
      return;
    }
    for (const shard of readyShards(shards, this.#finished, this.#workers)) {
      if (!this.#stopping && !this.#workers.has(shard.shardId)) this.#track(this.#consume(shard));
    }
    // A shard ends because others take its place. Where they are not listed yet, they soon are.
    const parents = new Set(shards.flatMap(({ parentShardIds }) => parentShardIds));
    if (shards.some(({ shardId }) => this.#finished.has(shardId) && !parents.has(shardId))) this.#listAgain();
  }

  #listAgain(): void {
    clearTimeout(this.#retryTimer);
    if (this.#stopping) return;
    this.#retryTimer = setTimeout(() => this.#track(this.#startReadyShards()), LIST_RETRY_MILLIS);
  }

  /** Brings the checkpoints in line with the shards that there are, once after each start. */
  #begin(shards: readonly Shard[]): void {
    if (this.#begun) return;
    const { checkpoints, log } = this.#options;
    this.#keepStart(shards);
    const listed = new Set(shards.map(({ shardId }) => shardId));
    for (const [shardId, { finished }] of checkpoints.load(this.name)) {
      if (listed.has(shardId)) continue;
      checkpoints.forget(this.name, shardId);
      if (finished === true) continue;
      this.#expired.add(shardId);
      log.error(
        { mapping: this.name, shardId },
        'the shard expired while this consumer did not run: what it held behind the checkpoint is lost, and nobody knows how much that was',
      );
    }
    this.#begun = true;
  }

  /** Reads a shard to its end. After an unexpected error it begins again at the checkpoint, later each time. */
  async #consume(shard: Shard): Promise<void> {
    const { steady, log } = this.#options;
    for (let failures = 1; !this.#stopping; failures += 1) {
      const begunAt = steady.now();
      try {
        const worker = this.#newWorker(shard);
        this.#workers.set(shard.shardId, worker);
        if (await worker.run()) await this.#finish(shard.shardId, worker);
        return;
      } catch (error) {
        if (steady.now() - begunAt >= STABLE_MILLIS) failures = 1;
        this.#counts.workerRestarts += 1;
        const delayMillis = backoffMillis(failures);
        log.error(
          { mapping: this.name, shardId: shard.shardId, err: error, delayMillis },
          'the consumer of a shard failed unexpectedly; it begins again at its checkpoint',
        );
        await this.#pause(delayMillis);
      }
    }
  }

  async #finish(shardId: string, worker: ShardWorker): Promise<void> {
    this.#finished.add(shardId);
    if (worker.state.expired) this.#expired.add(shardId);
    await this.#startReadyShards();
  }

  /** Shorter where the workers are halted meanwhile. */
  async #pause(millis: number): Promise<void> {
    const { signal } = this.#halt;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, millis);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #newWorker({ shardId, startingSequenceNumber }: Shard): ShardWorker {
    const { checkpoints } = this.#options;
    // A shard that came after the mapping is read from its beginning, which tells what has expired there already.
    const start = checkpoints.load(this.name).get(shardId) ?? {
      type: 'AT_SEQUENCE_NUMBER',
      sequenceNumber: startingSequenceNumber,
    };
    return new ShardWorker({
      ...this.#options,
      settings: this.#settings,
      shardId,
      start,
      onRead: ({ records, filteredOut, trimmed }) => {
        this.#eventCounts.polled(records, filteredOut);
        this.#counts.filteredOutRecords += filteredOut;
        this.#counts.trimmedRecords += trimmed;
      },
      onReadFailed: () => {
        this.#counts.readFailures += 1;
        this.#observer?.onChange();
      },
      onInvocation: (report) => this.#count(report),
      onTrimmed: (records) => {
        this.#counts.trimmedInRetryRecords += records;
      },
      onDeliveryFailed: () => {
        this.#counts.destinationDeliveryFailures += 1;
      },
      onGivenUp: (report) => {
        this.#counts.givenUpRecords += report.records;
        this.#eventCounts.delivered(report.records);
        this.#observer?.onGivenUp(report);
      },
      onCheckpoint: (checkpoint) => {
        checkpoints.save(this.name, shardId, checkpoint);
        this.#observer?.onChange();
      },
    });
  }

  /**
   * Where the mapping starts becomes the checkpoint of the shards that are there, so that a mapping that is disabled, or a
   * server that ends, before the first record is done goes on from there.
   */
  #keepStart(shards: readonly Shard[]): void {
    const { checkpoints } = this.#options;
    const start = this.#initialPosition;
    if (start !== undefined && checkpoints.load(this.name).size === 0) {
      for (const { shardId } of shards) checkpoints.save(this.name, shardId, start);
    }
    this.#initialPosition = undefined;
  }

  #count(report: InvocationReport): void {
    this.#lastInvocations.set(report.shardId, report);
    this.#lastProcessingResult = report.decision.type === 'advance' ? 'OK' : 'PROBLEM: Function call failed';
    // As with Lambda's metrics: what was throttled is neither an invocation nor an error.
    if (report.outcome === 'not-invoked') this.#counts.throttles += 1;
    else this.#counts.invocations += 1;
    this.#counts.records += report.decision.done;
    this.#eventCounts.invoked(report.records, report.decision.done);
    this.#lambdaIteratorAgeMillis = report.lambdaIteratorAgeMillis ?? this.#lambdaIteratorAgeMillis;
    if (report.outcome !== 'not-invoked' && report.decision.type !== 'advance') this.#counts.errors += 1;
    if (report.decision.type === 'retry') this.#counts.retries += 1;
    if (report.decision.type === 'bisect') this.#counts.bisections += 1;
    this.#observer?.onInvocation(report);
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => {
        // A bug, as workers retry what can fail. The other shards go on.
        this.#options.log.error(
          { mapping: this.name, err: error },
          'a consumer of a shard stopped: restart the server',
        );
      })
      .finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }
}

/**
 * Chosen: LATEST is fixed as the time at which the mapping starts, rather than asked of the stream shard by shard, so
 * that nothing put between the start and the first read is missed (with Lambda, LATEST can miss such records).
 */
function startingPosition(settings: EventSourceMappingSettings, now: EpochMillis): ShardPosition {
  switch (settings.startingPosition) {
    case 'TRIM_HORIZON':
      return { type: 'TRIM_HORIZON' };
    case 'LATEST':
      return { type: 'AT_TIMESTAMP', timestamp: now };
    case 'AT_TIMESTAMP':
      return { type: 'AT_TIMESTAMP', timestamp: settings.startingPositionTimestamp ?? now };
  }
}
