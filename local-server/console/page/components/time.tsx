import { formatAge, formatLocal, formatUtc } from '../format.ts';

/** Local time, with UTC on hover. */
export function Time({ at }: { at: string | number }) {
  return (
    <time dateTime={typeof at === 'string' ? at : new Date(at).toISOString()} title={formatUtc(at)}>
      {formatLocal(at)}
    </time>
  );
}

/** How long ago, with the time in UTC on hover. */
export function Age({ at, now }: { at: string; now: number }) {
  return (
    <time dateTime={at} title={formatUtc(at)}>
      {formatAge(at, now)}
    </time>
  );
}
