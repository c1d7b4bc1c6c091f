/**
 * One consumer of the stream, as Lambda's event source mapping is one: a worker and a checkpoint per shard, parents
 * before children. It shares nothing with other mappings but the stream, so none can hold up another.
 */
import { readyShards } from '../../core/event-source-mapping/ready-shards.ts';
import { checkEventSourceMapping, type EventSourceMappingSettings } from '../../core/pipeline.ts';
import { neverSet } from '../../core/never-set.ts';
import type { EpochMillis, Shard, ShardPosition, SteadyClock } from '../../core/ports.ts';
import { compareSequenceNumbers } from '../../core/sequence-number.ts';
import type { Checkpoints } from './checkpoints.ts';
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
  'steady' | 'shardId' | 'start' | 'onInvocation' | 'onGivenUp' | 'onCheckpoint'
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
  };
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
    this.#options = { steady: neverSet(options.clock), ...options };
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
    await this.#halt();
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
    await this.#halt();
    this.#settings = settings;
    this.#enabled = enabled;
    if (enabled && this.#started) this.#run();
    else this.#enter(enabled ? 'Enabled' : 'Disabled');
  }

  #run(): void {
    this.#stopping = false;
    this.#workers.clear();
    this.#finished.clear();
    this.#begun = false;
    this.#enter('Enabled');
    this.#track(this.#startReadyShards());
  }

  async #halt(): Promise<void> {
    this.#stopping = true;
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
    const shards = await Promise.all([...this.#workers].map(([shardId, worker]) => this.#shardState(shardId, worker)));
    return {
      name: this.name,
      id: this.#options.mappingId,
      state: this.#state,
      lastProcessingResult: this.#lastProcessingResult,
      settings: this.#settings,
      iteratorAgeMillis: Math.max(0, ...shards.map(({ iteratorAgeMillis }) => iteratorAgeMillis)),
      trimmedRecords: shards.reduce((sum, { trimmedRecords }) => sum + trimmedRecords, 0),
      /** Shards that expired before they were read to their end: what was lost with them is not in `trimmedRecords`. */
      expiredShards: this.#expired.size,
      filteredOutRecords: shards.reduce((sum, { filteredOutRecords }) => sum + filteredOutRecords, 0),
      ...this.#counts,
      shards,
    };
  }

  async #shardState(shardId: string, worker: ShardWorker) {
    const { checkpoint, oldestArrival, unfinished, trimmed, filteredOut, finished, openWindow, lanes } = worker.state;
    const last = this.#lastInvocations.get(shardId);
    const { steady } = this.#options;
    return {
      shardId,
      ...(checkpoint.type === 'AFTER_SEQUENCE_NUMBER' && { checkpoint: checkpoint.sequenceNumber }),
      finished,
      recordsBehind: (await this.#options.reader.backlog(shardId, checkpoint)) ?? (unfinished > 0 ? unfinished : null),
      /** Age of the oldest record that is not done; 0 where nothing waits. */
      iteratorAgeMillis:
        oldestArrival === undefined ? 0 : Math.max(0, Math.round(steady.now() - steady.momentOf(oldestArrival))),
      trimmedRecords: trimmed,
      filteredOutRecords: filteredOut,
      /** In milliseconds since 1970. */
      ...(openWindow !== undefined && { openWindow }),
      lanes,
      ...(last !== undefined && { lastInvocation: last }),
    };
  }

  async #startReadyShards(): Promise<void> {
    let shards: readonly Shard[];
    try {
      shards = await this.#options.reader.listShards();
    } catch (error) {
      this.#options.log.error({ err: error }, 'listing the shards failed, to be retried');
      this.#listAgain();
      return;
    }
    this.#begin(shards);
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
    this.#begun = true;
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
  }

  async #consume({ shardId, startingSequenceNumber }: Shard): Promise<void> {
    const { checkpoints } = this.#options;
    // A shard that came after the mapping is read from its beginning, which tells what has expired there already.
    const start = checkpoints.load(this.name).get(shardId) ?? {
      type: 'AT_SEQUENCE_NUMBER',
      sequenceNumber: startingSequenceNumber,
    };
    const worker = new ShardWorker({
      ...this.#options,
      settings: this.#settings,
      shardId,
      start,
      onInvocation: (report) => this.#count(report),
      onGivenUp: (report) => {
        this.#counts.givenUpRecords += report.records;
        this.#observer?.onGivenUp(report);
      },
      onCheckpoint: (checkpoint) => {
        checkpoints.save(this.name, shardId, checkpoint);
        this.#observer?.onChange();
      },
    });
    this.#workers.set(shardId, worker);
    if (await worker.run()) {
      this.#finished.add(shardId);
      if (worker.state.expired) this.#expired.add(shardId);
      await this.#startReadyShards();
    }
  }

  /**
   * Where the mapping starts becomes the checkpoint of the shards that are there, so that a mapping that is disabled, or a
   * server that ends, before the first record is done goes on from there.
   */
  #keepStart(shards: readonly Shard[]): void {
    const { checkpoints } = this.#options;
    const start = this.#initialPosition;
    this.#initialPosition = undefined;
    if (start === undefined || checkpoints.load(this.name).size > 0) return;
    for (const { shardId } of shards) checkpoints.save(this.name, shardId, start);
  }

  #count(report: InvocationReport): void {
    this.#lastInvocations.set(report.shardId, report);
    this.#lastProcessingResult = report.decision.type === 'advance' ? 'OK' : 'PROBLEM: Function call failed';
    // As with Lambda's metrics: what was throttled is neither an invocation nor an error.
    if (report.outcome === 'not-invoked') this.#counts.throttles += 1;
    else this.#counts.invocations += 1;
    this.#counts.records += report.decision.done;
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
