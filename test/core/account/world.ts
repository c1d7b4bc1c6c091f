/**
 * A stream, its producers and its two consumers as far as the account sees them, driven step by step, with losses put in on
 * purpose. It knows the truth; the account is only told what it would be told.
 */
import { Account } from '../../../core/account/account.ts';
import { type Side, sides } from '../../../core/account/fate.ts';

export interface Step {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
}

interface Shard {
  readonly id: string;
  readonly records: string[];
  closed: boolean;
  /** Of each consumer: index of the next record to read, of the first that is not done, behind all that was ever read; and what
   * was read and is not done.
   */
  readonly consumers: Readonly<Record<Side, { next: number; done: number; queue: number[]; seen: number }>>;
}

const VISIBLE_MILLIS = 10_000;

export class World {
  now = 0;
  readonly account: Account;
  readonly shards: Shard[] = [];
  /** `side shard sequenceNumber` of what a consumer's store has. */
  readonly settled = new Set<string>();
  /** `shard sequenceNumber` of what anybody told the account of. */
  readonly heardOf = new Set<string>();
  injected = 0;
  /** What one consumer was never given: nobody can miss what was not accepted and what both were not given. */
  readonly #skipped = new Set<string>();
  readonly #pending: (() => void)[] = [];
  readonly #length: number;
  #counter = 0;

  /** @param digits Of sequence numbers. */
  constructor(digits: number, account?: Account) {
    this.#length = digits;
    this.account = account ?? new Account({ monotonic: () => this.now, visibleAfterMillis: VISIBLE_MILLIS });
    this.#open();
    this.#open();
  }

  step({ kind, a, b }: Step, inject: boolean): void {
    this.now += b % 700;
    const shard = this.shards[a % this.shards.length]!;
    const side: Side = b % 2 === 0 ? 'archive' : 'store';
    const steps: (() => void)[] = [
      () => this.put(shard, 1 + (b % 5), a % 3, inject && b % 3 === 0),
      () => this.put(shard, 1 + (b % 5), a % 3, false),
      () => this.read(side, shard, 1 + (a % 6), inject && b % 3 === 0),
      () => this.read(side, shard, 1 + (a % 6), false),
      () => this.invoke(side, shard, 1 + (a % 4), b % 6, inject && a % 3 === 0),
      () => this.invoke(side, shard, 1 + (a % 4), 0, false),
      () => this.answer(),
      () => this.restart(side, shard),
      () => a % 4 === 0 && this.split(shard),
      () => (this.now += 20_000),
    ];
    steps[kind % steps.length]!();
  }

