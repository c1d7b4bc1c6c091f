import { payloadKinds } from './payload.ts';
import type { Progress } from './simulate.ts';
import type { Counts, KindCounts } from './tally.ts';
import type { Verification } from './verify.ts';

export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A log gets a line so often; a terminal has one line that is rewritten with every news. */
const LOG_EVERY_SECONDS = 5;

/** Shows how a run goes on, and its summary when everything is sent. */
export class ProgressPrinter {
  readonly #output: Output;
  #nextLine = LOG_EVERY_SECONDS;
  #waiting = false;

  constructor(output: Output) {
    this.#output = output;
  }

  show(progress: Progress): void {
    if (progress.phase === 'sent') this.print(formatSummary(progress));
    else if (progress.phase === 'verifying') {
      this.#rewrite(`waiting: ${progress.behind.join(', ')}`, !this.#waiting);
      this.#waiting = true;
    } else {
      const due = progress.seconds >= this.#nextLine;
      this.#rewrite(formatLine(progress), due);
      if (due) this.#nextLine += LOG_EVERY_SECONDS;
    }
  }

  /** Text that stays, in place of the line that is rewritten. */
  print(text: string): void {
    this.#output.write(this.#output.isTTY === true ? `\r\x1b[K${text}` : text);
  }

  #rewrite(line: string, inLog: boolean): void {
    if (this.#output.isTTY === true) this.#output.write(`\r\x1b[K${line}`);
    else if (inLog) this.#output.write(`${line}\n`);
  }
}

interface Sent {
  readonly counts: Counts;
  readonly seconds: number;
}

function formatLine({ counts: { total, retries }, seconds }: Sent): string {
  return `${seconds.toFixed(0)} s: sent ${total.sent}, accepted ${total.accepted}, refused ${total.refused}, retries ${retries}`;
}

const columns = ['planned', 'sent', 'accepted', 'refused'] as const satisfies readonly (keyof KindCounts)[];

/** What was sent, by kind, and what became of it. */
export function formatSummary({ run, counts, seconds }: Sent & { readonly run: string }): string {
  const { byKind, total, reasons, firstPlaces, retries, skipped, problems } = counts;
  const cells = (kind: KindCounts) => columns.map((column) => kind[column]);
  const row = (name: string, row: readonly (string | number)[]) =>
    name.padEnd(14) + row.map((cell) => String(cell).padStart(10)).join('');
  const unanswered = total.sent - total.accepted - total.refused;
  const rate = seconds > 0 ? total.accepted / seconds : 0;
  return [
    row('', columns),
    ...payloadKinds.map((kind) => row(kind, cells(byKind[kind]))),
    row('total', cells(total)),
    ...Object.entries(reasons).map(([reason, count]) => {
      const place = firstPlaces[reason];
      return `  refused ${count} ×: ${reason}${place === undefined ? '' : ` (first: ${place})`}`;
    }),
    ...(unanswered > 0 ? [`  ${unanswered} sent without an answer: nobody knows what became of them`] : []),
    ...(skipped > 0 ? [`  ${skipped} cells of the file skipped: empty or missing`] : []),
    ...formatProblems(problems),
    `run ${run}, retries ${retries}, ${seconds.toFixed(1)} s, ${rate.toFixed(0)} readings/s accepted`,
    '',
  ].join('\n');
}

function formatProblems({ count, first }: Counts['problems']): readonly string[] {
  if (count === 0) return [];
  return [
    `  ${count} rows or cells of the file left out:`,
    ...first.map(({ line, problem }) => `    line ${line}: ${problem}`),
    ...(count > first.length ? [`    … and ${count - first.length} more`] : []),
  ];
}

/** What the server holds of what it accepted. @param overwritten Values that a later one of the same sensor and time replaced. */
export function formatVerification(verification: Verification, overwritten = 0): string {
  const { behind, archived, lost, unannounced, repeats, duplicates, outOfOrder } = verification;
  const accepted = archived + lost.count;
  const numbers = lost.first.join(', ') + (lost.count > lost.first.length ? ', …' : '');
  return [
    ...behind.map((what) => `not caught up in time: ${what}`),
    lost.count === 0
      ? `verified: all ${accepted} accepted records are in the archive`
      : `LOST: ${lost.count} of ${accepted} accepted records are not in the archive: payloads ${numbers} of the plan (from 0)`,
    ...(overwritten > 0
      ? [`replaced: ${overwritten} values, by a later one of the same sensor and time; the archive has them`]
      : []),
    `unintended duplicates ${duplicates}, out of order ${outOfOrder}, lines repeated in overlapping objects ${repeats}` +
      (unannounced > 0 ? `, archived without an answer ${unannounced}` : ''),
    '',
  ].join('\n');
}
