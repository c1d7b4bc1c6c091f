/**
 * The last resort of the running server: errors that no code caught. They are bugs, and each is logged in words. The server
 * goes on where nothing can be half done: after a promise that nobody waited for, and after a failure of the system under
 * an open file or connection. After anything else the state of the program is unknown: it closes as with Ctrl-C, and ends
 * with an error, so that whoever supervises it starts it anew.
 */
import type { Logger } from '../handlers/logger.ts';

export type Uncaught = 'rejection' | 'exception';

export function canGoOn(kind: Uncaught, error: unknown): boolean {
  if (kind === 'rejection') return true;
  // Errors of the system say which of its calls failed.
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}

/** @param close Closes the server and ends the process with an error. */
export function catchTheUncaught(log: Logger, close: () => void): void {
  const told = new Map<string, number>();
  const listen = (kind: Uncaught) => (error: unknown) => {
    const goOn = canGoOn(kind, error);
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const times = (told.get(what) ?? 0) + 1;
    // Neither the log nor this memory of it may grow without end: powers of two are told.
    if (told.size < 1_000) told.set(what, times);
    if (Number.isInteger(Math.log2(times))) {
      const then = goOn ? 'the server goes on' : 'the server closes';
      log.error({ err: error, times }, `an error that nobody caught, which is a bug; ${then}: ${what}`);
    }
    if (!goOn) close();
  };
  process.on('unhandledRejection', listen('rejection')).on('uncaughtException', listen('exception'));
}
