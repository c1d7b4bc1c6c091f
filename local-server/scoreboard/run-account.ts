/**
 * The books of one run: which records the server accepted, and what has been found of them in the stores. Found is what
 * was read back; only what was accepted comes from the fleet. Takes about 50 bytes a record, so a run is bounded.
 */
import type { ArchiveLine } from '../../core/archive-line.ts';
import type { EpochMillis, StoredReading, StreamRecord } from '../../core/ports.ts';
import { formatQuarantineKey } from '../../core/quarantine-key.ts';
import { checkReading, type ReadingFlag } from '../../core/reading.ts';
import { compareSequenceNumbers } from '../../core/sequence-number.ts';
import { Ledger } from '../simulator/ledger.ts';
import { OrderCheck } from '../simulator/order-check.ts';
import { readStamps } from '../simulator/payload.ts';
import type { Latency } from './latency.ts';

export interface RecordId {
  readonly shardId: string;
  readonly sequenceNumber: string;
}

/** A reading of the run that is archived and was not found in the table yet. */
export interface AwaitedReading extends RecordId {
  readonly sensorId: string;
  readonly timestamp: string;
  readonly flags?: readonly ReadingFlag[];
  readonly part?: number;
}

/** Where the records of a run are. */
export interface Balance {
  readonly accepted: number;
  readonly archived: number;
  readonly stored: number;
  readonly quarantined: number;
  /** Not yet dealt with by both consumers. */
  readonly pending: number;
  /** With the failure destination, because a consumer gave them up. */
  readonly givenUp: number;
  /** Behind every consumer's checkpoint, and in neither the archive nor the failure destination. */
  readonly lost: number;
  /** Behind every consumer's checkpoint and archived, but neither in the table nor in quarantine or given up. */
  readonly missingInTable: number;
  readonly duplicatesDropped: number;
  readonly repeatsInArchive: number;
  readonly outOfOrder: number;
}

/** What was read back; forgotten as a whole where all is to be read again. */
class Findings {
  readonly archiveKeys = new Set<string>();
  readonly failureKeys = new Set<string>();
  readonly order = new OrderCheck();
  readonly awaitedReadings = new Map<string, AwaitedReading>();
  /** By the key under which the quarantine will have it. */
  readonly awaitedRefusals = new Map<string, RecordId>();
  /** Given up by a consumer, whatever else became of it. */
  readonly givenUp = new Set<string>();
  repeats = 0;
  stored = 0;
  quarantined = 0;
}

export class RunAccount {
  readonly run: string;
  readonly startedAt: EpochMillis;
  readonly #latency: Latency;
  readonly #ledger = new Ledger();
  /** Accepted and never found in the archive. */
  readonly #open = new Map<string, RecordId>();
  #accepted = 0;
  #findings = new Findings();
  #firstReading = true;

  constructor(run: string, startedAt: EpochMillis, latency: Latency) {
    this.run = run;
    this.startedAt = startedAt;
    this.#latency = latency;
  }

  /** @param payload Its position in the plan of the run. */
  accept(id: RecordId, payload: number): void {
    const wasFound = this.#ledger.accept(id.shardId, id.sequenceNumber, payload);
    if (!wasFound) this.#open.set(keyOf(id), id);
    this.#accepted++;
  }

  get findings(): Pick<Findings, 'archiveKeys' | 'failureKeys' | 'awaitedReadings' | 'awaitedRefusals'> {
    return this.#findings;
  }

  /** To read everything again: something that was there is gone, or what should be there was not found. */
  forgetFindings(): void {
    this.#ledger.forgetFindings();
    this.#findings = new Findings();
    this.#firstReading = false;
  }

  /** Whether an object of the archive may hold records of this run. */
  mayHold(first: string, last: string): boolean {
    return this.#ledger.mayHold(first, last);
  }

