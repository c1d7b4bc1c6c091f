import type { InvokeCommandInput } from '@aws-sdk/client-lambda';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import type { LambdaFunction } from '../../../../local-server/delivery/lambda-runtime.ts';
import { createLambdaFunction } from '../../../../local-server/delivery/lambda-runtime.ts';
import { frontDoor } from '../front-door.ts';

const ARN = 'arn:aws:lambda:eu-west-1:000000000000:function:iot-IoTAPI';
const identity = { accountId: '000000000000', region: 'eu-west-1' };

let app: FastifyInstance;
let address: string;
let client: LambdaClient;
let logged: string[];
/** What the handler was invoked with. */
let events: unknown[];
/** What it does. */
let handler: (event: unknown) => Promise<unknown>;

beforeEach(async () => {
  logged = [];
  events = [];
  handler = async (event) => ({ echo: event });
  const echo = createLambdaFunction({
    name: 'iot-IoTAPI',
    handler: (event: unknown) => {
      events.push(event);
      return handler(event);
    },
    timeoutInSeconds: 60,
    memoryInMiB: 256,
    clock: { now: () => Date.UTC(2026, 0, 1) },
    ...identity,
  });
  const broken: LambdaFunction = { invoke: () => Promise.reject(new Error('secret detail')) };
  const functions = new Map([
    ['iot-IoTAPI', echo],
    ['broken', broken],
  ]);
  app = await frontDoor(
    { functions, consumers: new Set(['iot-IoTS3EventProcessor']) },
    { logger: { level: 'error', stream: { write: (line) => void logged.push(line) } } },
  );
  address = await app.listen({ host: '127.0.0.1', port: 0 });
  client = new LambdaClient({
    endpoint: address,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
  });
});

afterEach(async () => {
  client.destroy();
  await app.close();
});

async function invoke(input: Partial<InvokeCommandInput> = {}) {
  const { Payload, ...answer } = await client.send(new InvokeCommand({ FunctionName: 'iot-IoTAPI', ...input }));
  const text = Payload?.transformToString() ?? '';
  return { ...answer, payload: text === '' ? undefined : (JSON.parse(text) as unknown) };
}

const containing = (text: string) => expect.stringContaining(text);

describe('a consumer of the stream', () => {
  test.each([
    'iot-IoTS3EventProcessor',
    'iot-IoTS3EventProcessor:$LATEST',
    `${ARN.slice(0, -10)}iot-IoTS3EventProcessor`,
  ])('cannot be invoked from outside, as %s', async (FunctionName) => {
    for (const InvocationType of ['RequestResponse', 'Event', 'DryRun'] as const) {
      await expect(invoke({ FunctionName, InvocationType })).rejects.toMatchObject({
        name: 'AccessDeniedException',
        message: containing('put records into the stream'),
        $metadata: { httpStatusCode: 403 },
      });
    }
  });
});

