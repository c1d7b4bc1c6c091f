/**
 * What the contract suites have in common. A harness is made once per suite, since a real service takes its time; tests
 * keep apart by names that no other test uses. A suite asks for no more than `core/ports.ts` promises.
 */
import { afterAll, beforeAll } from '@jest/globals';

export interface Harness {
  /** Removes what the suite left behind. */
  close?(): Promise<void>;
  /**
   * Waits a little before the suite looks again, for services that show a write late. Without it the first look must do.
   */
  pause?(): Promise<void>;
}

const MAX_LOOKS = 50;

/** Makes the harness before the tests of the enclosing `describe` and closes it after them. */
export function useHarness<H extends Harness>(create: () => Promise<H>): () => H {
  let harness: H | undefined;
  beforeAll(async () => {
    harness = await create();
  });
  afterAll(async () => {
    await harness?.close?.();
  });
  return () => {
    if (harness === undefined) throw new Error('the harness is there only while tests run');
    return harness;
  };
}

let names = 0;

/** A name that no other test of this run uses. */
export function uniqueName(base: string): string {
  names += 1;
  return `${base}-${process.pid}-${names}`;
}

/** Looks until what it sees is complete, and answers with the last look. */
export async function eventually<Seen>(
  harness: Harness,
  look: () => Promise<Seen>,
  isComplete: (seen: Seen) => boolean,
): Promise<Seen> {
  let seen = await look();
  for (let looks = 1; harness.pause !== undefined && looks < MAX_LOOKS && !isComplete(seen); looks += 1) {
    await harness.pause();
    seen = await look();
  }
  return seen;
}

export function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Ids that have broken pipelines: umlauts, signs, astral characters, characters of HTML, JSON and paths, the longest. */
export const awkwardIds = [
  'Küche',
  'outside °C',
  'greenhouse 🌱',
  '温度センサー',
  'a/b?c=d&e#f',
  `"quoted" 'too' \\ <b>`,
  'ﬀ\u{1F4A1}\uE000',
  '.',
  ' padded ',
] as const;
