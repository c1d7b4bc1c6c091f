/**
 * Programs that a suite runs but that npm does not install, such as the AWS CLI. On a laptop a suite whose program is
 * missing is skipped and says so; with `CI=true` it fails, so that nothing is skipped unseen.
 */
import { describe, test } from '@jest/globals';
import { findExecutable } from './find-executable.ts';

/**
 * A `describe` for a suite that needs a program.
 * @param names The program, or several names of it of which one is enough.
 * @param suite Gets the path of the program.
 */
export function describeWithEngine(
  names: string | readonly string[],
  title: string,
  suite: (executable: string) => void,
): void {
  const candidates = typeof names === 'string' ? [names] : names;
  const executable = findExecutable(...candidates);
  if (executable !== undefined) {
    describe(title, () => suite(executable));
    return;
  }
  const reason = `${candidates.join(' or ')} is not on PATH`;
  if (process.env.CI === 'true') {
    describe(title, () => {
      test('has the program it needs', () => {
        throw new Error(reason);
      });
    });
    return;
  }
  process.stderr.write(`skipped: ${title} (${reason})\n`);
  describe.skip(title, () => suite(candidates[0] ?? ''));
}