describe('a synchronous invocation', () => {
  test('answers what the handler answers', async () => {
    const query = { operation: 'query', sensorid: 'Küche' };
    const answer = await invoke({ Payload: JSON.stringify(query) });
    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST', payload: { echo: query } });
    expect(answer.FunctionError).toBeUndefined();
  });

  test('answers JSON, null included, under the id of the invocation', async () => {
    handler = async () => undefined;
    const response = await fetch(`${address}/2015-03-31/functions/iot-IoTAPI/invocations`, { method: 'POST' });
    expect(await response.json()).toBeNull();
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('without a payload has an empty event', async () => {
    await invoke();
    expect(events).toEqual([{}]);
  });

  test('of a handler that throws is answered with 200 and the error', async () => {
    handler = async () => {
      throw new RangeError('limit is 0');
    };
    expect(await invoke()).toMatchObject({
      StatusCode: 200,
      FunctionError: 'Unhandled',
      payload: {
        errorType: 'RangeError',
        errorMessage: 'limit is 0',
      },
    });
  });
});

describe('the name of the function', () => {
  test.each([
    'iot-IoTAPI',
    'iot-IoTAPI:$LATEST',
    'function:iot-IoTAPI',
    '000000000000:function:iot-IoTAPI',
    ARN,
    `${ARN}:$LATEST`,
  ])('may be %s', async (FunctionName) => {
    expect(await invoke({ FunctionName })).toMatchObject({ StatusCode: 200 });
  });

  test('may be given with a qualifier that says the same', async () => {
    expect(await invoke({ FunctionName: `${ARN}:$LATEST`, Qualifier: '$LATEST' })).toMatchObject({ StatusCode: 200 });
    await expect(invoke({ FunctionName: `${ARN}:v1`, Qualifier: 'v2' })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
  });

  test.each([
    ['iot-Other', 'arn:aws:lambda:eu-west-1:000000000000:function:iot-Other'],
    ['iot-IoTAPI:v1', `${ARN}:v1`],
    ['123456789012:function:iot-IoTAPI', 'arn:aws:lambda:eu-west-1:123456789012:function:iot-IoTAPI'],
    [ARN.replace('eu-west-1', 'us-east-1'), ARN.replace('eu-west-1', 'us-east-1')],
    ['a'.repeat(170), `arn:aws:lambda:eu-west-1:000000000000:function:${'a'.repeat(170)}`],
    ['__proto__', 'arn:aws:lambda:eu-west-1:000000000000:function:__proto__'],
  ])('is refused where there is no such function: %s', async (FunctionName, arn) => {
    await expect(invoke({ FunctionName })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Function not found: ${arn}`,
      Type: 'User',
      $metadata: { httpStatusCode: 404 },
    });
  });

  test.each(['iot API', 'a/b', 'a:b:c'])('is refused where it is none: %s', async (FunctionName) => {
    await expect(invoke({ FunctionName })).rejects.toMatchObject({
      name: 'ValidationException',
      message: containing(`Value '${FunctionName}' at 'functionName' failed to satisfy constraint`),
    });
  });
});

describe('a payload', () => {
  test('that is no JSON is refused before the handler sees it', async () => {
    for (const Payload of ['{"operation":', Uint8Array.of(0x22, 0xff, 0x22)]) {
      await expect(invoke({ Payload })).rejects.toMatchObject({
        name: 'InvalidRequestContentException',
        message: containing('Could not parse request body into json: '),
        $metadata: { httpStatusCode: 400 },
      });
    }
    expect(events).toEqual([]);
  });

  test('may have 6 MB', async () => {
    const most = 6 * 1_024 * 1_024;
    handler = async () => null;
    expect(await invoke({ Payload: JSON.stringify('a'.repeat(most - 2)) })).toMatchObject({ StatusCode: 200 });
    await expect(invoke({ Payload: JSON.stringify('a'.repeat(most - 1)) })).rejects.toMatchObject({
      name: 'RequestEntityTooLargeException',
      message: 'Request must be smaller than 6291456 bytes for the InvokeFunction operation',
      $metadata: { httpStatusCode: 413 },
    });
  });

  test('may have 1 MB where the invocation is asynchronous', async () => {
    const Payload = JSON.stringify('a'.repeat(1_024 * 1_024 - 1));
    await expect(invoke({ InvocationType: 'Event', Payload })).rejects.toMatchObject({
      message: '1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)',
      $metadata: { httpStatusCode: 413 },
    });
  });
});

describe('an asynchronous invocation', () => {
  test('is answered before the handler is done, and closing the server waits for it', async () => {
    let finish: (answer: null) => void = () => undefined;
    let finished = false;
    handler = async () => {
      await new Promise((resolve) => {
        finish = resolve;
      });
      finished = true;
    };
    expect(await invoke({ InvocationType: 'Event', Payload: '{"a":1}' })).toMatchObject({ StatusCode: 202 });
    expect(events).toEqual([{ a: 1 }]);
    expect(finished).toBe(false);
    const closed = app.close();
    finish(null);
    await closed;
    expect(finished).toBe(true);
  });

  test('that fails is logged', async () => {
    handler = async () => {
      throw new Error('nobody reads this answer');
    };
    await invoke({ InvocationType: 'Event' });
    await invoke({ FunctionName: 'broken', InvocationType: 'Event' });
    await app.close();
    expect(logged).toEqual([containing('nobody reads this answer'), containing('secret detail')]);
  });
});

describe('other requests', () => {
  test('a dry run checks the request and invokes nothing', async () => {
    expect(await invoke({ InvocationType: 'DryRun' })).toMatchObject({ StatusCode: 204 });
    await expect(invoke({ InvocationType: 'DryRun', FunctionName: 'iot-Other' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect(events).toEqual([]);
  });

  test('an unknown invocation type is refused', async () => {
    await expect(invoke({ InvocationType: 'Later' as 'Event' })).rejects.toMatchObject({
      name: 'ValidationException',
      message: containing('enum value set: [Event, RequestResponse, DryRun]'),
    });
  });

  test('a fault of the server is told without its details, which are logged', async () => {
    await expect(invoke({ FunctionName: 'broken' })).rejects.toMatchObject({
      name: 'ServiceException',
      message: expect.not.stringContaining('secret'),
      Type: 'Service',
      $metadata: { httpStatusCode: 500 },
    });
    expect(logged).toEqual([containing('secret detail')]);
  });

  test('other operations are not offered', async () => {
    const response = await fetch(`${address}/2015-03-31/functions/iot-IoTAPI/versions`, { method: 'POST' });
    expect(response.status).toBe(404);
    expect(response.headers.get('x-amzn-errortype')).toBe('UnknownOperationException');
  });
});