  foundInArchive(line: ArchiveLine): void {
    const stamps = readStamps(line.data);
    const isOurs = stamps?.run === this.run;
    const finding = this.#ledger.find(line.shardId, line.sequenceNumber, isOurs);
    if (finding === 'stranger') return;
    if (finding === 'again') {
      this.#findings.repeats++;
      return;
    }
    const key = keyOf(line);
    const { shardId, sequenceNumber } = line;
    this.#open.delete(key);
    const arrivedAt = Date.parse(line.arrivedAt);
    if (!isOurs || stamps.n === undefined) {
      // Sent as no reading: the quarantine has to have it.
      this.#findings.awaitedRefusals.set(formatQuarantineKey({ ...line, arrivedAt }), { shardId, sequenceNumber });
      return;
    }
    if (!this.#findings.order.add(line.partitionKey, stamps.n)) return; // A duplicate, of which the table holds one.
    if (this.#firstReading && stamps.sentAt !== undefined) this.#latency.sent(sequenceNumber, stamps.sentAt);
    const result = checkReading(line.data, arrivedAt);
    if (!result.ok) return;
    const { sensorId, timestamp, flags } = result.reading;
    const awaited = { shardId, sequenceNumber, sensorId, timestamp, ...(flags !== undefined && { flags }) };
    this.#findings.awaitedReadings.set(key, awaited);
  }

  /** The table holds this reading, or a later one in its place. */
  foundInTable(awaited: readonly AwaitedReading[], held: StoredReading): void {
    for (const reading of awaited) {
      if (compareSequenceNumbers(held.sequenceNumber, reading.sequenceNumber) < 0) continue;
      if (this.#findings.awaitedReadings.delete(keyOf(reading))) this.#findings.stored++;
    }
  }

  foundInQuarantine(key: string): void {
    if (this.#findings.awaitedRefusals.delete(key)) this.#findings.quarantined++;
  }

  foundInFailures(record: StreamRecord): void {
    const key = keyOf(record);
    const { awaitedReadings, awaitedRefusals, givenUp } = this.#findings;
    const wasAwaited = awaitedReadings.delete(key) || awaitedRefusals.delete(formatQuarantineKey(record));
    if (wasAwaited || this.#open.has(key)) givenUp.add(key);
  }

  /** Records that are open somewhere and that the consumers say they are done with. */
  overdue(isDone: (id: RecordId) => boolean): ReadonlySet<string> {
    const { awaitedReadings, awaitedRefusals } = this.#findings;
    const open = [...this.#open.values(), ...awaitedReadings.values(), ...awaitedRefusals.values()];
    return new Set(open.filter(isDone).map(keyOf));
  }

  /** @param overdue As it was before the stores were read: what was done by then must have been found. */
  balance(overdue: ReadonlySet<string>): Balance {
    const { awaitedReadings, awaitedRefusals, givenUp, order, repeats, stored, quarantined } = this.#findings;
    const { archived, lost: notArchived } = this.#ledger.balance();
    const open = [...this.#open.keys()].filter((key) => !givenUp.has(key));
    const awaited = [...awaitedReadings.keys(), ...Array.from(awaitedRefusals.values(), keyOf)];
    const missingInTable = awaited.filter((key) => overdue.has(key)).length;
    const neverFound = open.filter((key) => overdue.has(key)).length;
    // Was archived once, and is no longer.
    const gone = Math.max(0, notArchived.length - this.#open.size);
    return {
      accepted: this.#accepted,
      archived,
      stored,
      quarantined,
      pending: open.length - neverFound + awaited.length - missingInTable,
      givenUp: givenUp.size,
      lost: neverFound + gone,
      missingInTable,
      duplicatesDropped: order.repeated,
      repeatsInArchive: repeats,
      outOfOrder: order.outOfOrder,
    };
  }
}

function keyOf({ shardId, sequenceNumber }: RecordId): string {
  return `${sequenceNumber}/${shardId}`;
}
