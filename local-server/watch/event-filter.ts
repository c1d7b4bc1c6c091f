/** Which events a watcher asked for: by type, and by the sensor that they are about. */
import { InvalidRequest } from '../../core/errors.ts';
import type { Filter } from './event-log.ts';
import { eventTypes, type EventType, isEventType } from './event-types.ts';

export interface EventFilter {
  /** The same for filters that let the same through. */
  readonly key: string;
  readonly apply: Filter;
}

export interface FilterQuery {
  /** Names of types, separated by commas; all if not given. */
  readonly types?: string | readonly string[] | undefined;
  readonly sensor?: string | readonly string[] | undefined;
}

export const everything: EventFilter = { key: '', apply: ({ block }) => block };

/** The part of an event's data that is about some sensors; undefined for none. */
type Narrow = (data: never, sensors: ReadonlySet<string>) => unknown;

const narrowing: Partial<Readonly<Record<EventType, Narrow>>> = {
  stored: ({ readings }: { readings: readonly { sensorId: string }[] }, sensors) => {
    const some = readings.filter(({ sensorId }) => sensors.has(sensorId));
    return some.length === 0 ? undefined : { readings: some };
  },
  // What is not a reading has no sensor; devices put their records under the sensor's id.
  quarantined: (data: { partitionKey: string }, sensors) => (sensors.has(data.partitionKey) ? data : undefined),
};

/** @throws InvalidRequest naming the parameter that is wrong. */
export function readEventFilter(query: FilterQuery): EventFilter {
  const sensors = listOf(query.sensor);
  if (sensors?.includes('') === true) throw new InvalidRequest('sensor', 'is empty; give the id of a sensor');
  const types = readTypes(listOf(query.types));
  if (types === undefined && sensors === undefined) return everything;
  // Who asks for a sensor and no types wants what is about that sensor.
  const wanted = types ?? (Object.keys(narrowing) as EventType[]);
  return eventFilter(new Set(wanted), sensors === undefined ? undefined : new Set(sensors));
}

function readTypes(given: readonly string[] | undefined): EventType[] | undefined {
  if (given === undefined) return undefined;
  return given
    .flatMap((list) => list.split(','))
    .map((text) => {
      const type = text.trim();
      if (isEventType(type)) return type;
      throw new InvalidRequest(
        'types',
        `has '${type}', which is not a type of event; the types are ${Object.keys(eventTypes).join(', ')}`,
      );
    });
}

function eventFilter(types: ReadonlySet<EventType>, sensors: ReadonlySet<string> | undefined): EventFilter {
  const key = JSON.stringify([[...types].sort(), sensors && [...sensors].sort()]);
  const quoted = [...(sensors ?? [])].map((sensor) => JSON.stringify(sensor));
  return {
    key,
    apply({ type, block, jsonAt }) {
      if (!types.has(type)) return undefined;
      const narrow = narrowing[type];
      if (sensors === undefined || narrow === undefined) return block;
      // To look for the id is much faster than to parse all that do not have it.
      if (!quoted.some((text) => block.includes(text, jsonAt))) return undefined;
      const narrowed = narrow(JSON.parse(block.toString('utf8', jsonAt)) as never, sensors);
      if (narrowed === undefined) return undefined;
      return Buffer.concat([block.subarray(0, jsonAt), Buffer.from(`${JSON.stringify(narrowed)}\n\n`)]);
    },
  };
}

function listOf(given: string | readonly string[] | undefined): readonly string[] | undefined {
  return given === undefined || typeof given !== 'string' ? given : [given];
}
