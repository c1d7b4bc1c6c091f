/** What follows the outcome of one invocation. The one place where retries, bisection and giving up are decided. */
import type { EventSourceMappingSettings } from '../pipeline.ts';
import type { EpochMillis, StreamRecord } from '../ports.ts';
import { type BatchResult, readBatchItemFailures } from './batch-item-failures.ts';
import { stateOf, type WindowProperties } from './tumbling-window.ts';

/** How an invocation ended. */
export type InvocationOutcome =
  /** The function returned; the payload is what it answered. */
  | { readonly type: 'response'; readonly payload: unknown; readonly requestId?: string }
  /** The function threw, timed out or ran out of memory. */
  | { readonly type: 'function-error'; readonly requestId?: string }
  /** The function was never run: throttled, not permitted, a fault of the service. */
  | { readonly type: 'not-invoked' };

/** What a batch has been through. */
export interface Attempts {
  /** Failures that count against `maximumRetryAttempts`. */
  readonly failures: number;
  /** Tries in which the function was not run, in a row. */
  readonly refusals: number;
  /** Times that the function ran on these records, for the failure destination. */
  readonly invocations: number;
  /** The last time that the function ran on these records; absent where it never did. */
  readonly last?: LastInvocation;
}

interface LastInvocation {
  readonly requestId: string;
  /** `Unhandled` where the function failed, null where it returned. */
  readonly functionError: 'Unhandled' | null;
}

/** When a record arrived, on the clock of `now`. It differs from the time in the record where the stream has another clock. */
export type MomentOf = (arrivedAt: EpochMillis) => EpochMillis;

export const sameClock: MomentOf = (arrivedAt) => arrivedAt;

export const FRESH: Attempts = { failures: 0, refusals: 0, invocations: 0 };

/** The condition that Lambda names in the record for the failure destination. */
export type GiveUpCondition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded';

/** `done` counts the records at the front of the batch that succeeded: the checkpoint moves past them in any case. */
export type Decision =
  | { readonly type: 'advance'; readonly done: number }
  | { readonly type: 'retry'; readonly done: number; readonly attempts: Attempts; readonly delayMillis: number }
  | { readonly type: 'bisect'; readonly done: 0; readonly leftCount: number; readonly attempts: Attempts }
  | {
      readonly type: 'give-up';
      readonly done: 0;
      readonly attempts: Attempts;
      readonly condition: GiveUpCondition;
    };

/**
 * @param records None for the invocation that closes a tumbling window.
 * @param window What the invocation was told about its tumbling window.
 */
export function decide(
  settings: EventSourceMappingSettings,
  records: readonly StreamRecord[],
  before: Attempts,
  outcome: InvocationOutcome,
  window?: WindowProperties,
): Decision {
  if (outcome.type === 'not-invoked') {
    // LDG: an error before the function runs is retried until the records expire; no retry attempt is spent.
    const attempts = { ...before, refusals: before.refusals + 1 };
    return { type: 'retry', done: 0, attempts, delayMillis: backoffMillis(attempts.refusals) };
  }

  const result = resultOf(settings, records, outcome, window);
  if (result === 'success') return { type: 'advance', done: records.length };

  const done = result === 'failure' ? 0 : result.failedFrom;
  const ran: Attempts = {
    failures: before.failures,
    refusals: 0,
    invocations: before.invocations + 1,
    last: {
      requestId: outcome.requestId ?? '',
      functionError: outcome.type === 'function-error' ? 'Unhandled' : null,
    },
  };
  if (done > 0) {
    // Recorded on AWS (test/recorded): the records behind a partial response are a new batch, with a first try and all
    // its retries. LDG: with bisection on, only they are retried too. Chosen: they wait like a first retry, because the
    // store behind the function may need a moment.
    return { type: 'retry', done, attempts: FRESH, delayMillis: backoffMillis(1) };
  }
  if (settings.bisectBatchOnFunctionError && result === 'failure' && records.length > 1) {
    // LDG: bisecting does not spend the retry quota. Chosen: the halves inherit what was spent, the left half goes
    // first and at once (it is a new batch, not a repetition), and a batch is split before it is given up.
    return { type: 'bisect', done: 0, leftCount: Math.ceil(records.length / 2), attempts: ran };
  }
  // A response that names the first record is a plain retry, also with bisection: it splits nothing off.
  const attempts = { ...ran, failures: ran.failures + 1 };
  const exhausted = settings.maximumRetryAttempts !== -1 && attempts.failures > settings.maximumRetryAttempts;
  // An invocation without records is tried until it succeeds: there is nothing to give up (tumbling-window.ts).
  if (exhausted && records.length > 0) {
    return { type: 'give-up', done: 0, attempts, condition: 'RetryAttemptsExhausted' };
  }
  return { type: 'retry', done: 0, attempts, delayMillis: backoffMillis(attempts.failures) };
}

/**
 * How many records at the front are older than `maximumRecordAgeInSeconds`. Each record expires by its own age; the
 * younger ones of its batch are still delivered (recorded on AWS, test/recorded).
 */
export function expiredCount(
  settings: EventSourceMappingSettings,
  records: readonly StreamRecord[],
  now: EpochMillis,
  momentOf?: MomentOf,
): number {
  const alive = records.findIndex((record) => expiresAt(settings, record, momentOf) > now);
  return alive === -1 ? records.length : alive;
}

/** From when on a record is too old; Infinity where the settings have no maximum age. */
export function expiresAt(
  settings: EventSourceMappingSettings,
  { arrivedAt }: StreamRecord,
  momentOf: MomentOf = sameClock,
): EpochMillis {
  const seconds = settings.maximumRecordAgeInSeconds;
  return seconds === -1 ? Infinity : momentOf(arrivedAt) + seconds * 1_000 + 1;
}

/** Chosen, as AWS documents no curve: 200 ms, doubling, at most 30 s. One consumer per lane needs no jitter. */
export function backoffMillis(failures: number): number {
  return Math.min(200 * 2 ** Math.min(failures - 1, 20), 30_000);
}

/**
 * LDG: a function error is a complete failure, regardless of partial responses; without ReportBatchItemFailures the
 * response is ignored, but for the state that every response within a tumbling window must have.
 */
function resultOf(
  settings: EventSourceMappingSettings,
  records: readonly StreamRecord[],
  outcome: Exclude<InvocationOutcome, { type: 'not-invoked' }>,
  window: WindowProperties | undefined,
): BatchResult {
  if (outcome.type === 'function-error') return 'failure';
  if (window?.isFinalInvokeForWindow === false && stateOf(outcome.payload) === undefined) return 'failure';
  return settings.reportBatchItemFailures ? readBatchItemFailures(outcome.payload, records) : 'success';
}
