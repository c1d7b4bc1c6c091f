/**
 * Which records of a Kinesis stream a mapping hands to its function ("Control which events Lambda sends to your function"
 * and "Using event filtering with a Kinesis event source", LDG): those that one of the filters lets through. The others
 * are done as soon as they are read.
 *
 * A pattern looks into `data`, which must be JSON: data that is not is let through by no pattern that looks there.
 * It may also look at the record's own keys, as the guide of 2022 shows for `partitionKey`. The guide of today says that
 * Kinesis mappings "only support filtering on the data key": try such a filter on AWS before you rely on it.
 */
import { InvalidRequest } from '../errors.ts';
import type { StreamRecord } from '../ports.ts';
import { compileEventPattern, type EventPattern } from './event-pattern.ts';

/** As in the Lambda API; each pattern is JSON as text. */
export interface FilterCriteria {
  readonly filters: readonly { readonly pattern: string }[];
}

/** Whether a record goes to the function. */
export type RecordFilter = (record: StreamRecord) => boolean;

/** Five, or ten where the account's quota was raised (LDG). */
const MAX_FILTERS = 10;
const MAX_PATTERN_CHARACTERS = 4_096;

/** The keys of a Kinesis record as an event has them. */
const metadataKeys = ['partitionKey', 'sequenceNumber', 'approximateArrivalTimestamp', 'kinesisSchemaVersion'];
const keys = new Set(['data', ...metadataKeys]);

interface Filter {
  readonly matches: EventPattern;
  readonly looksIntoData: boolean;
}

/** Without filters every record goes through. @throws InvalidRequest for what CreateEventSourceMapping refuses. */
export function compileFilterCriteria(criteria: FilterCriteria): RecordFilter {
  const { filters } = criteria;
  if (filters.length > MAX_FILTERS) {
    throw new InvalidRequest('filterCriteria.filters', `has ${filters.length}, but at most ${MAX_FILTERS} are allowed`);
  }
  const compiled = filters.map(({ pattern }, index) =>
    compileFilter(pattern, `filterCriteria.filters[${index}].pattern`),
  );
  if (compiled.length === 0) return () => true;
  const readsData = compiled.some(({ looksIntoData }) => looksIntoData);
  return (record) => {
    const event = eventOf(record, readsData);
    try {
      return compiled.some(({ matches, looksIntoData }) => (!looksIntoData || 'data' in event) && matches(event));
    } catch (error) {
      // Chosen: arrays that are nested deeper than the call stack hold nothing that a pattern can name.
      if (error instanceof RangeError) return false;
      throw error;
    }
  };
}

function compileFilter(pattern: string, field: string): Filter {
  if (pattern.length > MAX_PATTERN_CHARACTERS) {
    throw new InvalidRequest(
      field,
      `has ${pattern.length} characters, but at most ${MAX_PATTERN_CHARACTERS} are allowed`,
    );
  }
  const parsed = parsePattern(pattern, field);
  let matches: EventPattern;
  try {
    matches = compileEventPattern(parsed);
  } catch (error) {
    if (error instanceof InvalidRequest) throw new InvalidRequest(field, error.message, { cause: error });
    throw error;
  }
  return { matches, looksIntoData: checkKeys(parsed as object, field) };
}

function parsePattern(pattern: string, field: string): unknown {
  try {
    return JSON.parse(pattern);
  } catch (error) {
    throw new InvalidRequest(field, `is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** Whether the pattern looks into `data`. @throws InvalidRequest where it names what no record has. */
function checkKeys(pattern: object, field: string): boolean {
  let looksIntoData = false;
  for (const [name, value] of Object.entries(pattern)) {
    if (name === '$or') {
      for (const choice of value as object[]) looksIntoData = checkKeys(choice, field) || looksIntoData;
      continue;
    }
    const [key = ''] = name.split('.');
    if (!keys.has(key)) {
      // AWS takes such a pattern, and then no record ever matches it.
      throw new InvalidRequest(
        field,
        `$.${name}: a Kinesis record has no ${key}. What the payload says is under data: {"data": {"${key}": …}}. ` +
          `The other keys are ${metadataKeys.join(', ')}`,
      );
    }
    if (name === 'data' && Array.isArray(value)) {
      throw new InvalidRequest(field, '$.data: must be an object with conditions on the JSON of the payload');
    }
    if (key === 'data') looksIntoData = true;
  }
  return looksIntoData;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The record as patterns see it; without `data` where the payload is not JSON or nothing looks at it. */
function eventOf({ partitionKey, sequenceNumber, arrivedAt, data }: StreamRecord, readsData: boolean): object {
  const metadata = {
    kinesisSchemaVersion: '1.0',
    partitionKey,
    sequenceNumber,
    approximateArrivalTimestamp: arrivedAt / 1_000,
  };
  if (!readsData) return metadata;
  try {
    return { ...metadata, data: JSON.parse(utf8.decode(data)) as unknown };
  } catch {
    return metadata;
  }
}
