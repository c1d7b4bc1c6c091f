/** Readings of a request that a later one of it replaces: it has the same sensor and time, and another value. */
import type { Candidate } from '../../core/put-readings.ts';
import type { SensorReading } from '../../core/reading.ts';
import { saysNoTime } from '../../core/reading-key.ts';

/** A body of 64 MiB has two million short readings; the places of so many take some 15 MiB. */
const MAX_COMPARED = 100_000;

export class Replacements {
  readonly #values = new Map<string, number>();
  #count = 0;

  /** @param accepted In the order in which the stream has them. */
  add({ result, decoded }: Candidate): void {
    for (const part of decoded?.parts ?? [result]) if (part.ok) this.#addReading(part.reading);
  }

  /** How many are replaced, of the first 100,000 places. */
  get count(): number {
    return this.#count;
  }

  #addReading(reading: SensorReading): void {
    if (saysNoTime(reading)) return;
    const { sensorId, timestamp, value } = reading;
    const key = `${timestamp} ${sensorId}`;
    const earlier = this.#values.get(key);
    if (earlier !== undefined && earlier !== value) this.#count += 1;
    if (earlier !== undefined || this.#values.size < MAX_COMPARED) this.#values.set(key, value);
  }
}
