/** The one logger of the functions and of the local server: JSON lines, levels in words, times in ISO 8601. */
import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';

export function createLogger(
  level: string,
  destination?: DestinationStream,
  hooks: NonNullable<LoggerOptions['hooks']> = {},
): Logger {
  return pino(
    {
      level,
      hooks,
      // Lambda adds what tells one instance from another; a process on a laptop is the only one.
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    // Written at once: a function is frozen after its answer, with whatever is not yet written.
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}
