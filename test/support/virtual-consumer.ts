/**
 * One consumer of a stream under a virtual clock: it carries out what `ShardConsumer` decides, as the local server does,
 * but one effect at a time and in the order that a tape says, with invocations that fail and with crashes in between.
 */
import type { InvocationOutcome } from '../../core/event-source-mapping/decision.ts';
import { readyShards } from '../../core/event-source-mapping/ready-shards.ts';
import { type ShardCommand, ShardConsumer } from '../../core/event-source-mapping/shard-consumer.ts';
import type { TumblingWindow, WindowProperties } from '../../core/event-source-mapping/tumbling-window.ts';
import type { EventSourceMappingSettings } from '../../core/pipeline.ts';
import type { Clock, ShardPosition, ShardReader, StreamRecord } from '../../core/ports.ts';
import type { Tape } from './tape.ts';

export type Invoke = (records: readonly StreamRecord[], told: Told) => Promise<unknown>;

/** What an invocation is told besides its records. */
export interface Told {
  readonly shardId: string;
  readonly window: WindowProperties | undefined;
}

interface InFlight {
  readonly shardId: string;
  readonly consumer: ShardConsumer;
  readonly command: ShardCommand;
}

export class VirtualConsumer {
  /** What was given up, in the order in which it was. */
  readonly givenUp: StreamRecord[] = [];
  /** Invocations that closed a tumbling window, finally or early, and were taken as a success. */
  readonly closedWindows: { readonly shardId: string; readonly window: WindowProperties }[] = [];
  /** Violations of the order per partition key. */
  readonly outOfOrder: string[] = [];
  readonly #settings: EventSourceMappingSettings;
  readonly #reader: ShardReader;
  readonly #clock: Clock;
  readonly #invoke: Invoke;
  readonly #checkpoints = new Map<string, { position: ShardPosition; window: TumblingWindow | undefined }>();
  readonly #finished = new Set<string>();
  readonly #consumers = new Map<string, ShardConsumer>();
  #inFlight: InFlight[] = [];
  /** Per key, the sequence numbers that this consumer is done with. */
  readonly #done = new Map<string, Set<string>>();
  /** Per key, all records in the order in which they were put. */
  readonly #expected: (partitionKey: string) => readonly StreamRecord[];

  constructor(options: {
    settings: EventSourceMappingSettings;
    reader: ShardReader;
    clock: Clock;
    invoke: Invoke;
    expected: (partitionKey: string) => readonly StreamRecord[];
  }) {
    this.#settings = options.settings;
    this.#reader = options.reader;
    this.#clock = options.clock;
    this.#invoke = options.invoke;
    this.#expected = options.expected;
  }

