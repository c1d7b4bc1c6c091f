/**
 * A steady clock for times that Kinesis gave. What the machine's own clock shows is no measure for them: a laptop's may be hours
 * wrong, and is set while the server runs. Each answer of Kinesis says what time it is there (`Date`, RFC 9110, in whole seconds).
 */
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { EpochMillis, SteadyClock } from '../../core/ports.ts';

/** A smaller difference comes from whole seconds and from the way of the answer. */
const TOLERANCE_MILLIS = 1_500;

export class ServiceClock implements SteadyClock {
  readonly #counter: () => number;
  readonly #offset: number;
  #aheadMillis = 0;

  /**
   * @param start What the service's clock is taken to show until the first answer: what the machine's shows.
   * @param counter Milliseconds that never jump.
   */
  constructor(start: EpochMillis, counter: () => number = () => performance.now()) {
    this.#counter = counter;
    this.#offset = start - counter();
  }

  /** Heeds each answer that the client gets, errors excepted. */
  follow(client: Pick<KinesisClient, 'middlewareStack'>): void {
    client.middlewareStack.add(
      (next) => async (request) => {
        const result = await next(request);
        const { headers } = (result.response ?? {}) as { readonly headers?: Readonly<Record<string, string>> };
        if (headers?.date !== undefined) this.heed(headers.date);
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'serviceClock', override: true },
    );
  }

  /** @param date The header of an answer. */
  heed(date: string): void {
    const shown = Date.parse(date) + 500;
    if (Number.isNaN(shown)) return;
    const aheadMillis = shown - this.now();
    if (Math.abs(aheadMillis - this.#aheadMillis) > TOLERANCE_MILLIS) this.#aheadMillis = aheadMillis;
  }

  now(): EpochMillis {
    return this.#counter() + this.#offset;
  }

  momentOf(arrivedAt: EpochMillis): EpochMillis {
    return arrivedAt - this.#aheadMillis;
  }

  stamp(): EpochMillis {
    return Math.round(this.now() + this.#aheadMillis);
  }
}
