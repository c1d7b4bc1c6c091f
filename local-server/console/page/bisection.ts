/**
 * Trees of failing batches, built from what the event source mappings report. A lane works off the pieces of a batch in
 * order and one at a time; so a report is of the first open piece that fits, and open pieces in front of that one are
 * done (successes are not all reported).
 */
import type { GiveUpCondition } from '../../../core/event-source-mapping/decision.ts';
import type { GaveUpEvent, InvocationEvent, PipelineState } from './wire.ts';

export type PieceState =
  | { readonly type: 'waiting' }
  | { readonly type: 'retrying'; readonly tries: number; readonly delayMillis: number }
  | { readonly type: 'split' }
  | { readonly type: 'done' }
  | { readonly type: 'given-up'; readonly condition: GiveUpCondition; readonly key?: string };

export interface Piece {
  readonly records: number;
  /** Unknown for a right half that has not been tried. */
  readonly first?: string;
  readonly state: PieceState;
  readonly halves: readonly Piece[];
}

export interface BatchTree {
  readonly id: number;
  readonly mapping: string;
  readonly shardId: string;
  readonly lane: number;
  readonly root: Piece;
}

/** Newest first; older ones are forgotten. */
export const MAX_TREES = 6;

type Where = Pick<BatchTree, 'mapping' | 'shardId' | 'lane'>;
type Leaf = Pick<Piece, 'records'> & Partial<Piece>;

const waiting: PieceState = { type: 'waiting' };
const done: PieceState = { type: 'done' };

export function isOpen({ state, halves }: Piece): boolean {
  if (halves.length > 0) return halves.some(isOpen);
  return state.type === 'waiting' || state.type === 'retrying';
}

export function withInvocation(trees: readonly BatchTree[], event: InvocationEvent): readonly BatchTree[] {
  const fits = (piece: Piece) =>
    piece.records === event.records && (piece.first === undefined || piece.first === event.firstSequenceNumber);
  const outcome = (piece: Piece) => afterInvocation(piece, event);
  const fresh = event.decision.type === 'advance' ? undefined : leaf({ records: event.records });
  return settle(trees, event, fits, outcome, fresh);
}

export function withGivenUp(trees: readonly BatchTree[], event: GaveUpEvent): readonly BatchTree[] {
  const { records, condition, key, firstSequenceNumber: first } = event;
  const state: PieceState = { type: 'given-up', condition, key };
  // Records expire from the front of a piece; the rest of it goes on.
  const outcome = (piece: Piece): Piece =>
    piece.records === records
      ? { ...piece, first, state }
      : {
          ...piece,
          state: { type: 'split' },
          halves: [leaf({ records, first, state }), leaf({ records: piece.records - records })],
        };
  const fits = (piece: Piece) => piece.records >= records && (piece.first === undefined || piece.first === first);
  return settle(trees, event, fits, outcome, leaf({ records, first }));
}

/** Where a lane has no open batch any more, every piece of its last one is done. */
export function withPipeline(trees: readonly BatchTree[], { mappings }: PipelineState): readonly BatchTree[] {
  const isIdle = (tree: BatchTree) => {
    const shards = mappings.find(({ name }) => name === tree.mapping)?.shards;
    const lane = shards?.find(({ shardId }) => shardId === tree.shardId)?.lanes[tree.lane];
    return lane?.pieces.length === 0;
  };
  if (!trees.some((tree) => isOpen(tree.root) && isIdle(tree))) return trees;
  return trees.map((tree) => (isIdle(tree) ? { ...tree, root: allDone(tree.root) } : tree));
}

function afterInvocation(piece: Piece, { decision, firstSequenceNumber }: InvocationEvent): Piece {
  const seen = { ...piece, first: firstSequenceNumber };
  const rest = (state: PieceState, count: number, split: Leaf): Piece =>
    count === 0
      ? { ...seen, state }
      : {
          ...seen,
          state: { type: 'split' },
          halves: [leaf({ ...split, records: count }), leaf({ records: piece.records - count, state })],
        };
  const front = { records: 0, first: firstSequenceNumber, state: done };
  switch (decision.type) {
    case 'advance':
      return { ...seen, state: done };
    case 'retry': {
      const tries = decision.attempts.failures + decision.attempts.refusals;
      return rest({ type: 'retrying', tries, delayMillis: decision.delayMillis }, decision.done, front);
    }
    case 'bisect': {
      const { leftCount } = decision;
      const halves = [
        leaf({ records: leftCount, first: firstSequenceNumber }),
        leaf({ records: piece.records - leftCount }),
      ];
      return { ...seen, state: { type: 'split' }, halves };
    }
    case 'give-up':
      // Open until the failure destination has it: `gave-up` says so and under which key.
      return rest({ type: 'retrying', tries: decision.attempts.failures, delayMillis: 0 }, decision.done, front);
  }
}

/** Applies the outcome to the first open piece of this lane that fits, or begins a new tree with `fresh`. */
function settle(
  trees: readonly BatchTree[],
  where: Where,
  fits: (piece: Piece) => boolean,
  outcome: (piece: Piece) => Piece,
  fresh: Piece | undefined,
): readonly BatchTree[] {
  const index = trees.findIndex((tree) => sameLane(tree, where) && isOpen(tree.root));
  const tree = trees[index];
  if (tree !== undefined) {
    const search = { found: false };
    const root = replaceFirst(tree.root, fits, outcome, search);
    // Where nothing fits, the lane has gone on to another batch: all of this one is settled.
    const replaced = trees.with(index, { ...tree, root });
    if (search.found || fresh === undefined) return replaced;
    return begin(replaced, where, outcome(fresh));
  }
  return fresh === undefined ? trees : begin(trees, where, outcome(fresh));
}

function begin(trees: readonly BatchTree[], { mapping, shardId, lane }: Where, root: Piece): readonly BatchTree[] {
  const id = 1 + Math.max(0, ...trees.map((tree) => tree.id));
  return [{ id, mapping, shardId, lane, root }, ...trees].slice(0, MAX_TREES);
}

function replaceFirst(
  piece: Piece,
  fits: (piece: Piece) => boolean,
  outcome: (piece: Piece) => Piece,
  search: { found: boolean },
): Piece {
  if (search.found || !isOpen(piece)) return piece;
  if (piece.halves.length > 0) {
    return { ...piece, halves: piece.halves.map((half) => replaceFirst(half, fits, outcome, search)) };
  }
  if (!fits(piece)) return { ...piece, state: done };
  search.found = true;
  return outcome(piece);
}

function allDone(piece: Piece): Piece {
  if (!isOpen(piece)) return piece;
  if (piece.halves.length === 0) return { ...piece, state: done };
  return { ...piece, halves: piece.halves.map(allDone) };
}

function sameLane(tree: Where, { mapping, shardId, lane }: Where): boolean {
  return tree.mapping === mapping && tree.shardId === shardId && tree.lane === lane;
}

function leaf({ records, first, state = waiting }: Leaf): Piece {
  return { records, ...(first !== undefined && { first }), state, halves: [] };
}
