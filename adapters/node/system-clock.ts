import type { Clock, EpochMillis } from '../../core/ports.ts';

/** The clock of the machine. */
export class SystemClock implements Clock {
  now(): EpochMillis {
    return Date.now();
  }
}
