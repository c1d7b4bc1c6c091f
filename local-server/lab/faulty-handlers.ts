/** Functions that fail, or are not run at all, while a fault of the lab is at work on them. */
import type { Context, KinesisStreamEvent } from 'aws-lambda';
import type { LambdaFunction } from '../delivery/lambda-runtime.ts';
import type { Consumer } from './catalogue.ts';
import type { Faults } from './faults.ts';
import { delay } from './faulty-ports.ts';

type Handler<Answer> = (event: KinesisStreamEvent, context: Context) => Promise<Answer>;

/** What a function throws that the lab has crash. */
class LabFault extends Error {
  override readonly name = 'LabFault';
}

export function faultyHandler<Answer>(name: Consumer, handler: Handler<Answer>, faults: Faults): Handler<Answer> {
  return async (event, context) => {
    const slow = faults.strike(name, 'slow');
    if (slow !== undefined) await delay(slow);
    if (faults.strike(name, 'crash') !== undefined) throw new LabFault(`${name} crashed, by a fault of the lab`);
    const isPoisoned = faults.strike('stream', 'poison', {
      when: ({ poison }) =>
        poison?.function === name && event.Records.some(({ kinesis }) => kinesis.data === poison.data),
    });
    if (isPoisoned !== undefined) throw new LabFault('there is a poison record in the batch');
    return handler(event, context);
  };
}

/** What Lambda answers who invokes a function that has no concurrency left (Invoke, TooManyRequestsException). */
class TooManyRequests extends Error {
  override readonly name = 'TooManyRequestsException';
}

/** The function as its event source mapping reaches it. */
export function faultyFunction(name: Consumer, lambda: LambdaFunction, faults: Faults): LambdaFunction {
  return {
    async invoke(event) {
      if (faults.strike(name, 'throttle') !== undefined) {
        throw new TooManyRequests(`Rate Exceeded: ${name} has no concurrency left, by a fault of the lab`);
      }
      return lambda.invoke(event);
    },
  };
}