  /** Hands out what is due, then ends one of the things in flight. Answers whether there was anything to do. */
  async step(tape: Tape): Promise<boolean> {
    await this.#startShards();
    for (const [shardId, consumer] of this.#consumers) {
      for (const command of consumer.next(this.#clock.now())) this.#inFlight.push({ shardId, consumer, command });
    }
    if (this.#inFlight.length === 0) return false;
    const [work] = this.#inFlight.splice(tape.choose(this.#inFlight.length), 1);
    await this.#carryOut(work!, tape);
    return true;
  }

  /** Loses everything that is not a checkpoint. What is in flight may have had its effect or not. */
  async crash(tape: Tape): Promise<void> {
    for (const { command, shardId } of this.#inFlight) {
      if (command.type !== 'invoke' || tape.choose(2) !== 1) continue;
      await this.#invoke(command.records, { shardId, window: command.window }).catch(() => undefined);
    }
    this.#inFlight = [];
    this.#consumers.clear();
  }

  /** When there is something to do again; `undefined` where nothing is left but to wait for new records. */
  async dueAt(): Promise<number | undefined> {
    const shards = await this.#reader.listShards();
    const closed = new Set(shards.flatMap(({ parentShardIds }) => parentShardIds));
    const due: number[] = [];
    for (const [shardId, consumer] of this.#consumers) {
      const behind = (await this.#reader.backlog(shardId, consumer.checkpoint)) ?? 0;
      const at = consumer.dueAt();
      // The end of a closed shard has to be read too, before its children are; an open window waits for its end.
      const waits = behind > 0 || consumer.window?.state !== undefined || (closed.has(shardId) && !consumer.finished);
      if (at !== undefined && waits) due.push(at);
    }
    const waiting = readyShards(shards, this.#finished, this.#consumers).some(
      ({ shardId }) => !this.#consumers.has(shardId),
    );
    const ended = [...this.#consumers.values()].some(({ finished }) => finished);
    if (waiting || ended || this.#inFlight.length > 0) due.push(this.#clock.now());
    return due.length === 0 ? undefined : Math.min(...due);
  }

  wake(): void {
    for (const consumer of this.#consumers.values()) consumer.wake();
  }

  async #startShards(): Promise<void> {
    for (const [shardId, consumer] of this.#consumers) {
      if (!consumer.finished) continue;
      this.#finished.add(shardId);
      this.#consumers.delete(shardId);
    }
    for (const { shardId } of readyShards(await this.#reader.listShards(), this.#finished, this.#consumers)) {
      if (this.#consumers.has(shardId)) continue;
      const { position, window } = this.#checkpoints.get(shardId) ?? { position: { type: 'TRIM_HORIZON' } };
      this.#consumers.set(shardId, new ShardConsumer(this.#settings, position, window));
    }
  }

  async #carryOut({ shardId, consumer, command }: InFlight, tape: Tape): Promise<void> {
    switch (command.type) {
      case 'read':
        if (tape.choose(8) === 1) consumer.readFailed(this.#clock.now());
        else {
          const page = await this.#reader.read(shardId, command.position, command.limit);
          consumer.read(page, this.#clock.now());
        }
        break;
      case 'invoke': {
        this.#checkOrder(command.records);
        const outcome = await this.#outcomeOf(command.records, { shardId, window: command.window }, tape);
        const { type, done } = consumer.invoked(command.lane, outcome, this.#clock.now());
        this.#markDone(command.records.slice(0, done));
        const { window, records } = command;
        if (type === 'advance' && window !== undefined && records.length === 0) {
          this.closedWindows.push({ shardId, window });
        }
        break;
      }
      case 'give-up':
        if (tape.choose(4) === 1) consumer.givenUp(command.lane, false, this.#clock.now());
        else {
          this.givenUp.push(...command.records);
          this.#markDone(command.records);
          consumer.givenUp(command.lane, true, this.#clock.now());
        }
        break;
    }
    // The checkpoint may or may not be saved before a crash.
    const { checkpoint: position, window } = consumer;
    if (tape.choose(4) !== 3) this.#checkpoints.set(shardId, { position, window });
  }

  async #outcomeOf(records: readonly StreamRecord[], told: Told, tape: Tape): Promise<InvocationOutcome> {
    const fate = tape.choose(8);
    if (fate === 1) return { type: 'not-invoked' };
    if (fate === 2) return { type: 'function-error' }; // It died before it did anything.
    try {
      const payload = await this.#invoke(records, told);
      if (fate === 3) return { type: 'function-error' }; // It did everything and then ran out of time.
      if (fate === 4) return { type: 'response', payload: { batchItemFailures: [{ id: 'misnamed' }] } };
      return { type: 'response', payload };
    } catch {
      return { type: 'function-error' };
    }
  }

  /** A record may come only when all earlier ones of its key are done or come in front of it. */
  #checkOrder(records: readonly StreamRecord[]): void {
    const here = new Map<string, Set<string>>();
    for (const { partitionKey, sequenceNumber } of records) {
      const before = here.get(partitionKey) ?? new Set(this.#done.get(partitionKey));
      const earlier = this.#expected(partitionKey);
      for (const record of earlier) {
        if (record.sequenceNumber === sequenceNumber) break;
        if (!before.has(record.sequenceNumber))
          this.outOfOrder.push(`${partitionKey}: ${sequenceNumber} came too early`);
      }
      here.set(partitionKey, before.add(sequenceNumber));
    }
  }

  #markDone(records: readonly StreamRecord[]): void {
    for (const { partitionKey, sequenceNumber } of records) {
      const done = this.#done.get(partitionKey) ?? new Set();
      this.#done.set(partitionKey, done.add(sequenceNumber));
    }
  }
}
