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
  readonly retries: number;
  /** Cells of a CSV file that gave no reading. */
  readonly skipped: number;
}

/** Enough to see what goes wrong; a server with a reason of its own for every reading must not fill the memory. */
const MAX_REASONS = 20;

/** Counts what becomes of the payloads. */
export class Tally {
  retries = 0;
  skipped = 0;
  readonly #byKind = Object.fromEntries(
    payloadKinds.map((kind) => [kind, { planned: 0, sent: 0, accepted: 0, refused: 0 }]),
  ) as Record<PayloadKind, { -readonly [Count in keyof KindCounts]: number }>;
  readonly #reasons = new Map<string, number>();

  planned({ kind }: PlannedPayload): void {
    this.#byKind[kind].planned++;
  }

  sent({ kind }: PlannedPayload): void {
    this.#byKind[kind].sent++;
  }

  answered({ kind }: PlannedPayload, outcome: Outcome): void {
    if (outcome.accepted) {
      this.#byKind[kind].accepted++;
      return;
    }
    this.#byKind[kind].refused++;
    // The rule is counted; what was seen (`…, but is "abc"`) is different every time.
    const rule = outcome.reason.replace(/, but is .*?(?=; |$)/gs, '');
    const reason = this.#reasons.has(rule) || this.#reasons.size < MAX_REASONS ? rule : 'other reasons';
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }

  counts(): Counts {
    const kinds = Object.values(this.#byKind);
    const sum = (count: keyof KindCounts) => kinds.reduce((total, kind) => total + kind[count], 0);
    return {
      byKind: structuredClone(this.#byKind),
      total: { planned: sum('planned'), sent: sum('sent'), accepted: sum('accepted'), refused: sum('refused') },
      reasons: Object.fromEntries(this.#reasons),
      retries: this.retries,
      skipped: this.skipped,
    };
  }
}
