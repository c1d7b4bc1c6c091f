/**
 * The account of all traffic: every record that a client was told of, or that a consumer read, and what became of it for each
 * consumer. It has no clock and no effect, and asks nobody: it is told, and it compares.
 *
 * Memory is bounded: a record is followed until both consumers are done with it, and at most `maxRecords` are at a time. Those
 * beyond are counted, never followed, and the account says so.
 */
import type { Fate, Side } from './fate.ts';
import {
  type Loss,
  MOST_NAMED,
  type Numbered,
  type ReadPage,
  ShardAccount,
  type Surroundings,
} from './shard-account.ts';

/** The ways into the stream that this server has. */
export type Door = 'http' | 'kinesis' | 'lab';

export interface Position {
  readonly shardId: string;
  readonly sequenceNumber: string;
}

/** Losses of one cause. The first ones are named. */
interface LossGroup extends Pick<Loss, 'side' | 'cause'> {
  readonly count: number;
  readonly positions: readonly Position[];
}

export interface Standing {
  /** Records that clients were told of, by the door that they came through. */
  readonly accepted: Readonly<Record<Door, number>>;
  /** Records that were read and that no client of this server was told of: other producers, and answers that did not arrive. */
  readonly unclaimed: number;
  readonly archived: number;
  readonly stored: number;
  readonly quarantined: number;
  /** Readings that a later one of their batch with the same sensor and timestamp replaced. */
  readonly replaced: number;
  readonly givenUp: Readonly<Record<Side, number>>;
  /** By filters, or by where the consumer began. */
  readonly leftOut: Readonly<Record<Side, number>>;
  /** Not settled yet. */
  readonly pending: Readonly<Record<Side, number>>;
  /** Age of the oldest of them; 0 where there is none. */
  readonly oldestPendingMillis: number;
  readonly lost: readonly LossGroup[];
  /** Records that were accepted under a number that another one had: one of the two is lost. */
  readonly sharedNumbers: { readonly count: number; readonly positions: readonly Position[] };
  readonly notFollowed: number;
  /** False where the account contradicts itself: a bug, and nothing that it says is sure. */
  readonly balanced: boolean;
}

export interface AccountOptions {
  /** Milliseconds since any moment, which never go back. */
  readonly monotonic: () => number;
  /** Most records that are followed at a time; 3 million (90 MB) unless given. */
  readonly maxRecords?: number;
  /**
   * A record that a client was told of can be read after this. Kinesis: "typically less than 1 second" (Developer Guide,
   * key concepts, of the put-to-get delay), hence 10 s unless given.
   */
  readonly visibleAfterMillis?: number;
}

const MAX_RECORDS = 3_000_000;
const REVIEW_MILLIS = 1_000;
/** Of records that were called lost so many are remembered one by one, in case they are found after all. */
const MAX_REMEMBERED = 10_000;

export class Account {
  readonly #monotonic: () => number;
  readonly #maxRecords: number;
  readonly #surroundings: Surroundings;
  readonly #shards = new Map<string, ShardAccount>();
  readonly #accepted: Record<Door, number> = { http: 0, kinesis: 0, lab: 0 };
  /** Numbers of the puts that are not answered, in their order. */
  readonly #puts = new Set<number>();
  #nextPut = 0;
  #reviewedAt = -Infinity;
  /** By side and cause. */
  readonly #losses = new Map<
    string,
    { readonly side: Side; readonly cause: Loss['cause']; count: number; known: Map<string, Position> }
  >();

