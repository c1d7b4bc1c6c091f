/**
 * The faults that are at work: how often each has struck, and when it ends. Only bookkeeping; `faulty-ports.ts` and
 * `faulty-handlers.ts` do the harm.
 */
import { InvalidRequest } from '../../core/errors.ts';
import type { Clock, EpochMillis, SteadyClock } from '../../core/ports.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import type { Consumer, FaultName, FaultTarget } from './catalogue.ts';

export interface FaultOrder {
  readonly target: FaultTarget;
  readonly fault: FaultName;
  /** How often it strikes; without an end until it is removed. */
  readonly count?: number;
  /** How long it strikes. */
  readonly seconds?: number;
  /** For what is slow; 2,000 if not given. */
  readonly delayMillis?: number;
  /** For a poison record: the function that throws, and the record's bytes as base64. */
  readonly poison?: { readonly function: Consumer; readonly data: string };
}

/** What a strike says to the one that it hits. */
export interface Strike {
  /** How many of those that could be hit are, from 1. */
  readonly times: number;
  readonly delayMillis: number;
  /** Aborts when the fault is removed or its time is over: what waits need not wait on. */
  readonly over: AbortSignal;
}

/** As people see it. */
export interface ActiveFault {
  readonly id: string;
  readonly target: FaultTarget;
  readonly fault: FaultName;
  readonly struck: number;
  /** Strikes that are left. */
  readonly remaining?: number;
  readonly endsAt?: string;
  readonly secondsLeft?: number;
  readonly delayMillis?: number;
  readonly function?: Consumer;
}

interface Fault {
  readonly id: string;
  readonly order: FaultOrder;
  readonly endsAt: EpochMillis;
  readonly over: AbortController;
  struck: number;
}

interface StrikeOptions {
  /** How many could be hit: the records of a call. */
  readonly most?: number;
  /** Only faults that are meant for this batch. */
  readonly when?: (order: FaultOrder) => boolean;
}

const DELAY_MILLIS = 2_000;
/** Each strike looks through all of them. A person has a few; a script that removes none would fill the memory. */
export const MAX_ACTIVE_FAULTS = 100;

export class Faults {
  readonly #clock: Clock;
  readonly #steady: SteadyClock;
  readonly #active = new Map<string, Fault>();
  #lastId = 0;
  #onChange: () => void = () => undefined;

  /** @param clock For people. @param steady For how long a fault lasts. */
  constructor(clock: Clock, steady: SteadyClock) {
    this.#clock = clock;
    this.#steady = steady;
  }

  /** Calls the listener whenever the list has changed. */
  observe(listener: () => void): void {
    this.#onChange = listener;
  }

  /** @throws InvalidRequest where too many are at work already. */
  add(order: FaultOrder): ActiveFault {
    this.expire();
    if (this.#active.size >= MAX_ACTIVE_FAULTS) {
      throw new InvalidRequest(
        'fault',
        `cannot be injected: ${MAX_ACTIVE_FAULTS} faults are active, and no more are possible at a time. Remove one (DELETE /lab/faults/{id}) or all (DELETE /lab/faults) first`,
      );
    }
    const id = String(++this.#lastId);
    const endsAt = order.seconds === undefined ? Infinity : this.#steady.now() + order.seconds * 1_000;
    const fault: Fault = { id, order, endsAt, over: new AbortController(), struck: 0 };
    this.#active.set(id, fault);
    this.#onChange();
    return this.#describe(fault);
  }

  /** Whether there was such a fault. */
  remove(id: string): boolean {
    const fault = this.#active.get(id);
    if (fault === undefined) return false;
    this.#end(fault);
    this.#onChange();
    return true;
  }

  clear(): void {
    for (const fault of this.#active.values()) this.#end(fault);
    this.#onChange();
  }

  list(): readonly ActiveFault[] {
    this.expire();
    return Array.from(this.#active.values(), (fault) => this.#describe(fault));
  }

  /** After how many milliseconds the next fault ends by itself. */
  nextEndIn(): number | undefined {
    const ends = Array.from(this.#active.values(), ({ endsAt }) => endsAt).filter(Number.isFinite);
    return ends.length === 0 ? undefined : Math.min(...ends) - this.#steady.now();
  }

  /** Ends what is over by the clock. */
  expire(): void {
    const now = this.#steady.now();
    const expired = [...this.#active.values()].filter(({ endsAt }) => endsAt <= now);
    for (const fault of expired) this.#end(fault);
    if (expired.length > 0) this.#onChange();
  }

  /** Whether a fault hits here and now; spends what it hits. */
  strike(target: FaultTarget, name: FaultName, { most = 1, when }: StrikeOptions = {}): Strike | undefined {
    if (this.#active.size === 0) return undefined;
    this.expire();
    for (const fault of this.#active.values()) {
      const { order } = fault;
      if (order.target !== target || order.fault !== name || when?.(order) === false) continue;
      const times = Math.min(most, (order.count ?? Infinity) - fault.struck);
      fault.struck += times;
      // One that is spent goes on for those that it has hit.
      if (fault.struck >= (order.count ?? Infinity)) this.#active.delete(fault.id);
      this.#onChange();
      return { times, delayMillis: order.delayMillis ?? DELAY_MILLIS, over: fault.over.signal };
    }
    return undefined;
  }

  #end(fault: Fault): void {
    this.#active.delete(fault.id);
    fault.over.abort();
  }

  #describe({ id, order, struck, endsAt }: Fault): ActiveFault {
    const { target, fault, count, delayMillis = DELAY_MILLIS, poison } = order;
    return {
      id,
      target,
      fault,
      struck,
      ...(count !== undefined && { remaining: count - struck }),
      ...(Number.isFinite(endsAt) && {
        endsAt: formatTimestamp(Math.round(this.#clock.now() + endsAt - this.#steady.now())),
        secondsLeft: Math.max(0, Math.ceil((endsAt - this.#steady.now()) / 1_000)),
      }),
      ...(fault === 'slow' && { delayMillis }),
      ...(poison !== undefined && { function: poison.function }),
    };
  }
}
