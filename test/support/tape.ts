/**
 * Choices that fast-check made, handed out one by one. After the last one every choice is 0, which is always the
 * harmless one: so a run ends well by itself, and shrinking a tape takes trouble away.
 */
export class Tape {
  readonly #choices: readonly number[];
  #next = 0;

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  /** A number from 0 to below `options`. */
  choose(options: number): number {
    const choice = this.#choices[this.#next++] ?? 0;
    return choice % options;
  }
}
