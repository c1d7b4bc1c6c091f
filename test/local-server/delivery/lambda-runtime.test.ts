import { describe, expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import type { LambdaFunctionOptions } from '../../../local-server/delivery/lambda-runtime.ts';
import { createLambdaFunction } from '../../../local-server/delivery/lambda-runtime.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

function lambda(
  handler: LambdaFunctionOptions<unknown>['handler'],
  options: Partial<LambdaFunctionOptions<unknown>> = {},
) {
  return createLambdaFunction({
    name: 'iot-IoTAPI',
    handler,
    timeoutInSeconds: 60,
    memoryInMiB: 256,
    clock: { now: () => NOW },
    accountId: '000000000000',
    region: 'us-east-1',
    ...options,
  });
}

function cycle(): unknown {
  const self: unknown[] = [];
  self.push(self);
  return self;
}

/** A handler that is never done by itself. */
const hang = () => new Promise<never>(() => undefined);

describe('what goes in', () => {
  test('is handed over as it is, for the handler to do with it what it likes', async () => {
    const event = { readings: [1] };
    let seen: unknown;
    await lambda(async (given) => {
      seen = given;
    }).invoke(event);
    expect(seen).toBe(event);
  });
});

describe('the context', () => {
  test('describes the function', async () => {
    let seen: Context | undefined;
    const { requestId } = await lambda(async (_event, context) => {
      seen = context;
    }).invoke({});
    expect(seen).toMatchObject({
      awsRequestId: requestId,
      functionName: 'iot-IoTAPI',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:iot-IoTAPI',
      memoryLimitInMB: '256',
      logGroupName: '/aws/lambda/iot-IoTAPI',
      logStreamName: expect.stringMatching(/^2026\/01\/01\/\[\$LATEST\][0-9a-f]{32}$/),
    });
  });

  test('gives each invocation a UUID of its own', async () => {
    const idle = lambda(async () => null);
    const [one, other] = await Promise.all([idle.invoke({}), idle.invoke({})]);
    expect(one.requestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(other.requestId).not.toBe(one.requestId);
  });

  test('counts the remaining time down, whatever the clock says, and never below 0', async () => {
    let now = NOW;
    const { payload } = await lambda(
      async (_event, context) => {
        const remaining = [context.getRemainingTimeInMillis()];
        now += 2_500;
        remaining.push(context.getRemainingTimeInMillis());
        now += 60_000;
        return [...remaining, context.getRemainingTimeInMillis()];
      },
      { timeoutInSeconds: 10, monotonic: () => now, clock: { now: () => NOW - now } },
    ).invoke({});
    expect(payload).toEqual([10_000, 7_500, 0]);
  });

  test('refuses the callbacks that Lambda no longer has', async () => {
    const { payload } = await lambda(async (_event, context) => {
      (context as unknown as { succeed: (answer: string) => void }).succeed('done');
    }).invoke({});
    expect(payload).toMatchObject({ errorMessage: expect.stringContaining('return a promise') });
  });
});

describe('what comes out', () => {
  test('is the answer as JSON', async () => {
    let now = 1_000;
    const slow = lambda(
      async () => {
        now += 25;
        return { at: new Date(NOW), gone: undefined };
      },
      { monotonic: () => now },
    );
    const result = await slow.invoke({});
    expect(result).toEqual({
      requestId: result.requestId,
      statusCode: 200,
      executedVersion: '$LATEST',
      endedAt: NOW,
      durationMillis: 25,
      payload: { at: '2026-01-01T12:00:00.000Z' },
    });
  });

  test('is null where the handler answers nothing', async () => {
    const result = await lambda(async () => undefined).invoke({});
    expect(result).toMatchObject({ payload: null });
    expect(result).not.toHaveProperty('functionError');
  });

  test.each([
    ['a cycle', cycle],
    ['a bigint', () => ({ sequenceNumber: 1n })],
  ])('is a function error where JSON cannot hold it: %s', async (_what, answer) => {
    expect(await lambda(async () => answer()).invoke({})).toMatchObject({
      functionError: 'Unhandled',
      payload: {
        errorType: 'Runtime.MarshalError',
        errorMessage: expect.stringMatching(/^Unable to stringify response body: ./),
      },
    });
  });

  test('is a function error where it is larger than Lambda lets through', async () => {
    const largest = await lambda(async () => 'a'.repeat(6_291_554)).invoke({});
    expect(largest).not.toHaveProperty('functionError');
    expect(await lambda(async () => 'a'.repeat(6_291_555)).invoke({})).toMatchObject({
      functionError: 'Unhandled',
      payload: { errorType: 'Function.ResponseSizeTooLarge' },
    });
  });
});

describe('a handler that fails', () => {
  test('is told as an error payload with its trace, and does not reject', async () => {
    const result = await lambda(async () => {
      throw new RangeError('no such sensor');
    }).invoke({});
    expect(result).toMatchObject({
      statusCode: 200,
      functionError: 'Unhandled',
      payload: { errorType: 'RangeError', errorMessage: 'no such sensor' },
    });
    const { trace } = result.payload as { trace: string[] };
    expect(trace[0]).toBe('RangeError: no such sensor');
    expect(trace[1]).toContain('/var/task/local-server/delivery/lambda-runtime.test');
    // Where the project is on this machine is not for clients.
    expect(trace.join()).not.toContain(process.cwd());
  });

  test('may throw before it returns a promise', async () => {
    const throwing = () => {
      throw new TypeError('at once');
    };
    expect(await lambda(throwing).invoke({})).toMatchObject({ payload: { errorMessage: 'at once' } });
  });

  test('may throw what is no error', async () => {
    const throwing = async () => AbortSignal.abort('just text').throwIfAborted();
    expect(await lambda(throwing).invoke({})).toMatchObject({
      functionError: 'Unhandled',
      payload: { errorType: 'string', errorMessage: 'just text', trace: [] },
    });
  });
});

describe('the time limit', () => {
  test('ends an invocation with the text of Lambda', async () => {
    const result = await lambda(hang, { timeoutInSeconds: 0.01 }).invoke({});
    expect(result).toMatchObject({
      functionError: 'Unhandled',
      payload: {
        errorType: 'Sandbox.Timedout',
        errorMessage: `RequestId: ${result.requestId} Error: Task timed out after 0.01 seconds`,
      },
    });
  });

  test('makes what a handler does later go unheard', async () => {
    let fail: (error: Error) => void = () => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    const result = await lambda(() => late, { timeoutInSeconds: 0.01 }).invoke({});
    fail(new Error('too late'));
    await expect(late).rejects.toThrow('too late');
    expect(result).toMatchObject({ payload: { errorType: 'Sandbox.Timedout' } });
  });
});
