/**
 * The account of one shard: which records it has, who has read them, what became of them, and which ones are lost. What is
 * compared comes from places that do not know of each other: what clients were told, what was read, what the stores took, and
 * where the consumers stand.
 *
 * A record is lost to a consumer
 * - that read it, and whose checkpoint moved past it although nothing became of it (`not kept`);
 * - that never saw it and has read what is behind it (`never read`), or was told that records expired there (`expired unread`);
 * - that looked at the end of the shard, long enough after a client was told of the record, and found nothing (`never read`).
 */
import type { ShardPosition } from '../ports.ts';
import { compareSequenceNumbers } from '../sequence-number.ts';
import { CLAIMED, type Fate, fateOf, isOpen, type Side, sides, wasRead, withFate, withRead } from './fate.ts';
import { type Block, OpenRecords } from './open-records.ts';
import { encodePosition, WORDS } from './position.ts';

type LossCause = 'not kept' | 'never read' | 'expired unread';

export interface Loss {
  readonly side: Side;
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly cause: LossCause;
  /** Whether a client was told that it was accepted; otherwise it was only seen in the stream. */
  readonly accepted: boolean;
}

export interface Numbered {
  readonly sequenceNumber: string;
}

/** One answer of the stream to a consumer. */
export interface ReadPage {
  readonly records: readonly Numbered[];
  readonly position: ShardPosition;
  /** How many records the stream says had expired before this read. */
  readonly trimmed: number;
  /** Nothing was behind these records. */
  readonly atTip: boolean;
  /** Nothing will ever be behind these records. */
  readonly endOfShard: boolean;
  /** When the reading began. */
  readonly startedAt: number;
}

/** What all shards share. */
export interface Surroundings {
  /** How many records take memory. */
  readonly size: { records: number };
  /** Whether one more record can be followed. */
  hasRoom(): boolean;
  /** Number of the next put: it cannot have brought what is known already. */
  nextPut(): number;
  /** Whether the record was called lost, so that it was counted although it is not kept here any more. */
  wasLost(shardId: string, sequenceNumber: string): boolean;
  /** A record that a client was told of can be read after this. */
  readonly visibleAfterMillis: number;
}

interface Progress {
  /** Where this consumer began to read in the life of this account. */
  from: ShardPosition | undefined;
  /** The last record that it read. */
  readThrough: string | undefined;
  /** Its checkpoint. */
  doneThrough: string | undefined;
  /** When it last began a read that found the end of the shard. */
  tipAt: number;
  /** Records up to here and behind `expiredAfter` had expired. */
  expired: { readonly after: string | undefined; readonly through: string | undefined } | undefined;
}

export class ShardAccount {
  readonly shardId: string;
  readonly #surroundings: Surroundings;
  readonly #records: OpenRecords;
  readonly #progress: Readonly<Record<Side, Progress>>;
  /** By side and fate. */
  readonly #counts: Readonly<Record<Side, Record<Fate, number>>>;
  #heardOf = 0;
  #unclaimed = 0;
  #sharedNumbers: string[] = [];
  #sharedCount = 0;
  #notFollowed = 0;
  /** Up to here not every record is followed. */
  #blindThrough: string | undefined;

  constructor(shardId: string, surroundings: Surroundings) {
    this.shardId = shardId;
    this.#surroundings = surroundings;
    this.#records = new OpenRecords(surroundings.size);
    this.#progress = { archive: progress(), store: progress() };
    this.#counts = { archive: counts(), store: counts() };
  }

  /** A client was told that the stream took the record. @param now Milliseconds that never go back. */
  accepted(sequenceNumber: string, now: number): void {
    if (!isReadable(sequenceNumber)) {
      this.#notFollowed += 1;
      return;
    }
    if (this.#records.locate(sequenceNumber)) {
      const { state } = this.#records;
      if ((state & CLAIMED) !== 0) this.#shared(sequenceNumber);
      else {
        this.#unclaimed -= 1;
        this.#records.update(state | CLAIMED);
      }
      return;
    }
    if (!this.#surroundings.hasRoom() || this.#isBlind(sequenceNumber)) {
      this.#notFollowed += 1;
      this.#goBlind(sequenceNumber);
      return;
    }
    this.#insert(CLAIMED, now);
  }

