/** One payload on its way. */
export interface Message {
  /** The device's id: decides the shard, and what keeps its order. */
  readonly partitionKey: string;
  readonly data: Uint8Array;
}

export type Outcome =
  | { readonly accepted: true; readonly shardId: string; readonly sequenceNumber: string }
  | { readonly accepted: false; readonly reason: string };

/** What one request may hold, as `core/batching.ts` takes it. */
export interface RequestLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly bytesOf: (message: Message) => number;
}

/** A way into the pipeline. */
export interface Sender {
  readonly limits: RequestLimits;
  /**
   * Sends messages that are within the limits; one outcome per message, in the order given. What may succeed later is
   * retried until the signal aborts.
   *
   * @throws SimulationFailed where the server is gone for good, or can never take this.
   * @throws Interrupted where the signal aborted while some still waited for another try.
   */
  send(messages: readonly Message[], signal: AbortSignal): Promise<readonly Outcome[]>;
}

/** Retrying was stopped: nobody knows what became of the messages that have no outcome. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** At the positions of the messages; undefined where there is none. */
  readonly outcomes: readonly (Outcome | undefined)[];

  constructor(problem: string, outcomes: readonly (Outcome | undefined)[]) {
    super(problem);
    this.outcomes = outcomes;
  }
}