  constructor({ monotonic, maxRecords = MAX_RECORDS, visibleAfterMillis = 10_000 }: AccountOptions) {
    this.#monotonic = monotonic;
    this.#maxRecords = maxRecords;
    this.#surroundings = {
      visibleAfterMillis,
      size: { records: 0 },
      hasRoom: () => this.#hasRoom(),
      nextPut: () => this.#nextPut,
      wasLost: (shardId, sequenceNumber) => this.#wasLost(shardId, sequenceNumber),
    };
  }

  /** A put begins. @returns its number, for `putEnded`. */
  putBegins(): number {
    const put = this.#nextPut;
    this.#nextPut += 1;
    this.#puts.add(put);
    return put;
  }

  /** A put is answered, or has failed: what it brought was told with `accepted` before. */
  putEnded(put: number): void {
    this.#puts.delete(put);
  }

  /** A client is told that the stream took the record. */
  accepted(door: Door, shardId: string, sequenceNumber: string): void {
    this.#accepted[door] += 1;
    this.#shard(shardId).accepted(sequenceNumber, this.#monotonic());
  }

  /** A consumer was given these records. */
  read(side: Side, shardId: string, page: ReadPage): void {
    this.#shard(shardId).read(side, page);
  }

  /** What became of records for a consumer: the store has them, or they are left out. */
  settled(side: Side, fate: Exclude<Fate, 'open' | 'lost'>, shardId: string, records: readonly Numbered[]): void {
    if (records.length === 0) return;
    const shard = this.#shard(shardId);
    for (const { sequenceNumber } of records) {
      const known = shard.settled(side, fate, sequenceNumber);
      if (known !== 'settled' && this.#wasFound(side, shardId, sequenceNumber) && known === 'unknown')
        shard.found(side, fate);
    }
  }

  /** The checkpoint of a consumer has moved: it never sees records up to here again. */
  passed(side: Side, shardId: string, sequenceNumber: string): void {
    this.#shard(shardId).passed(side, sequenceNumber);
  }

  /** Looks for what is lost by now. */
  review(): readonly Loss[] {
    this.#reviewedAt = this.#monotonic();
    const [oldestPut = this.#nextPut] = this.#puts;
    const losses = Array.from(this.#shards.values(), (shard) => shard.review(oldestPut)).flat();
    for (const loss of losses) this.#remember(loss);
    return losses;
  }

  standing(): Standing {
    this.review();
    const tallies = Array.from(this.#shards.values(), (shard) => ({ shardId: shard.shardId, ...shard.tally() }));
    type Tally = (typeof tallies)[number];
    const sum = (of: (tally: Tally) => number) => tallies.reduce((total, tally) => total + of(tally), 0);
    const bySide = (of: (tally: Tally, side: Side) => number) => ({
      archive: sum((tally) => of(tally, 'archive')),
      store: sum((tally) => of(tally, 'store')),
    });
    const since = Math.min(...tallies.map(({ openSince }) => openSince));
    return {
      accepted: { ...this.#accepted },
      unclaimed: sum(({ unclaimed }) => unclaimed),
      archived: sum(({ counts }) => counts.archive.archived),
      stored: sum(({ counts }) => counts.store.stored),
      quarantined: sum(({ counts }) => counts.store.quarantined),
      replaced: sum(({ counts }) => counts.store.replaced),
      givenUp: bySide(({ counts }, side) => counts[side]['given up']),
      leftOut: bySide(({ counts }, side) => counts[side]['left out']),
      pending: bySide(({ open }, side) => open[side]),
      oldestPendingMillis: since === Infinity ? 0 : Math.max(0, this.#monotonic() - since),
      lost: Array.from(this.#losses.values())
        .filter(({ count }) => count > 0)
        .map(({ side, cause, count, known }) => ({
          side,
          cause,
          count,
          positions: [...known.values()].slice(0, MOST_NAMED),
        })),
      sharedNumbers: {
        count: sum(({ sharedNumbers }) => sharedNumbers.count),
        positions: tallies
          .flatMap(({ shardId, sharedNumbers }) =>
            sharedNumbers.first.map((sequenceNumber) => ({ shardId, sequenceNumber })),
          )
          .slice(0, MOST_NAMED),
      },
      notFollowed: sum(({ notFollowed }) => notFollowed),
      balanced: tallies.every(({ balanced }) => balanced),
    };
  }

  #shard(shardId: string): ShardAccount {
    const known = this.#shards.get(shardId);
    if (known !== undefined) return known;
    const shard = new ShardAccount(shardId, this.#surroundings);
    this.#shards.set(shardId, shard);
    return shard;
  }

  #hasRoom(): boolean {
    const { size } = this.#surroundings;
    if (size.records < this.#maxRecords) return true;
    // Forgets what is settled. What is not takes a while to look through.
    if (this.#monotonic() - this.#reviewedAt >= REVIEW_MILLIS) this.review();
    return size.records < this.#maxRecords;
  }

  #remember({ side, cause, shardId, sequenceNumber }: Loss): void {
    const key = `${side}/${cause}`;
    const group = this.#losses.get(key) ?? { side, cause, count: 0, known: new Map<string, Position>() };
    group.count += 1;
    if (group.known.size < MAX_REMEMBERED) group.known.set(`${shardId}/${sequenceNumber}`, { shardId, sequenceNumber });
    this.#losses.set(key, group);
  }

  #wasLost(shardId: string, sequenceNumber: string): boolean {
    for (const { known } of this.#losses.values()) if (known.has(`${shardId}/${sequenceNumber}`)) return true;
    return false;
  }

  /** Takes back that a record is lost, if that was said. */
  #wasFound(side: Side, shardId: string, sequenceNumber: string): boolean {
    for (const group of this.#losses.values()) {
      if (group.side !== side || !group.known.delete(`${shardId}/${sequenceNumber}`)) continue;
      group.count -= 1;
      return true;
    }
    return false;
  }
}