  /** A consumer was given these records. */
  read(side: Side, page: ReadPage): void {
    const progress = this.#progress[side];
    if (progress.from === undefined) this.#begin(side, page);
    const last = page.records.at(-1)?.sequenceNumber;
    if (page.trimmed > 0) this.#expired(progress, page);
    const before = progress.readThrough;
    for (const { sequenceNumber } of page.records) {
      if (!isReadable(sequenceNumber)) continue;
      if (this.#records.locate(sequenceNumber)) {
        const { state } = this.#records;
        if (!wasRead(state, side)) this.#records.update(withRead(state, side));
        continue;
      }
      if (this.#wasSettled(side, before, sequenceNumber) || this.#isBlind(sequenceNumber)) continue;
      if (this.#surroundings.wasLost(this.shardId, sequenceNumber)) continue;
      if (!this.#surroundings.hasRoom()) {
        this.#goBlind(sequenceNumber);
        continue;
      }
      let state = withRead(0, side);
      // Of another life of that consumer, about which nothing is known here.
      for (const other of sides)
        if (other !== side && this.#isBefore(other, sequenceNumber)) state = withFate(state, other, 'left out');
      this.#insert(state, page.startedAt);
    }
    if (last !== undefined && (before === undefined || compareSequenceNumbers(last, before) > 0))
      progress.readThrough = last;
    if (page.endOfShard) progress.tipAt = Infinity;
    else if (page.atTip) progress.tipAt = Math.max(progress.tipAt, page.startedAt);
  }

  settled(side: Side, fate: Fate, sequenceNumber: string): 'settled' | 'found' | 'unknown' {
    if (!isReadable(sequenceNumber) || !this.#records.locate(sequenceNumber)) return 'unknown';
    const { state } = this.#records;
    const before = fateOf(state, side);
    if (before !== 'open' && before !== 'lost') return 'settled'; // A retry: it is done once.
    this.#counts[side][before] -= 1;
    this.#counts[side][fate] += 1;
    this.#records.update(withFate(state, side, fate));
    return before === 'lost' ? 'found' : 'settled';
  }

  /** A record that was called lost, and of which nothing is kept here any more, is there after all. */
  found(side: Side, fate: Fate): void {
    this.#counts[side].lost -= 1;
    this.#counts[side][fate] += 1;
  }

  /** The checkpoint of a consumer has moved. */
  passed(side: Side, sequenceNumber: string): void {
    const progress = this.#progress[side];
    const { doneThrough } = progress;
    if (doneThrough === undefined || compareSequenceNumbers(sequenceNumber, doneThrough) > 0) {
      progress.doneThrough = sequenceNumber;
    }
  }

  /** Finds what is lost, and forgets what is settled. @param oldestPut The first put that is not answered yet. */
  review(oldestPut: number): Loss[] {
    const losses: Loss[] = [];
    for (const side of sides) this.#reviewSide(side, losses);
    this.#records.drop(
      ({ open, unclaimed, claimableBefore }) =>
        open.archive === 0 && open.store === 0 && (unclaimed === 0 || claimableBefore <= oldestPut),
    );
    return losses;
  }

  tally() {
    let since = Infinity;
    const open = { archive: 0, store: 0 };
    for (const block of this.#records.blocks) {
      if (block.open.archive + block.open.store > 0) since = Math.min(since, block.since);
      for (const side of sides) open[side] += block.open[side];
    }
    return {
      unclaimed: this.#unclaimed,
      open,
      /** When the oldest open record was heard of; Infinity where there is none. */
      openSince: since,
      counts: this.#counts,
      sharedNumbers: { count: this.#sharedCount, first: this.#sharedNumbers },
      notFollowed: this.#notFollowed,
      /** Whether every record that was heard of is counted once on each side. */
      balanced: sides.every((side) => this.#counts[side].open === open[side] && this.#sum(side) === this.#heardOf),
    };
  }

  #sum(side: Side): number {
    return Object.values(this.#counts[side]).reduce((sum, count) => sum + count, 0);
  }

  #insert(state: number, now: number): void {
    this.#heardOf += 1;
    if ((state & CLAIMED) === 0) this.#unclaimed += 1;
    for (const side of sides) this.#counts[side][fateOf(state, side)] += 1;
    this.#records.insert(state, now, this.#surroundings.nextPut());
  }

  #shared(sequenceNumber: string): void {
    this.#sharedCount += 1;
    if (this.#sharedNumbers.length < MOST_NAMED) this.#sharedNumbers.push(sequenceNumber);
  }

  /** A consumer begins at a time or at the newest record: what came before is not its business. */
  #begin(side: Side, { position, records }: ReadPage): void {
    this.#progress[side].from = position;
    if (position.type !== 'AT_TIMESTAMP' && position.type !== 'LATEST') return;
    const first = bound(records[0]?.sequenceNumber);
    this.#each(side, (block, row, state) => {
      if (first !== undefined && block.compareAt(row, first) >= 0) return;
      this.#setFate(block, row, state, side, 'left out');
    });
  }

  /** Whether a record that is not known any more was: it is read again, by a consumer that began anew, and all had read it. */
  #wasSettled(side: Side, readThrough: string | undefined, sequenceNumber: string): boolean {
    return sides.every((each) => {
      const through = each === side ? readThrough : this.#progress[each].readThrough;
      return through !== undefined && compareSequenceNumbers(sequenceNumber, through) <= 0;
    });
  }

