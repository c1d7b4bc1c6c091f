/**
 * Carries out what a `ShardConsumer` decides for one shard: reads, invokes, keeps what was given up, waits. All effects
 * and the only timer of an event source mapping are here; all decisions are in `core/event-source-mapping/`.
 */
import { randomUUID } from 'node:crypto';
import { failureKey, failureRecord } from '../../core/event-source-mapping/failure-record.ts';
import type {
  Attempts,
  Decision,
  GiveUpCondition,
  InvocationOutcome,
} from '../../core/event-source-mapping/decision.ts';
import { type ShardCommand, ShardConsumer } from '../../core/event-source-mapping/shard-consumer.ts';
import { stateOf, type WindowProperties } from '../../core/event-source-mapping/tumbling-window.ts';
import type { EventSourceMappingSettings } from '../../core/pipeline.ts';
import type {
  Clock,
  EpochMillis,
  EventArchive,
  ShardPage,
  ShardReader,
  SteadyClock,
  StreamRecord,
} from '../../core/ports.ts';
import { compareSequenceNumbers } from '../../core/sequence-number.ts';
import { type EventSource, toKinesisEvent, toTumblingWindowEvent } from '../../handlers/kinesis-records.ts';
import type { Logger } from '../../handlers/logger.ts';
import type { ShardCheckpoint } from './checkpoints.ts';
import type { LambdaFunction } from './lambda-runtime.ts';

type Invoke = Extract<ShardCommand, { type: 'invoke' }>;
type GiveUp = Extract<ShardCommand, { type: 'give-up' }>;
type Read = Extract<ShardCommand, { type: 'read' }>;

/** A batch as the mapping last saw it, for people who watch. */
export interface InvocationReport {
  readonly shardId: string;
  readonly lane: number;
  readonly at: EpochMillis;
  readonly firstSequenceNumber: string;
  readonly lastSequenceNumber: string;
  readonly records: number;
  readonly durationMillis: number;
  /** What the batch had been through before. */
  readonly attempts: Attempts;
  /** `not-invoked` where the function did not run: it was throttled, for instance. */
  readonly outcome: InvocationOutcome['type'];
  /**
   * Lambda's IteratorAge: how old the last record of the batch was when the function was done (LDG, Kinesis; the page on metric
   * types says when it was sent). Absent where the function did not run, or got no record.
   */
  readonly lambdaIteratorAgeMillis?: number;
  readonly decision: Decision;
}

/** A page as it was read. */
interface ReadReport {
  readonly records: number;
  readonly filteredOut: number;
  /** Records that expired before this page could be read. */
  readonly trimmed: number;
}

/** What the failure destination holds now. */
export interface GivenUpReport {
  readonly shardId: string;
  readonly lane: number;
  readonly key: string;
  readonly condition: GiveUpCondition;
  readonly firstSequenceNumber: string;
  readonly records: number;
}

export interface ShardWorkerOptions {
  readonly mappingId: string;
  readonly settings: EventSourceMappingSettings;
  readonly shardId: string;
  readonly start: ShardCheckpoint;
  readonly reader: ShardReader;
  readonly function: LambdaFunction;
  readonly functionArn: string;
  readonly source: EventSource;
  readonly failures: EventArchive;
  /** Tells people when something was. */
  readonly clock: Clock;
  /** Measures delays and ages. */
  readonly steady: SteadyClock;
  readonly log: Logger;
  readonly onInvocation: (report: InvocationReport) => void;
  readonly onGivenUp: (report: GivenUpReport) => void;
  readonly onRead: (report: ReadReport) => void;
  readonly onReadFailed: () => void;
  /** Records expired in the stream while they were retried. */
  readonly onTrimmed: (records: number) => void;
  /** The failure destination did not take records; they are tried again. */
  readonly onDeliveryFailed: () => void;
  /** Called whenever the checkpoint has moved. */
  readonly onCheckpoint: (checkpoint: ShardCheckpoint) => void;
}

export class ShardWorker {
  readonly #options: ShardWorkerOptions;
  readonly #consumer: ShardConsumer;
  readonly #inFlight = new Set<Promise<void>>();
  #stopping = false;
  #failure: { readonly error: unknown } | undefined;
  #notify: () => void = () => undefined;

