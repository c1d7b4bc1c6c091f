/**
 * Puts the events of one call so that those of a partition key keep their order whatever fails (docs/adr/0004). The
 * events of a key wait in a lane, and only the first of a lane is ever in a request. Requests take the lanes that are
 * ready, as many as fit; a lane is ready again when its event was taken, or after a pause when it failed.
 */
import type { PutOutcome, StreamEvent } from '../../core/ports.ts';
import { streamEventBytes, streamEventProblem } from '../../core/stream-event.ts';
import type { Backoff, RemainingMillis } from './backoff.ts';
import { MAX_RECORDS, MAX_REQUEST_BYTES } from './kinesis-limits.ts';

const MAX_REQUESTS_IN_FLIGHT = 4;

/** What became of an event in one request. */
export interface Try {
  readonly outcome: PutOutcome;
  /** It was not taken, but may be if it is put again. */
  readonly retry: boolean;
}

export interface OrderedPutOptions {
  readonly events: readonly StreamEvent[];
  /** One request: answers, without throwing, one try per event, in the order given. */
  readonly send: (events: readonly StreamEvent[], remaining: RemainingMillis) => Promise<readonly Try[]>;
  readonly backoff: Backoff;
  /** Limits retries: every event is tried once, unless one of its key that came before was given up. */
  readonly remaining: RemainingMillis | undefined;
  /** Without that limit: how long nothing may be taken before the rest is given up. A first try may take that long. */
  readonly patienceMillis: number;
  /** The largest data and partition key together that the stream takes. */
  readonly maxRecordBytes: number;
}

interface Lane {
  /** Where the events of the key are in the call. */
  readonly indexes: number[];
  /** How many of them have their outcome. */
  done: number;
  /** How often the next one was tried in vain. */
  failures: number;
}

interface Failure {
  readonly lane: Lane;
  readonly outcome: PutOutcome;
}

export class OrderedPut {
  readonly #options: OrderedPutOptions;
  readonly #outcomes: PutOutcome[] = [];
  readonly #ready: Lane[];
  /** Requests and pauses. */
  readonly #running = new Set<Promise<void>>();
  #requestsInFlight = 0;
  /** What is left of the patience since an event was taken. */
  #patience: RemainingMillis;

  constructor(options: OrderedPutOptions) {
    this.#options = options;
    this.#patience = this.#fullPatience();
    const lanes = new Map<string, Lane>();
    options.events.forEach((event, index) => {
      const { partitionKey } = event;
      const problem = streamEventProblem(event, options.maxRecordBytes);
      const lane = lanes.get(partitionKey);
      if (problem !== undefined) {
        this.#outcomes[index] = { taken: false, code: 'ValidationException', message: problem, permanent: true };
      } else if (lane === undefined) lanes.set(partitionKey, { indexes: [index], done: 0, failures: 0 });
      else lane.indexes.push(index);
    });
    this.#ready = [...lanes.values()];
  }

  /** One outcome per event, in the order given. */
  async run(): Promise<readonly PutOutcome[]> {
    for (;;) {
      while (this.#ready.length > 0 && this.#requestsInFlight < MAX_REQUESTS_IN_FLIGHT) this.#start(this.#request());
      if (this.#running.size === 0) return this.#outcomes;
      await Promise.race(this.#running);
    }
  }

  #start(work: Promise<void>): void {
    const running = work.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #request(): Promise<void> {
    const heads = this.#takeHeads();
    this.#requestsInFlight += 1;
    const tries = await this.#options.send(
      heads.map(({ event }) => event),
      heads.some(({ lane }) => lane.failures === 0) ? this.#fullPatience() : this.#remaining,
    );
    this.#requestsInFlight -= 1;

    const failures: Failure[] = [];
    heads.forEach(({ lane, index }, position) => {
      const { outcome, retry } = tries[position] ?? missing();
      if (outcome.taken) {
        this.#outcomes[index] = outcome;
        lane.done += 1;
        lane.failures = 0;
        if (lane.done < lane.indexes.length) this.#ready.push(lane);
      } else if (retry) failures.push({ lane, outcome });
      else this.#giveUp({ lane, outcome });
    });
    if (tries.some(({ outcome }) => outcome.taken)) this.#patience = this.#fullPatience();
    if (failures.length > 0) this.#start(this.#retry(failures));
  }

  /** The next event of each ready lane, in the order in which the lanes became ready, as far as the limits allow. */
  #takeHeads(): readonly { readonly lane: Lane; readonly index: number; readonly event: StreamEvent }[] {
    const heads = [];
    let bytes = 0;
    for (const lane of this.#ready) {
      const index = lane.indexes[lane.done] ?? missing();
      const event = this.#options.events[index] ?? missing();
      bytes += streamEventBytes(event);
      if (heads.length === MAX_RECORDS || (heads.length > 0 && bytes > MAX_REQUEST_BYTES)) break;
      heads.push({ lane, index, event });
    }
    this.#ready.splice(0, heads.length);
    return heads;
  }

  async #retry(failures: readonly Failure[]): Promise<void> {
    for (const { lane } of failures) lane.failures += 1;
    const most = Math.max(...failures.map(({ lane }) => lane.failures));
    if (await this.#options.backoff.pause(most, this.#remaining)) {
      this.#ready.push(...failures.map(({ lane }) => lane));
    } else failures.forEach((failure) => this.#giveUp(failure));
  }

  /** The rest of the lane shares the outcome, untried: it would overtake this event when the caller puts it again. */
  #giveUp({ lane, outcome }: Failure): void {
    const [first, ...rest] = lane.indexes.slice(lane.done);
    if (first !== undefined) this.#outcomes[first] = outcome;
    if (outcome.taken) return;
    const { code, message } = outcome;
    for (const index of rest) this.#outcomes[index] = { taken: false, code, message };
  }

  get #remaining(): RemainingMillis {
    return this.#options.remaining ?? this.#patience;
  }

  #fullPatience(): RemainingMillis {
    return this.#options.backoff.countDown(this.#options.patienceMillis);
  }
}

function missing(): never {
  throw new Error('a lane that was ready had no event, or a request left an event without a try');
}
