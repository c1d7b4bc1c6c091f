/**
 * Warnings and errors that come again and again are logged once, and counted: a store that is down for a night would fill the
 * disk otherwise, and hide what else there is. Once a minute the latest is logged with how often it came.
 */
import type { LoggerOptions } from 'pino';
import { failureKind } from './failure-kind.ts';

const MINUTE_MILLIS = 60_000;
/** Kinds that are remembered. Beyond that the oldest begins anew. */
const MAX_KINDS = 1_000;
/** pino's number for it. */
const WARN = 40;

interface Repeats {
  count: number;
  /** Logs the latest. */
  tell: (count: number) => void;
  timer: NodeJS.Timeout;
}

/** For pino's `hooks`: so it holds for every logger that is made of this one. */
export function logOnce(): NonNullable<LoggerOptions['hooks']> {
  const kinds = new Map<string, Repeats>();

  function forget(kind: string): void {
    clearTimeout(kinds.get(kind)?.timer);
    kinds.delete(kind);
  }

  function watch(kind: string): NodeJS.Timeout {
    return setTimeout(() => {
      const repeats = kinds.get(kind);
      if (repeats === undefined) return;
      const { count } = repeats;
      if (count === 0) {
        forget(kind);
        return;
      }
      repeats.tell(count);
      repeats.count = 0;
      repeats.timer = watch(kind);
    }, MINUTE_MILLIS).unref();
  }

  return {
    logMethod(args, method, level) {
      const [first, second, ...more] = args as unknown[];
      const [fields, message] = typeof first === 'string' ? [{}, first] : [first, second];
      if (level < WARN || typeof message !== 'string' || typeof fields !== 'object' || fields === null) {
        method.apply(this, args);
        return;
      }
      const kind = kindOf(level, fields, message);
      const repeats = kinds.get(kind);
      if (repeats === undefined) {
        const [oldest] = kinds.keys();
        if (kinds.size >= MAX_KINDS && oldest !== undefined) forget(oldest);
        kinds.set(kind, { count: 0, tell: () => undefined, timer: watch(kind) });
        method.apply(this, args);
        return;
      }
      repeats.count += 1;
      const counted = (count: number): Parameters<typeof method> => [
        { ...fields, repeated: count },
        `${message} (${count} more in the last minute)`,
        ...more,
      ];
      repeats.tell = (count) => method.apply(this, counted(count));
    },
  };
}

function kindOf(level: number, fields: object, message: string): string {
  const { err } = fields as { err?: unknown };
  const cause = err instanceof Error ? `${err.name} ${err.message}` : '';
  // The number of the level would be taken for a count.
  return `${level} ${failureKind(`${message} ${cause}`.slice(0, 500))}`;
}
