/** Values that no history has any more: a later reading of the same sensor said the same time and another value. */
import type { Overwritten } from '../../core/store-readings.ts';

export interface OverwrittenCount {
  readonly inBatch: number;
  /** Null where the table does not tell. */
  readonly inTable: number | null;
}

export class ReplacedReadings {
  #inBatch = 0;
  #inTable: number | null = 0;

  add({ inBatch, inTable }: Overwritten): void {
    this.#inBatch += inBatch;
    if (inTable === undefined) this.#inTable = null;
    else if (this.#inTable !== null) this.#inTable += inTable;
  }

  get count(): OverwrittenCount {
    return { inBatch: this.#inBatch, inTable: this.#inTable };
  }

  /** Both together; null where not all are known. */
  get total(): number | null {
    return this.#inTable === null ? null : this.#inBatch + this.#inTable;
  }
}
