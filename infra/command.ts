/** What the commands of this folder share: how they speak, and how they end. */
import { InvalidConfiguration } from '../handlers/config.ts';
import { CommandFailed } from './deployment.ts';

export function say(text: string): void {
  process.stdout.write(text);
}

/** Runs a command. What its user can mend is told by its message alone; anything else is a fault, with its stack. */
export async function runCommand(command: () => void | Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    if (!isMendable(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

function isMendable(error: unknown): error is Error {
  if (error instanceof InvalidConfiguration || error instanceof CommandFailed) return true;
  // Thrown by parseArgs for options that there are not.
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
