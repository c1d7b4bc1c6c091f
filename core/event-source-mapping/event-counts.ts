/**
 * Lambda's EventCount metrics of one event source mapping, under its names ("Types of metrics for Lambda functions", Event source
 * mapping metrics). All count records. They only grow; a record that is delivered again, after a restart or while it is
 * retried, is counted again, as with Lambda.
 *
 * As long as nothing is read a second time: polled = filtered out + (invoked - failed) + delivered to the destination + expired in
 * the stream while they were retried + still waiting or in flight.
 */
export interface EventCountMetrics {
  /** Read from the stream. */
  readonly PolledEventCount: number;
  /** Let through by no filter. */
  readonly FilteredOutEventCount: number;
  /** Handed to the function, once for each try, also where it was throttled. */
  readonly InvokedEventCount: number;
  /**
   * Of these, the ones that were not done by that try. A function error counts all records of its batch (seen on AWS with a
   * DynamoDB stream). Chosen, as no number is documented for partial responses: the records from the first reported one on, as
   * only they are tried again.
   */
  readonly FailedInvokeEventCount: number;
  /** Given up and kept nowhere. It stays 0 here: the failure destination is tried until it takes the records. */
  readonly DroppedEventCount: number;
  /** Kept by the failure destination. */
  readonly OnFailureDestinationDeliveredEventCount: number;
}

export class EventCounts {
  #polled = 0;
  #filteredOut = 0;
  #invoked = 0;
  #failed = 0;
  #delivered = 0;

  polled(records: number, filteredOut: number): void {
    this.#polled += records;
    this.#filteredOut += filteredOut;
  }

  /** @param done How many of the records are not tried again. */
  invoked(records: number, done: number): void {
    this.#invoked += records;
    this.#failed += records - done;
  }

  delivered(records: number): void {
    this.#delivered += records;
  }

  get metrics(): EventCountMetrics {
    return {
      PolledEventCount: this.#polled,
      FilteredOutEventCount: this.#filteredOut,
      InvokedEventCount: this.#invoked,
      FailedInvokeEventCount: this.#failed,
      DroppedEventCount: 0,
      OnFailureDestinationDeliveredEventCount: this.#delivered,
    };
  }
}