  #isBefore(side: Side, sequenceNumber: string): boolean {
    const { from } = this.#progress[side];
    return from?.type === 'AFTER_SEQUENCE_NUMBER' && compareSequenceNumbers(sequenceNumber, from.sequenceNumber) <= 0;
  }

  #expired(progress: Progress, { position, records }: ReadPage): void {
    const after = position.type === 'AFTER_SEQUENCE_NUMBER' ? position.sequenceNumber : undefined;
    progress.expired = { after: progress.expired?.after ?? after, through: records[0]?.sequenceNumber };
  }

  #reviewSide(side: Side, losses: Loss[]): void {
    const { doneThrough, readThrough, tipAt, expired, from } = this.#progress[side];
    if (from === undefined) return; // Nobody reads here yet.
    const done = bound(doneThrough);
    const read = bound(readThrough);
    const begun = bound(from.type === 'AFTER_SEQUENCE_NUMBER' ? from.sequenceNumber : undefined);
    const [expiredAfter, expiredThrough] = [bound(expired?.after), bound(expired?.through)];
    for (const block of this.#records.blocks) {
      if (block.open[side] === 0) continue;
      const missedAtTip = block.unread[side] > 0 && block.until + this.#surroundings.visibleAfterMillis <= tipAt;
      const reached = [done, block.unread[side] > 0 ? read : undefined, begun].some(
        (position) => position !== undefined && block.compareAt(0, position) <= 0,
      );
      if (!missedAtTip && !reached) continue;
      for (let row = 0; row < block.length; row += 1) {
        const state = block.stateAt(row);
        if (!isOpen(state, side)) continue;
        const isUpTo = (position: Int32Array | undefined) =>
          position !== undefined && block.compareAt(row, position) <= 0;
        const unread = !wasRead(state, side);
        if (!isUpTo(done) && !(unread && (missedAtTip || isUpTo(read) || isUpTo(begun)))) continue;
        const isExpired =
          expired !== undefined && !isUpTo(expiredAfter) && (expiredThrough === undefined || isUpTo(expiredThrough));
        const cause = !unread ? 'not kept' : isExpired ? 'expired unread' : 'never read';
        const sequenceNumber = block.sequenceNumberAt(row);
        losses.push({ side, shardId: this.shardId, sequenceNumber, cause, accepted: (state & CLAIMED) !== 0 });
        this.#setFate(block, row, state, side, 'lost');
      }
    }
  }

  #each(side: Side, visit: (block: Block, row: number, state: number) => void): void {
    for (const block of this.#records.blocks) {
      for (let row = 0; row < block.length; row += 1) {
        const state = block.stateAt(row);
        if (isOpen(state, side)) visit(block, row, state);
      }
    }
  }

  #setFate(block: Block, row: number, state: number, side: Side, fate: Fate): void {
    this.#counts[side][fateOf(state, side)] -= 1;
    this.#counts[side][fate] += 1;
    block.replaceAt(row, withFate(state, side, fate));
  }

  #isBlind(sequenceNumber: string): boolean {
    return this.#blindThrough !== undefined && compareSequenceNumbers(sequenceNumber, this.#blindThrough) <= 0;
  }

  #goBlind(sequenceNumber: string): void {
    if (!this.#isBlind(sequenceNumber)) this.#blindThrough = sequenceNumber;
  }
}

/** So many positions of a kind are named; the others are counted. */
export const MOST_NAMED = 10;

function progress(): Progress {
  return { from: undefined, readThrough: undefined, doneThrough: undefined, tipAt: -Infinity, expired: undefined };
}

function counts(): Record<Fate, number> {
  return { open: 0, archived: 0, stored: 0, quarantined: 0, replaced: 0, 'given up': 0, 'left out': 0, lost: 0 };
}

/** Numbers beyond 63 digits cannot be followed: Kinesis's have 56. */
function isReadable(sequenceNumber: string): boolean {
  return sequenceNumber.length <= WORDS * 9;
}

function bound(sequenceNumber: string | undefined): Int32Array | undefined {
  if (sequenceNumber === undefined) return undefined;
  const words = new Int32Array(WORDS);
  return encodePosition(sequenceNumber, words) ? words : undefined;
}
