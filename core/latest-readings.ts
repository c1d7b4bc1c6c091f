/**
 * The readings of a batch, of each sensor and timestamp the last one. Most sensors send in time order: a reading that is
 * newer than what its sensor sent before replaces none, and only for the others is it looked up.
 */
import type { StoredReading } from './ports.ts';

export class LatestReadings {
  /** Each stands where the first with its sensor and timestamp stood. */
  readonly all: StoredReading[] = [];
  readonly #sensors = new Map<string, ReadingsOfSensor>();

  /** Adds a reading and answers with the one that it replaces. */
  add(reading: StoredReading): StoredReading | undefined {
    const { sensorId, timestamp } = reading;
    const place = this.all.length;
    const known = this.#sensors.get(sensorId);
    if (known === undefined) {
      this.#sensors.set(sensorId, new ReadingsOfSensor(timestamp, place));
    } else {
      const replaced = known.add(timestamp, place, this.all);
      if (replaced !== undefined) {
        const earlier = this.all[replaced];
        this.all[replaced] = reading;
        return earlier;
      }
    }
    this.all.push(reading);
    return undefined;
  }
}

/** Where the readings of one sensor stand. A list is made for the second, a map for the first that comes late. */
class ReadingsOfSensor {
  readonly #first: number;
  #newest: string;
  #others: number[] | undefined;
  #byTimestamp: Map<string, number> | undefined;

  constructor(timestamp: string, place: number) {
    this.#newest = timestamp;
    this.#first = place;
  }

  /** Answers with the place of the reading that has the timestamp already; where there is none, `place` is taken. */
  add(timestamp: string, place: number, all: readonly StoredReading[]): number | undefined {
    // Timestamps have one width, so that the order of the texts is that of time.
    if (timestamp > this.#newest) this.#newest = timestamp;
    else {
      this.#byTimestamp ??= new Map(
        [this.#first, ...(this.#others ?? [])].map((known) => [all[known]?.timestamp ?? '', known]),
      );
      const known = this.#byTimestamp.get(timestamp);
      if (known !== undefined) return known;
    }
    if (this.#byTimestamp !== undefined) this.#byTimestamp.set(timestamp, place);
    else if (this.#others === undefined) this.#others = [place];
    else this.#others.push(place);
    return undefined;
  }
}
