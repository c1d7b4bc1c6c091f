/** What the account of all traffic says now, for `/account`, `/pipeline` and those who watch. */
import { type AccountProblem, formatVerdict, problemsOf, type Verdict, verdictOf } from '../../core/account/verdict.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import type { ReadBack } from './read-back.ts';
import type { TrafficAccount } from './traffic-account.ts';

export interface AccountSummary {
  readonly verdict: Verdict['value'];
  /** `all stored`, `behind 12 s`, `3 problems`, `cannot tell (why)`. */
  readonly text: string;
  /** The account begins here: of what was before nothing is known. UTC ISO 8601. */
  readonly since: string;
  /** Records that clients were told of. */
  readonly accepted: number;
  /** Records that were read and that no client of this server was told of: other producers. */
  readonly fromOthers: number;
  /** Values that no history has any more; null where not all of them are known. */
  readonly overwritten: number | null;
  readonly problems: readonly string[];
}

type ReadBackFindings = Pick<ReadBack, 'looked' | 'misses' | 'missingFailures' | 'problem' | 'onChange'>;

export class AccountState {
  readonly #traffic: TrafficAccount;
  readonly #readBack: ReadBackFindings;
  readonly #unknown: readonly string[];
  readonly #since: string;

  /** @param unknown Why not everything can be known, in sentences without a full stop. @param startedAt Milliseconds since 1970. */
  constructor(traffic: TrafficAccount, readBack: ReadBackFindings, unknown: readonly string[], startedAt: number) {
    this.#traffic = traffic;
    this.#readBack = readBack;
    this.#unknown = unknown;
    this.#since = formatTimestamp(startedAt);
  }

  /** @param listener Called where the account says something else though nothing went through the server. */
  onChange(listener: () => void): void {
    this.#readBack.onChange(listener);
  }

  summary(): AccountSummary {
    const { verdict, standing, problems } = this.#look();
    return {
      verdict: verdict.value,
      text: formatVerdict(verdict),
      since: this.#since,
      accepted: Object.values(standing.accepted).reduce((sum, count) => sum + count, 0),
      fromOthers: standing.unclaimed,
      overwritten: this.#unknown.length > 0 ? null : this.#traffic.replaced.total,
      problems: problems.map(({ message }) => message),
    };
  }

  read() {
    const { verdict, standing, problems } = this.#look();
    const { accepted, unclaimed, archived, stored, quarantined, replaced, givenUp, leftOut, pending } = standing;
    return {
      verdict: verdict.value,
      text: formatVerdict(verdict),
      ...(verdict.value === 'cannot tell' && { why: verdict.why }),
      since: this.#since,
      accepted,
      fromOthers: unclaimed,
      archive: { archived, givenUp: givenUp.archive, leftOut: leftOut.archive, pending: pending.archive },
      store: {
        ...{ stored, quarantined, replaced },
        ...{ givenUp: givenUp.store, leftOut: leftOut.store, pending: pending.store },
      },
      readBack: this.#readBack.looked,
      oldestPendingMillis: Math.round(standing.oldestPendingMillis),
      overwrittenReadings: this.#unknown.length > 0 ? null : this.#traffic.replaced.count,
      problems: problems.map((problem) => ({ ...problem, positions: [...problem.positions] })),
    };
  }

  #look(): {
    readonly verdict: Verdict;
    readonly standing: ReturnType<TrafficAccount['account']['standing']>;
    readonly problems: readonly AccountProblem[];
  } {
    const { account, givenUp } = this.#traffic;
    const standing = account.standing();
    const { problem } = this.#readBack;
    const [misses, missingFailures] = [this.#readBack.misses(), this.#readBack.missingFailures()];
    const unknown = problem === undefined ? this.#unknown : [...this.#unknown, `reading back failed: ${problem}`];
    const knowledge = { standing, misses, givenUp, missingFailures, unknown };
    return { verdict: verdictOf(knowledge), standing, problems: problemsOf(knowledge) };
  }
}
