/**
 * What is wrong with the server at the moment, for `/ready`, `/pipeline` and the log. A problem that lasts is logged once
 * when it begins and once when it is over, however often it is met; every time is counted.
 */
import type { Logger } from '../../handlers/logger.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import { failureKind } from './failure-kind.ts';

export interface Problem {
  /** What has it, for instance `archive` or `checkpoints`. */
  readonly what: string;
  /** A sentence. */
  readonly message: string;
  /** UTC ISO 8601. */
  readonly since: string;
  /** How often it was met since then. */
  readonly count: number;
}

interface Entry extends Problem {
  readonly kind: string;
}

export class Problems {
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  #total = 0;

  constructor(log: Logger, now: () => number = () => Date.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** How many times any problem was met. */
  get total(): number {
    return this.#total;
  }

  met(what: string, error: unknown): void {
    this.#total += 1;
    const message = error instanceof Error ? error.message : String(error);
    const kind = failureKind(message);
    const known = this.#entries.get(what);
    if (known?.kind !== kind) this.#log.error({ what, err: error }, `${what}: ${message}`);
    this.#entries.set(what, {
      what,
      message,
      kind,
      since: known?.since ?? formatTimestamp(this.#now()),
      count: (known?.count ?? 0) + 1,
    });
  }

  over(what: string): void {
    const known = this.#entries.get(what);
    if (known === undefined) return;
    this.#entries.delete(what);
    this.#log.warn({ what, since: known.since, count: known.count }, `${what}: works again`);
  }

  list(): readonly Problem[] {
    return Array.from(this.#entries.values(), ({ what, message, since, count }) => ({ what, message, since, count }));
  }
}
