/**
 * The account of all traffic (`core/account/`), kept by what goes through the server: what clients were told, what the consumers read,
 * what the stores took, and where the checkpoints are. Each of these is told by a decorator of its own, and none of them knows of
 * the others. So a record that one of them forgets is missing in the account.
 */
import { Account, type Door } from '../../core/account/account.ts';
import type { Side } from '../../core/account/fate.ts';
import type { Sample } from '../../core/account/samples.ts';
import { compileFilterCriteria, type FilterCriteria } from '../../core/event-source-mapping/filter-criteria.ts';
import type { ArchiveEvents } from '../../core/archive-events.ts';
import type {
  EventArchive,
  EventStream,
  PutOutcome,
  ShardReader,
  StreamEvent,
  StreamRecord,
} from '../../core/ports.ts';
import { compareSequenceNumbers } from '../../core/sequence-number.ts';
import type { StoreOutcome, StoreReadings } from '../../core/store-readings.ts';
import { fromKinesisEvent } from '../../handlers/kinesis-records.ts';
import type { Checkpoints, ShardCheckpoint } from '../delivery/checkpoints.ts';
import type { ReadBack } from './read-back.ts';
import { ReplacedReadings } from './replaced-readings.ts';

/** Records that the failure destination has; the first ones are named. */
const MOST_GIVEN_UP = 100;

export interface GivenUpPosition {
  readonly side: Side;
  readonly shardId: string;
  readonly sequenceNumber: string;
}

export class TrafficAccount {
  readonly account = new Account({ monotonic: () => performance.now() });
  readonly replaced = new ReplacedReadings();
  readonly givenUp: GivenUpPosition[] = [];
  readonly #readBack: ReadBack;

  constructor(readBack: ReadBack) {
    this.#readBack = readBack;
  }

  /** What a door puts into the stream. */
  stream(door: Door, stream: EventStream): EventStream {
    return {
      put: async (events, options) => {
        const put = this.account.putBegins();
        try {
          const outcomes = await stream.put(events, options);
          for (const outcome of outcomes) {
            if (outcome.taken) this.account.accepted(door, outcome.shardId, outcome.sequenceNumber);
          }
          this.#readBack.accepted(takenOf(events, outcomes));
          return outcomes;
        } finally {
          this.account.putEnded(put);
        }
      },
    };
  }

  /** What a consumer reads. What its filters, which can change, leave to nobody is settled by that. */
  reader(side: Side, reader: ShardReader, filters: () => FilterCriteria | undefined): ShardReader {
    return {
      listShards: () => reader.listShards(),
      backlog: (shardId, position) => reader.backlog(shardId, position),
      read: async (shardId, position, limit) => {
        const startedAt = performance.now();
        const page = await reader.read(shardId, position, limit);
        const { records, trimmed, endOfShard, millisBehindLatest } = page;
        this.account.read(side, shardId, {
          ...{ records, position, trimmed, endOfShard, startedAt },
          atTip: millisBehindLatest === 0,
        });
        const criteria = filters();
        if (criteria !== undefined && criteria.filters.length > 0) {
          const isWanted = compileFilterCriteria(criteria);
          const unwanted = records.filter((record) => !isWanted(record));
          this.account.settled(side, 'left out', shardId, unwanted);
          this.#readBack.leftOut(side, unwanted);
        }
        return page;
      },
    };
  }

  archiveEvents(useCase: Pick<ArchiveEvents, 'archive'>): Pick<ArchiveEvents, 'archive'> {
    return {
      archive: async (records, options) => {
        const archived = await useCase.archive(records, options);
        if (archived !== undefined) {
          this.#settled('archive', 'archived', records);
          this.#readBack.archived(records, archived.key);
        }
        return archived;
      },
    };
  }

  storeReadings(useCase: Pick<StoreReadings, 'store'>): Pick<StoreReadings, 'store'> {
    return {
      store: async (records, options) => {
        const outcome = await useCase.store(records, options);
        const kept = keptOf(records, outcome);
        const { stored, quarantined, replaced } = fatesOf(kept, outcome);
        this.#settled('store', 'stored', stored);
        this.#settled('store', 'quarantined', quarantined);
        this.#settled('store', 'replaced', replaced);
        this.replaced.add(outcome.overwritten);
        this.#readBack.stored(kept, outcome);
        return outcome;
      },
    };
  }