  /** Producers have their answers, consumers have come to the end, and have looked once more after that. */
  finish(): void {
    while (this.#pending.length > 0) this.answer();
    for (let round = 0; round < 2; round += 1) {
      for (const shard of this.shards) {
        for (const side of sides) {
          do this.read(side, shard, 10_000, false);
          while (shard.consumers[side].next < shard.records.length);
          this.invoke(side, shard, 10_000, 0, false);
        }
      }
      this.now += VISIBLE_MILLIS + 1;
    }
  }

  /** `side shard sequenceNumber` of what the account heard of and a consumer's store does not have. */
  missing(): string[] {
    return [...this.heardOf]
      .flatMap((id) => sides.map((side) => `${side} ${id}`))
      .filter((id) => !this.settled.has(id))
      .sort();
  }

  /** What the account calls lost. */
  lost(): string[] {
    return this.account
      .standing()
      .lost.flatMap(({ side, positions }) =>
        positions.map(({ shardId, sequenceNumber }) => `${side} ${shardId} ${sequenceNumber}`),
      )
      .sort();
  }

  /** @param answer 0: at once, 1: later, 2: never. */
  put(shard: Shard, count: number, answer: number, swallow: boolean): void {
    if (shard.closed) return;
    const put = this.account.putBegins();
    const numbers = Array.from({ length: count }, () => this.#nextNumber());
    // Who swallows a put says that it took it.
    const swallowed = swallow && answer !== 2 ? numbers.at(-1) : undefined;
    if (swallowed !== undefined) this.injected += 1;
    shard.records.push(...numbers.filter((number) => number !== swallowed));
    const tell = () => {
      for (const number of answer === 2 ? [] : numbers) {
        this.account.accepted('http', shard.id, number);
        this.heardOf.add(`${shard.id} ${number}`);
      }
      this.account.putEnded(put);
    };
    if (answer === 0) tell();
    else this.#pending.push(tell);
  }

  answer(): void {
    this.#pending.shift()?.();
  }

  read(side: Side, shard: Shard, limit: number, skip: boolean): void {
    const consumer = shard.consumers[side];
    const start = consumer.next;
    const end = Math.min(start + limit, shard.records.length);
    const indexes = Array.from({ length: end - start }, (_, at) => start + at);
    const middle = indexes[indexes.length >> 1];
    // One that was read before, and is not when it is read again at the end of the shard, stays pending: that is true, too.
    const isNew = middle !== undefined && middle >= consumer.seen;
    consumer.seen = Math.max(consumer.seen, end);
    if (skip && indexes.length > 1 && isNew && !this.#skipped.has(`${shard.id} ${middle}`)) {
      indexes.splice(indexes.length >> 1, 1);
      this.#skipped.add(`${shard.id} ${middle}`);
      this.injected += 1;
    }
    consumer.next = end;
    consumer.queue.push(...indexes);
    for (const index of indexes) this.heardOf.add(`${shard.id} ${shard.records[index]!}`);
    const before = shard.records[start - 1];
    this.account.read(side, shard.id, {
      records: indexes.map((index) => ({ sequenceNumber: shard.records[index]! })),
      position:
        before === undefined ? { type: 'TRIM_HORIZON' } : { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: before },
      trimmed: 0,
      atTip: end === shard.records.length,
      endOfShard: end === shard.records.length && shard.closed,
      startedAt: this.now,
    });
  }

  /** @param outcome 0, 1: success; 2: partial; 3: the batch fails; 4: given up; 5: the store has some, and the batch fails. */
  invoke(side: Side, shard: Shard, batch: number, outcome: number, drop: boolean): void {
    const consumer = shard.consumers[side];
    const indexes = consumer.queue.slice(0, batch);
    if (indexes.length === 0 || outcome === 3) return;
    const settle = (index: number, fate: 'archived' | 'stored' | 'quarantined' | 'replaced' | 'given up') => {
      const sequenceNumber = shard.records[index]!;
      this.account.settled(side, fate, shard.id, [{ sequenceNumber }]);
      this.settled.add(`${side} ${shard.id} ${sequenceNumber}`);
    };
    const failedFrom = outcome === 2 ? Math.ceil(indexes.length / 2) : outcome === 5 ? 0 : indexes.length;
    const dropped = drop ? Math.floor(failedFrom / 2) : -1;
    indexes.forEach((index, at) => {
      if (at === dropped && at < failedFrom) {
        this.injected += 1;
        return;
      }
      if (at >= failedFrom && index % 2 === 0) return; // What is behind the failure may be kept too.
      if (outcome === 4) settle(index, 'given up');
      else if (side === 'archive') settle(index, 'archived');
      else settle(index, index % 3 === 0 ? 'quarantined' : index % 5 === 0 ? 'replaced' : 'stored');
    });
    consumer.queue.splice(0, failedFrom);
    const last = indexes[failedFrom - 1];
    if (last === undefined) return;
    consumer.done = last + 1;
    this.account.passed(side, shard.id, shard.records[last]!);
  }

  /** Reads again from the checkpoint. */
  restart(side: Side, shard: Shard): void {
    const consumer = shard.consumers[side];
    consumer.next = consumer.done;
    consumer.queue.length = 0;
  }

  split(shard: Shard): void {
    if (shard.closed || this.shards.length > 8) return;
    shard.closed = true;
    this.#open();
    this.#open();
  }

  #open(): void {
    const consumer = () => ({ next: 0, done: 0, queue: [], seen: 0 });
    this.shards.push({
      id: `shardId-${this.shards.length}`,
      records: [],
      closed: false,
      consumers: { archive: consumer(), store: consumer() },
    });
  }

  #nextNumber(): string {
    this.#counter += 1;
    return this.#length === 1 ? String(this.#counter) : `49${String(this.#counter).padStart(this.#length - 2, '0')}`;
  }
}
