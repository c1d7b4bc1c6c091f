import type { ComponentChildren } from 'preact';
import { countOf, formatCount, formatLocal } from '../format.ts';
import { beforeRestart, live, pipeline, pipelineFailure } from '../state.ts';
import { useStore } from '../store.ts';
import type { AccountSummary } from '../wire.ts';
import { Mark } from './notice.tsx';

/**
 * What the server says of all traffic (`GET /account`). Green only where it says now that all is stored: while nothing was heard, the
 * server has an error or the connection is lost, nobody can tell.
 */
export function TrafficVerdict() {
  const account = useStore(pipeline)?.account;
  const failure = useStore(pipelineFailure);
  const { state } = useStore(live.connection);
  const unknown =
    state === 'lost'
      ? 'not connected'
      : (failure ?? (account === undefined ? 'the server has not answered yet' : undefined));
  if (unknown !== undefined || account === undefined) {
    return <Verdict value="cannot tell" text={`cannot tell (${unknown})`} />;
  }
  const { verdict, text, problems, accepted, fromOthers, overwritten, since } = account;
  return (
    <Verdict value={verdict} text={verdict === 'problems' ? problems.join('; ') : text}>
      <span class="of" title={ABOUT}>
        {' '}
        {countOf(accepted, 'record')} accepted{fromOthers > 0 && `, ${formatCount(fromOthers)} from other producers`}{' '}
        since <time dateTime={since}>{formatLocal(toSecond(since))}</time>
        {(overwritten ?? 0) > 0 &&
          `, ${countOf(overwritten ?? 0, 'value')} replaced by a later one of the same time`},{' '}
        <a href="/account">details</a>
      </span>
    </Verdict>
  );
}

/** Says what the server had accepted before it was started again: its account begins anew. */
export function RestartNote() {
  const state = useStore(pipeline);
  const before = useStore(beforeRestart);
  if (state === undefined || before === undefined || before.accepted === 0) return null;
  const had = `${countOf(before.accepted, 'record')} that it accepted before ${before.accepted === 1 ? 'is' : 'are'}`;
  return (
    <p class="restart-note">
      <Mark sign="!" /> The server was started again at{' '}
      <time dateTime={state.account.since}>{formatLocal(toSecond(state.account.since))}</time>.{' '}
      {state.memory === undefined
        ? `Its account begins there: ${had} not in it.`
        : `It keeps everything in memory: ${had} gone.`}
    </p>
  );
}

function toSecond(instant: string): number {
  return Math.floor(Date.parse(instant) / 1_000) * 1_000;
}

const ABOUT =
  'Every record that the server accepted since it started, followed to the archive, the table, the quarantine or the failure destination. Samples are read back.';

const looks = {
  'all stored': ['good', '✓'],
  behind: ['behind', '…'],
  problems: ['bad', '✕'],
  'cannot tell': ['', '?'],
} as const satisfies Record<AccountSummary['verdict'], readonly [string, string]>;

function Verdict({
  value,
  text,
  children,
}: {
  value: AccountSummary['verdict'];
  text: string;
  children?: ComponentChildren;
}) {
  const [look, sign] = looks[value];
  return (
    <p class={`loss ${look}`} role="status" data-verdict={value}>
      <Mark sign={sign} /> {text.charAt(0).toUpperCase() + text.slice(1)}
      {children}
    </p>
  );
}
