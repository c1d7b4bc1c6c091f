/**
 * Wrong tokens, counted and slowed down by address. An address has ten tries, and one more every two seconds; a right token
 * gives it all of them back. The log is told of them in one line every ten seconds at most.
 */
import type { FastifyBaseLogger } from 'fastify';

const TRIES = 10;
const MILLIS_PER_TRY = 2_000;
/** What is known of more addresses is forgotten, the oldest first. */
const MOST_ADDRESSES = 1_000;
const MILLIS_PER_LINE = 10_000;

interface Account {
  /** May have a fraction. */
  readonly left: number;
  readonly at: number;
}

export class FailedAttempts {
  readonly #log: Pick<FastifyBaseLogger, 'warn'>;
  readonly #now: () => number;
  readonly #accounts = new Map<string, Account>();
  #total = 0;
  #told = { total: 0, at: -Infinity };

  /** @param now Milliseconds of a clock that nobody sets. */
  constructor(log: Pick<FastifyBaseLogger, 'warn'>, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** Since the server started. */
  get total(): number {
    return this.#total;
  }

  /** Whole seconds until the address may try again; 0 where it may now. */
  waitSeconds(address: string): number {
    const left = this.#left(address);
    return left >= 1 ? 0 : Math.ceil(((1 - left) * MILLIS_PER_TRY) / 1_000);
  }

  failed(address: string): void {
    const left = Math.max(0, this.#left(address) - 1);
    this.#accounts.delete(address); // The newest comes last.
    this.#accounts.set(address, { left, at: this.#now() });
    for (const oldest of this.#accounts.keys()) {
      if (this.#accounts.size <= MOST_ADDRESSES) break;
      this.#accounts.delete(oldest);
    }
    this.#total += 1;
    this.#tell(address);
  }

  succeeded(address: string): void {
    this.#accounts.delete(address);
  }

  #left(address: string): number {
    const account = this.#accounts.get(address);
    return account === undefined ? TRIES : Math.min(TRIES, account.left + (this.#now() - account.at) / MILLIS_PER_TRY);
  }

  #tell(address: string): void {
    const now = this.#now();
    if (now - this.#told.at < MILLIS_PER_LINE) return;
    const count = this.#total - this.#told.total;
    this.#log.warn(
      { address, count, total: this.#total },
      count === 1 ? `a wrong token from ${address}` : `${count} wrong tokens, the last from ${address}`,
    );
    this.#told = { total: this.#total, at: now };
  }
}
