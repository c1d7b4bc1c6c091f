import { type BatchTree, isOpen, type Piece, type PieceState } from '../bisection.ts';
import { countOf, formatDuration } from '../format.ts';
import { formatRoute } from '../address.ts';
import { batchTrees } from '../state.ts';
import { useStore } from '../store.ts';
import { Mark } from './notice.tsx';
import { SequenceNumber, ShardName } from './names.tsx';

/** The failing batches that this page has seen, each as the tree of its halves. */
export function BisectionTrees() {
  const trees = useStore(batchTrees);
  if (trees.length === 0) {
    return (
      <p class="empty">
        No batch has failed since this page was opened. Make one fail in the <a href={formatRoute('lab')}>Lab</a>, for
        instance with a poison record, and its halves are drawn here.
      </p>
    );
  }
  return (
    <div class="trees">
      {trees.map((tree) => (
        <Tree key={tree.id} tree={tree} />
      ))}
    </div>
  );
}

function Tree({ tree: { mapping, shardId, root } }: { tree: BatchTree }) {
  return (
    <section class="tree" aria-label={`Batch of ${mapping}`}>
      <h4>
        {mapping}, <ShardName id={shardId} />: {isOpen(root) ? 'being worked off' : 'settled'}
      </h4>
      <ul>
        <Branch piece={root} />
      </ul>
    </section>
  );
}

function Branch({ piece }: { piece: Piece }) {
  const { records, first, state, halves } = piece;
  return (
    <li class={`piece ${state.type}`}>
      <span class="label">
        <Mark sign={signs[state.type]} /> <strong>{countOf(records, 'record')}</strong>
        {first !== undefined && (
          <>
            {' from '}
            <SequenceNumber number={first} />
          </>
        )}
        : <State state={state} />
      </span>
      {halves.length > 0 && (
        <ul>
          {halves.map((half, index) => (
            <Branch key={index} piece={half} />
          ))}
        </ul>
      )}
    </li>
  );
}

const signs: Readonly<Record<PieceState['type'], string>> = {
  waiting: '…',
  retrying: '↻',
  split: '÷',
  done: '✓',
  'given-up': '✕',
};

function State({ state }: { state: PieceState }) {
  switch (state.type) {
    case 'waiting':
      return <>waits for its turn</>;
    case 'retrying':
      return (
        <>
          failed {countOf(state.tries, 'time')}, next try after {formatDuration(state.delayMillis)}
        </>
      );
    case 'split':
      return <>failed, split in two</>;
    case 'done':
      return <>done</>;
    case 'given-up':
      return (
        <>
          given up ({state.condition}),{' '}
          {state.key === undefined ? (
            'kept'
          ) : (
            <a href={formatRoute('archive', { of: 'failures', key: state.key })}>kept</a>
          )}{' '}
          by the failure destination
        </>
      );
  }
}
