import type { Timer } from '../../../local-server/simulator/timer.ts';

/** Time that passes only while someone sleeps, and then at once. */
export class VirtualTimer implements Timer {
  readonly slept: number[] = [];
  #now = 0;
  readonly #onSleep: (now: number) => void;

  /** @param onSleep Told the time at which each sleep ends. */
  constructor(onSleep: (now: number) => void = () => undefined) {
    this.#onSleep = onSleep;
  }

  now(): number {
    return this.#now;
  }

  async sleep(millis: number): Promise<void> {
    this.slept.push(millis);
    this.#now += millis;
    this.#onSleep(this.#now);
  }
}
