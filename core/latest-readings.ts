/**
 * The readings of a batch, of each key the last one. Most sensors send in time order: a reading that is newer than what its
 * sensor sent before replaces none, and only for the others is it looked up. A reading that brought no time replaces none either:
 * its place in the stream is its own.
 */
import { at } from './at.ts';
import type { StoredReading } from './ports.ts';
import { placeOf, saysNoTime } from './reading-key.ts';

export class LatestReadings {
  /** Each stands where the first with its key stood. */
  readonly all: StoredReading[] = [];
  readonly #sensors = new Map<string, ReadingsOfSensor>();

  /** Adds a reading and answers with the one that it replaces. */
  add(reading: StoredReading): StoredReading | undefined {
    if (saysNoTime(reading)) {
      this.all.push(reading);
      return undefined;
    }
    const { sensorId } = reading;
    const place = placeOf(reading);
    const index = this.all.length;
    const known = this.#sensors.get(sensorId);
    if (known === undefined) {
      this.#sensors.set(sensorId, new ReadingsOfSensor(place, index));
    } else {
      const replaced = known.add(place, index, this.all);
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

/** At which indexes the readings of one sensor are. A list is made for the second, a map for the first that comes late. */
class ReadingsOfSensor {
  readonly #first: number;
  #newest: string;
  #others: number[] | undefined;
  #byPlace: Map<string, number> | undefined;

  constructor(place: string, index: number) {
    this.#newest = place;
    this.#first = index;
  }

  /** Answers with the index of the reading that has the place already; where there is none, it is that of `index`. */
  add(place: string, index: number, all: readonly StoredReading[]): number | undefined {
    // The order of places, as texts, is that of time.
    if (place > this.#newest) this.#newest = place;
    else {
      this.#byPlace ??= new Map(
        [this.#first, ...(this.#others ?? [])].map((known) => [placeOf(at(all, known)), known]),
      );
      const known = this.#byPlace.get(place);
      if (known !== undefined) return known;
    }
    if (this.#byPlace !== undefined) this.#byPlace.set(place, index);
    else if (this.#others === undefined) this.#others = [index];
    else this.#others.push(index);
    return undefined;
  }
}
