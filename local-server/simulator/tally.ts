import type { FileProblem } from './csv/options.ts';
import { type PayloadKind, payloadKinds, type PlannedPayload } from './payload.ts';
import type { Outcome } from './senders/sender.ts';

export interface KindCounts {
  readonly planned: number;
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
}

export interface Counts {
  readonly byKind: Readonly<Record<PayloadKind, KindCounts>>;
  readonly total: KindCounts;
  /** How often each reason was given. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Of each reason that readings of a file were refused for: the first of them, as people find it. */
  readonly firstPlaces: Readonly<Record<string, string>>;
  readonly retries: number;
  /** Cells of a CSV file that are empty or stand for a missing value. */
  readonly skipped: number;
  /** Rows and cells of a CSV file that gave no reading: how many, and the first of them. */
  readonly problems: { readonly count: number; readonly first: readonly FileProblem[] };
}

/** Enough to see what goes wrong; a server with a reason of its own for every reading must not fill the memory. */
const MAX_REASONS = 20;
const MAX_PROBLEMS = 20;

/** Counts what becomes of the payloads. */
export class Tally {
  retries = 0;
  skipped = 0;
  readonly #byKind = Object.fromEntries(
    payloadKinds.map((kind) => [kind, { planned: 0, sent: 0, accepted: 0, refused: 0 }]),
  ) as Record<PayloadKind, { -readonly [Count in keyof KindCounts]: number }>;
  readonly #reasons = new Map<string, number>();
  readonly #firstPlaces = new Map<string, string>();
  readonly #problems: FileProblem[] = [];
  #problemCount = 0;

  problem(problem: FileProblem): void {
    this.#problemCount++;
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(problem);
  }

  planned({ kind }: PlannedPayload): void {
    this.#byKind[kind].planned++;
  }

  sent({ kind }: PlannedPayload): void {
    this.#byKind[kind].sent++;
  }

  answered({ kind, reading }: PlannedPayload, outcome: Outcome): void {
    if (outcome.accepted) {
      this.#byKind[kind].accepted++;
      return;
    }
    this.#byKind[kind].refused++;
    // The rule is counted; what was seen (`…, but is "abc"`) is different every time.
    const rule = outcome.reason.replace(/, but is .*?(?=; |$)/gs, '');
    const reason = this.#reasons.has(rule) || this.#reasons.size < MAX_REASONS ? rule : 'other reasons';
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    const { place, value } = reading;
    if (place !== undefined && kind !== 'bad' && !this.#firstPlaces.has(reason)) {
      this.#firstPlaces.set(reason, `line ${place.line}, column "${place.column}": ${value}`);
    }
  }

  counts(): Counts {
    const kinds = Object.values(this.#byKind);
    const sum = (count: keyof KindCounts) => kinds.reduce((total, kind) => total + kind[count], 0);
    return {
      byKind: structuredClone(this.#byKind),
      total: { planned: sum('planned'), sent: sum('sent'), accepted: sum('accepted'), refused: sum('refused') },
      reasons: Object.fromEntries(this.#reasons),
      firstPlaces: Object.fromEntries(this.#firstPlaces),
      retries: this.retries,
      skipped: this.skipped,
      problems: { count: this.#problemCount, first: [...this.#problems] },
    };
  }
}
