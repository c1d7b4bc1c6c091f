/** What may befall a call of any service that speaks JSON, and how to choose among such fates. */
import type { Tape } from '../tape.ts';
import { cut, hang, jsonError } from './answer.ts';
import type { Call, Service } from './call.ts';
import type { Action, Rule } from './fault-proxy.ts';

export const pass: Action = (_call, forward) => forward();

/** The whole call is refused under this name, with the status that Kinesis and DynamoDB answer, also to what they throttle. */
export function refuse(name: string): Action {
  return async () => jsonError(400, name, `${name} by the fault proxy.`);
}

export const throttle = refuse('ProvisionedThroughputExceededException');

export const internalFailure: Action = async () => jsonError(500, 'InternalFailure', 'Internal service failure.');

/** The call never reaches the engine. */
export const cutBefore: Action = async () => cut;

/** The engine does the work, and its answer is lost. */
export const cutAfter: Action = async (_call, forward) => {
  await forward();
  return cut;
};

/** Slower than any time-out: the client must give up by itself. */
export const hangBefore: Action = async () => hang;

export const hangAfter: Action = async (_call, forward) => {
  await forward();
  return hang;
};

export function calls(service: Service, ...operations: readonly string[]): (call: Call) => boolean {
  return (call) => call.service === service && operations.includes(call.operation);
}

/** The actions one after the other, one per matching call; then the rule lets the others decide. */
export function inTurn(matches: (call: Call) => boolean, actions: readonly Action[]): Rule {
  const left = [...actions];
  return {
    matches: (call) => left.length > 0 && matches(call),
    action: (call, forward) => (left.shift() ?? pass)(call, forward),
  };
}

/** A fate for every matching call, as the tape chooses; the tape ends in `pass`, so that every run ends well. */
export function chosenBy(tape: Tape, matches: (call: Call) => boolean, faults: readonly Action[]): Rule {
  const fates = [pass, ...faults];
  return { matches, action: (call, forward) => (fates[tape.choose(fates.length)] ?? pass)(call, forward) };
}