  /** What the failure destination of a consumer takes. */
  failures(side: Side, failures: EventArchive): EventArchive {
    return {
      list: (options) => failures.list(options),
      get: (key) => failures.get(key),
      put: async (key, body, options) => {
        await failures.put(key, body, options);
        const records = recordsOf(body);
        this.#settled(side, 'given up', records);
        this.#readBack.leftOut(side, records);
        this.#readBack.failed({ key, records: records.length, arrivedAt: records.at(-1)?.arrivedAt ?? Infinity });
        for (const { shardId, sequenceNumber } of records) {
          if (this.givenUp.length < MOST_GIVEN_UP) this.givenUp.push({ side, shardId, sequenceNumber });
        }
      },
    };
  }

  /** Where a consumer stands. */
  checkpoints(side: Side, checkpoints: Checkpoints): Checkpoints {
    return {
      load: (mapping) => checkpoints.load(mapping),
      forget: (mapping, shardId) => checkpoints.forget(mapping, shardId),
      close: () => checkpoints.close(),
      save: (mapping, shardId, checkpoint: ShardCheckpoint) => {
        checkpoints.save(mapping, shardId, checkpoint);
        if (checkpoint.type === 'AFTER_SEQUENCE_NUMBER') {
          this.account.passed(side, shardId, checkpoint.sequenceNumber);
        }
      },
    };
  }

  #settled(side: Side, fate: Parameters<Account['settled']>[1], records: readonly StreamRecord[]): void {
    const [first] = records;
    if (first !== undefined) this.account.settled(side, fate, first.shardId, records);
  }
}

/** The records of a batch that are safely kept. Those from the first failure on come again. */
function keptOf(records: readonly StreamRecord[], { failure }: StoreOutcome): readonly StreamRecord[] {
  if (failure === undefined) return records;
  return records.filter(({ sequenceNumber }) => compareSequenceNumbers(sequenceNumber, failure.sequenceNumber) < 0);
}

function fatesOf(kept: readonly StreamRecord[], outcome: StoreOutcome) {
  const none: readonly StreamRecord[] = [];
  if (isOneToOne(kept, outcome)) return { stored: kept, quarantined: none, replaced: none };
  const inTable = new Set(outcome.stored.map(({ sequenceNumber }) => sequenceNumber));
  const inQuarantine = new Set(outcome.quarantined.map(({ record }) => record.sequenceNumber));
  const replacedByOther = new Set(outcome.replaced.map(({ sequenceNumber }) => sequenceNumber));
  const [stored, quarantined, replaced]: [StreamRecord[], StreamRecord[], StreamRecord[]] = [[], [], []];
  for (const record of kept) {
    const { sequenceNumber } = record;
    // Of a record with several readings, the worst that became of one.
    if (inQuarantine.has(sequenceNumber)) quarantined.push(record);
    else if (inTable.has(sequenceNumber)) stored.push(record);
    else if (replacedByOther.has(sequenceNumber)) replaced.push(record);
  }
  return { stored, quarantined, replaced };
}

/** The usual case: every record is a reading, and the table has each of them. */
function isOneToOne(kept: readonly StreamRecord[], { stored, quarantined, replaced }: StoreOutcome): boolean {
  return (
    quarantined.length === 0 &&
    replaced.length === 0 &&
    stored.length === kept.length &&
    kept.every(({ sequenceNumber }, index) => stored[index]?.sequenceNumber === sequenceNumber)
  );
}

/** What the stream took, as it was sent. */
function* takenOf(events: readonly StreamEvent[], outcomes: readonly PutOutcome[]): Iterable<Sample> {
  for (const [index, outcome] of outcomes.entries()) {
    const event = events[index];
    if (event === undefined || !outcome.taken) continue;
    const { shardId, sequenceNumber } = outcome;
    yield { shardId, sequenceNumber, partitionKey: event.partitionKey, data: event.data };
  }
}

/** The records of a failure record (`core/event-source-mapping/failure-record.ts`). */
function recordsOf(body: Uint8Array): readonly StreamRecord[] {
  const { payload } = JSON.parse(Buffer.from(body).toString()) as { readonly payload: string };
  return fromKinesisEvent(JSON.parse(payload) as Parameters<typeof fromKinesisEvent>[0]);
}