  constructor(options: ShardWorkerOptions) {
    this.#options = options;
    const { window, finished: _, ...position } = options.start;
    this.#consumer = new ShardConsumer(options.settings, position, window, (arrivedAt) =>
      options.steady.momentOf(arrivedAt),
    );
  }

  get checkpoint(): ShardCheckpoint {
    const { checkpoint, window, finished } = this.#consumer;
    return { ...checkpoint, ...(window !== undefined && { window }), ...(finished && { finished }) };
  }

  get state() {
    return this.#consumer.state();
  }

  /**
   * Resolves when the shard has been read to its end (true) or the worker was stopped (false). Nothing is in flight then.
   * @throws what nobody expected, such as a checkpoint that could not be kept.
   */
  async run(): Promise<boolean> {
    try {
      await this.#work();
    } finally {
      await Promise.all(this.#inFlight);
    }
    return this.#consumer.finished;
  }

  async #work(): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#consumer.finished || this.#stopping) return;
      for (const command of this.#consumer.next(this.#options.steady.now())) this.#carryOut(command);
      await this.#somethingChanges();
    }
  }

  /** New records are there, or the clock was moved. */
  wake(): void {
    this.#consumer.wake();
    this.#notify();
  }

  /** Starts nothing new; `run` resolves when what is in flight is done. */
  stop(): void {
    this.#stopping = true;
    this.#notify();
  }

  /** Until an answer, a wake-up or the next due time. Always gives the event loop a turn: memory answers at once. */
  async #somethingChanges(): Promise<void> {
    const due = this.#consumer.dueAt();
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#notify = () => setImmediate(resolve);
      // A timer beyond 2^31 ms would fire at once.
      if (due !== undefined) {
        timer = setTimeout(resolve, Math.min(Math.max(0, due - this.#options.steady.now()), 2 ** 31 - 1));
      }
    });
    clearTimeout(timer);
    this.#notify = () => undefined;
  }

  #carryOut(command: ShardCommand): void {
    const work = this.#effectOf(command)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#inFlight.delete(work);
        this.#notify();
      });
    this.#inFlight.add(work);
  }

  #effectOf(command: ShardCommand): Promise<void> {
    switch (command.type) {
      case 'read':
        return this.#read(command);
      case 'invoke':
        return this.#invoke(command);
      case 'give-up':
        return this.#giveUp(command);
    }
  }

  async #read({ position, limit }: Read): Promise<void> {
    const { reader, shardId, steady, log } = this.#options;
    let page: ShardPage;
    try {
      page = await reader.read(shardId, position, limit);
    } catch (error) {
      log.error({ shardId, err: error }, 'reading the shard failed, to be retried');
      this.#consumer.readFailed(steady.now());
      this.#options.onReadFailed();
      return;
    }
    const { trimmed } = page;
    if (trimmed > 0) log.warn({ shardId, trimmed }, 'records expired before this consumer read them');
    if (page.expired === true) {
      log.error(
        { shardId },
        'the shard expired before this consumer read it to its end: what it still held is lost, and nobody knows how much that was',
      );
    }
    const before = this.#consumer.checkpoint;
    const filteredOut = this.#consumer.read(page, steady.now(), steady.stamp());
    this.#options.onRead({ records: page.records.length, filteredOut, trimmed });
    // Past records that were filtered out, or to the end of the shard.
    if (this.#consumer.checkpoint !== before || this.#consumer.finished) this.#reportCheckpoint();
  }

  async #invoke({ lane, records, attempts, window }: Invoke): Promise<void> {
    const { shardId, clock, steady, onInvocation } = this.#options;
    const trimmed = attempts.failures + attempts.refusals === 0 ? 0 : await this.#trimmedOf(records);
    if (trimmed > 0) {
      this.#skip(lane, trimmed);
      return;
    }
    const [at, begun] = [clock.now(), steady.now()];
    const outcome = await this.#call(this.#eventOf(records, window));
    const now = steady.now();
    const decision = this.#consumer.invoked(lane, outcome, now);
    const last = records.at(-1);
    if (window?.isFinalInvokeForWindow === false) this.#checkState(outcome);
    onInvocation({
      shardId,
      lane,
      at,
      firstSequenceNumber: records[0]?.sequenceNumber ?? '',
      lastSequenceNumber: last?.sequenceNumber ?? '',
      records: records.length,
      durationMillis: Math.round(now - begun),
      attempts,
      outcome: outcome.type,
      ...(last !== undefined &&
        outcome.type !== 'not-invoked' && {
          lambdaIteratorAgeMillis: Math.max(0, Math.round(now - steady.momentOf(last.arrivedAt))),
        }),
      decision,
    });
    this.#reportCheckpoint();
  }

  /** How many records at the front the stream holds no more; 0 where it cannot tell. */
  async #trimmedOf(records: readonly StreamRecord[]): Promise<number> {
    const { reader, shardId, log } = this.#options;
    const [first] = records;
    if (first === undefined) return 0;
    let page: ShardPage;
    try {
      page = await reader.read(shardId, { type: 'AT_SEQUENCE_NUMBER', sequenceNumber: first.sequenceNumber }, 1);
    } catch (error) {
      log.warn({ shardId, err: error }, 'nobody could tell whether the stream still holds what is to be retried');
      return 0;
    }
    const [oldest] = page.records;
    // An empty page at the tip has nothing behind it; in front of the tip it may be one of Kinesis's gaps.
    if (oldest === undefined) return page.expired === true || page.millisBehindLatest === 0 ? records.length : 0;
    const held = records.findIndex(
      ({ sequenceNumber }) => compareSequenceNumbers(sequenceNumber, oldest.sequenceNumber) >= 0,
    );
    return held === -1 ? records.length : held;
  }

  #skip(lane: number, trimmed: number): void {
    const { shardId, steady, log, onTrimmed } = this.#options;
    this.#consumer.trimmed(lane, trimmed, steady.now());
    log.error(
      { shardId, trimmed },
      'records expired in the stream while they were retried: this consumer has lost them, as on Lambda, which does not send them to the failure destination either. Set maximumRecordAgeInSeconds below the retention of the stream to keep them',
    );
    onTrimmed(trimmed);
    this.#reportCheckpoint();
  }

  #eventOf(records: readonly StreamRecord[], window: WindowProperties | undefined) {
    const { source, shardId } = this.#options;
    return window === undefined
      ? toKinesisEvent(records, source)
      : toTumblingWindowEvent(records, source, shardId, window);
  }

  #checkState(outcome: InvocationOutcome): void {
    if (outcome.type !== 'response' || stateOf(outcome.payload) !== undefined) return;
    const { shardId, log } = this.#options;
    log.error(
      { shardId, requestId: outcome.requestId },
      'the response has no state, so the invocation failed: with tumbling windows a function returns {"state": {…}}, at most 6 MB',
    );
  }

  #reportCheckpoint(): void {
    this.#options.onCheckpoint(this.checkpoint);
  }

  async #call(event: unknown): Promise<InvocationOutcome> {
    const { shardId, log } = this.#options;
    try {
      const { requestId, functionError, payload } = await this.#options.function.invoke(event);
      if (functionError === undefined) return { type: 'response', payload, requestId };
      log.error({ shardId, requestId, response: payload }, 'the function failed');
      return { type: 'function-error', requestId };
    } catch (error) {
      log.error({ shardId, err: error }, 'the function could not be run, to be retried');
      return { type: 'not-invoked' };
    }
  }

  async #giveUp(command: GiveUp): Promise<void> {
    const { mappingId, functionArn, source, failures, clock, steady, log, shardId } = this.#options;
    const batch = {
      records: command.records,
      condition: command.condition,
      attempts: command.attempts,
      functionArn,
      streamArn: source.streamArn,
      ownRequestId: randomUUID(),
      givenUpAt: clock.now(),
      payload: JSON.stringify(this.#eventOf(command.records, command.window)),
    };
    const key = failureKey(mappingId, batch, randomUUID());
    try {
      await failures.put(key, Buffer.from(JSON.stringify(failureRecord(batch))));
    } catch (error) {
      log.error(
        { shardId, err: error },
        'the failure destination did not take what was given up; it is tried again, and the shard waits for it. Lambda would drop these records',
      );
      this.#consumer.givenUp(command.lane, false, steady.now());
      this.#options.onDeliveryFailed();
      return;
    }
    log.error({ shardId, key, condition: command.condition, records: command.records.length }, 'gave up records');
    this.#consumer.givenUp(command.lane, true, steady.now());
    this.#options.onGivenUp({
      shardId,
      lane: command.lane,
      key,
      condition: command.condition,
      firstSequenceNumber: command.records[0]?.sequenceNumber ?? '',
      records: command.records.length,
    });
    this.#reportCheckpoint();
  }
}
