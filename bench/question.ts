/** What a benchmark is: one question, answered with figures that a reader can hold against a target. */

export interface Effort {
  /** Less data and fewer rounds, for every day: the figures are coarser, the comparisons the same. */
  readonly quick: boolean;
}

export interface Finding {
  readonly what: string;
  /** With its unit. */
  readonly measured: string;
  /** Where there is one, with whether it was met. */
  readonly target?: { readonly text: string; readonly met: boolean };
}

export interface Table {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Answer {
  readonly findings: readonly Finding[];
  readonly tables: readonly Table[];
  /** What was left out in this run and why, and what else a reader must know about it. */
  readonly notes: readonly string[];
}

export interface Question {
  /** Also the name of its file, and what is named on the command line. */
  readonly name: string;
  readonly title: string;
  /** @param say Tells how far it is, one short line at a time. */
  measure(effort: Effort, say: (progress: string) => void): Promise<Answer>;
}
