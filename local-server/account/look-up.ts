/** Whether the archive, the table and the quarantine have a record as its client sent it. */
import { isDeepStrictEqual } from 'node:util';
import type { Finding, Sample } from '../../core/account/samples.ts';
import { parseArchiveLine } from '../../core/archive-line.ts';
import type {
  Compression,
  EpochMillis,
  EventArchive,
  Quarantine,
  SensorDataTable,
  StoredReading,
} from '../../core/ports.ts';
import { formatQuarantineKey } from '../../core/quarantine-key.ts';
import { placeOf, readingKey } from '../../core/reading-key.ts';
import { compareSequenceNumbers } from '../../core/sequence-number.ts';

/** The stores themselves, without the faults of the lab. Where one cannot be asked, a look throws what it throws. */
export interface LookedUpStores {
  readonly archive: Pick<EventArchive, 'get'>;
  readonly table: Pick<SensorDataTable, 'query'>;
  readonly quarantine: Pick<Quarantine, 'list'>;
  readonly compression: Pick<Compression, 'decompress'>;
}

/** What `StoreReadings` made of a record. */
export interface StorePlace {
  readonly readings: readonly StoredReading[];
  readonly isQuarantined: boolean;
  readonly arrivedAt: EpochMillis;
}

/** A batch of Lambda has 6 MB, and its lines have hardly more. */
const MOST_OBJECT_BYTES = 64 * 1_048_576;
const PAGE = 1_000;
const MOST_PAGES = 5;

/** Looks into one object for all of the samples. */
export async function lookInArchive(
  { archive, compression }: LookedUpStores,
  key: string,
  samples: readonly Sample[],
): Promise<ReadonlyMap<Sample, Finding>> {
  const object = await archive.get(key);
  const text = object && Buffer.from(await compression.decompress(object, MOST_OBJECT_BYTES)).toString();
  const lines = text?.split('\n') ?? [];
  return new Map(samples.map((sample) => [sample, inLines(lines, sample)]));
}

function inLines(lines: readonly string[], sample: Sample): Finding {
  // The number comes first in a line (`core/archive-line.ts`).
  const line = lines.find((each) => each.startsWith(`{"sequenceNumber":"${sample.sequenceNumber}",`));
  if (line === undefined) return 'missing';
  return isSame(line, sample) ? 'same' : 'differs';
}

/** Whether the line has what was sent. JSON may be written in another way: line breaks become spaces. */
function isSame(text: string, { shardId, partitionKey, data }: Sample): boolean {
  const line = parseArchiveLine(text);
  if (line.shardId !== shardId || line.partitionKey !== partitionKey) return false;
  if (line.raw !== undefined) return Buffer.compare(Buffer.from(line.raw, 'base64'), data) === 0;
  return isDeepStrictEqual(line.data, JSON.parse(new TextDecoder().decode(data)));
}

export async function lookInStore(stores: LookedUpStores, sample: Sample, place: StorePlace): Promise<Finding> {
  for (const reading of place.readings) {
    const finding = await inTable(stores.table, reading);
    if (finding !== 'same') return finding;
  }
  return place.isQuarantined ? inQuarantine(stores.quarantine, sample, place.arrivedAt) : 'same';
}

async function inTable(table: LookedUpStores['table'], reading: StoredReading): Promise<Finding> {
  const { sensorId, timestamp } = reading;
  const key = readingKey(reading);
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { readings, more } = await table.query({
      ...{ sensorId, from: timestamp, to: timestamp, order: 'asc', limit: PAGE },
      ...(after !== undefined && { after }),
    });
    const found = readings.find((each) => readingKey(each) === key);
    if (found !== undefined) {
      const isLater = compareSequenceNumbers(found.sequenceNumber, reading.sequenceNumber) > 0;
      return isLater || found.value === reading.value ? 'same' : 'differs';
    }
    const last = readings.at(-1);
    if (!more || last === undefined) return 'missing';
    after = placeOf(last);
  }
  throw new Error(`the table has over ${PAGE * MOST_PAGES} readings of ${sensorId} at ${timestamp}`);
}

async function inQuarantine(quarantine: LookedUpStores['quarantine'], sample: Sample, arrivedAt: EpochMillis) {
  const key = formatQuarantineKey({ ...sample, arrivedAt });
  const { records } = await quarantine.list({ after: key.slice(0, -'.json'.length), limit: 1 });
  const found = records.find(({ record }) => formatQuarantineKey(record) === key);
  if (found === undefined) return 'missing';
  return Buffer.compare(found.record.data, sample.data) === 0 ? 'same' : 'differs';
}
