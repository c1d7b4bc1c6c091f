/**
 * Time for code that waits with `setTimeout` and `setImmediate`: it stands still until a test lets it pass. Between two timers
 * everything that can go on without time goes on, in the order in which it would.
 */
import { setImmediate as turn } from 'node:timers/promises';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export class VirtualTime {
  #now = 0;
  #timers: Timer[] = [];
  #immediates: (() => void)[] = [];

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.#now;
  }

  /** Replaces the timers and the monotonic clock of the process. @returns How to give them back. */
  install(): () => void {
    const { setTimeout, clearTimeout, setImmediate } = globalThis;
    const performanceNow = performance.now.bind(performance);
    const fake = {
      setTimeout: (run: (...args: unknown[]) => void, millis = 0, ...args: unknown[]) =>
        this.#add(Math.max(1, millis), () => run(...args)),
      clearTimeout: (timer: Timer | undefined) => this.#remove(timer),
      setImmediate: (run: (...args: unknown[]) => void, ...args: unknown[]) => {
        this.#immediates.push(() => run(...args));
      },
    };
    Object.assign(globalThis, fake);
    performance.now = () => this.#now;
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout, setImmediate });
      performance.now = performanceNow;
    };
  }

  /** Whatever can go on at this time goes on. */
  async settle(): Promise<void> {
    for (;;) {
      await turn(); // All promises that can be kept are kept.
      if (this.#immediates.length === 0) return;
      for (const run of this.#immediates.splice(0)) run();
    }
  }

  async pass(millis: number): Promise<void> {
    const end = this.#now + millis;
    await this.settle();
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#remove(timer);
      this.#now = timer.at;
      timer.run();
      await this.settle();
    }
    this.#now = end;
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (timer.at <= end && timer.at < (next?.at ?? Infinity)) next = timer;
    return next;
  }

  #add(millis: number, run: () => void): Timer {
    const timer = { at: this.#now + millis, run, unref: () => timer, ref: () => timer };
    this.#timers.push(timer);
    return timer;
  }

  #remove(timer: Timer | undefined): void {
    this.#timers = this.#timers.filter((each) => each !== timer);
  }
}
