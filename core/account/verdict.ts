/**
 * What is said about all traffic, in one of four values. It never says more than is known: `all stored` needs that every record
 * was followed to its store and that nothing stood in the way of seeing it.
 */
import type { Position, Standing } from './account.ts';
import { type Side, sides } from './fate.ts';
import type { Miss } from './samples.ts';
import { MOST_NAMED } from './shard-account.ts';

export type Verdict =
  | { readonly value: 'all stored' }
  | { readonly value: 'behind'; readonly seconds: number }
  | { readonly value: 'problems'; readonly count: number }
  | { readonly value: 'cannot tell'; readonly why: string };

/** Something that is wrong with records, the first of which are named. */
export interface AccountProblem {
  readonly kind: 'lost' | 'given up' | 'same number' | 'missing' | 'differs' | 'failure record missing';
  /** Which consumer has it, if it is one's. */
  readonly side?: Side;
  /** How many records. */
  readonly records: number;
  readonly positions: readonly (Position & { readonly partitionKey?: string })[];
  /** A sentence. */
  readonly message: string;
}

/** What is known besides the standing. */
export interface Knowledge {
  readonly standing: Standing;
  /** What was not found when the stores were looked into. */
  readonly misses: readonly Miss[];
  readonly givenUp: readonly (Position & { readonly side: Side })[];
  /** Failure records that were put and are not there. */
  readonly missingFailures: readonly { readonly key: string; readonly records: number }[];
  /** Why not everything can be known, in sentences without a full stop. */
  readonly unknown: readonly string[];
}

const consumers: Readonly<Record<Side, string>> = { archive: 'archive-events', store: 'store-readings' };
const stores: Readonly<Record<Side, string>> = { archive: 'the archive', store: 'the table and the quarantine' };

export function problemsOf({ standing, misses, givenUp, missingFailures }: Knowledge): readonly AccountProblem[] {
  const problems: AccountProblem[] = standing.lost.map(({ side, cause, count, positions }) => ({
    kind: 'lost',
    side,
    records: count,
    positions,
    message: `${records(count)} lost to ${consumers[side]}: ${whys[cause]}`,
  }));
  for (const side of sides) {
    const count = standing.givenUp[side];
    if (count === 0) continue;
    problems.push({
      kind: 'given up',
      side,
      records: count,
      positions: givenUp
        .filter((each) => each.side === side)
        .slice(0, MOST_NAMED)
        .map(positionOf),
      message: `${records(count)} given up by ${consumers[side]}: the failure destination has them, ${stores[side]} may not`,
    });
  }
  const { count: shared, positions } = standing.sharedNumbers;
  if (shared > 0) {
    problems.push({
      kind: 'same number',
      records: shared,
      positions,
      message: `${records(shared)} accepted under a sequence number that another record has: one of two is lost`,
    });
  }
  for (const side of sides) {
    for (const finding of ['missing', 'differs'] as const) {
      const found = misses.filter((miss) => miss.side === side && miss.finding === finding);
      if (found.length === 0) continue;
      problems.push({
        kind: finding,
        side,
        records: found.length,
        positions: found.slice(0, MOST_NAMED).map((miss) => ({ ...positionOf(miss), partitionKey: miss.partitionKey })),
        message:
          finding === 'missing'
            ? `${records(found.length)} not in ${stores[side]}, looked for twice, though ${consumers[side]} was done with ${found.length === 1 ? 'it' : 'them'}`
            : `${records(found.length)} in ${stores[side]} with other content than was accepted`,
      });
    }
  }
  if (missingFailures.length > 0) {
    const count = missingFailures.reduce((sum, { records: each }) => sum + each, 0);
    problems.push({
      kind: 'failure record missing',
      records: count,
      positions: [],
      message: `${records(count)} given up, and the failure destination does not have ${missingFailures[0]?.key ?? ''}`,
    });
  }
  return problems;
}

const whys = {
  'not kept': 'read and passed by the checkpoint, but taken by no store',
  'never read': 'never read, though the consumer is past that place',
  'expired unread': 'expired in the stream before being read',
} as const;

export function verdictOf(knowledge: Knowledge): Verdict {
  const { standing } = knowledge;
  const count = problemsOf(knowledge).length;
  if (count > 0) return { value: 'problems', count };
  const why = unknownOf(knowledge);
  if (why.length > 0) return { value: 'cannot tell', why: why.join('; ') };
  const isBehind = sides.some((side) => standing.pending[side] > 0);
  if (isBehind) return { value: 'behind', seconds: Math.max(1, Math.ceil(standing.oldestPendingMillis / 1_000)) };
  return { value: 'all stored' };
}

/** Everything that keeps the verdict from being sure. */
function unknownOf({ standing, unknown }: Pick<Knowledge, 'standing' | 'unknown'>): readonly string[] {
  const own = [
    ...(standing.balanced ? [] : ['the account contradicts itself, which is a bug']),
    ...(standing.notFollowed > 0
      ? [`${records(standing.notFollowed)} came while too many were waiting, and were not followed`]
      : []),
  ];
  return [...own, ...unknown];
}

/** `all stored`, `behind 12 s`, `3 problems`, `cannot tell (why)`. */
export function formatVerdict(verdict: Verdict): string {
  switch (verdict.value) {
    case 'all stored':
      return verdict.value;
    case 'behind':
      return `behind ${verdict.seconds} s`;
    case 'problems':
      return verdict.count === 1 ? '1 problem' : `${verdict.count} problems`;
    case 'cannot tell':
      return `cannot tell (${verdict.why})`;
  }
}

function records(count: number): string {
  return count === 1 ? '1 record' : `${count} records`;
}

function positionOf({ shardId, sequenceNumber }: Position): Position {
  return { shardId, sequenceNumber };
}
